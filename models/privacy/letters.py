"""Letters for patterns: the standard library's ``re`` has no class for capitals."""

from typing import Final

# Capitals of the Latin, Greek and Cyrillic scripts, as the inside of a character class and as a class.
_CAPITALS: Final = "A-ZÀ-ÖØ-ÞĀĂĄĆĈĊČĎĐĒĖĘĚĜĞĠĢĤĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŴŶŹŻŽΆΈ-ΏΑ-ΫЀ-Я"
CAPITAL: Final = f"[{_CAPITALS}]"
