"""Invented personal data in several formats, to tell a broken item from a broken detector.

All values are reserved for documentation or test use, so that a leak of a canary is a leak of nothing."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Canary:
    """A text whose ``values`` must not survive redaction; ``needs_names`` when only a detector of names can tell."""

    text: str
    language: str
    values: tuple[str, ...]
    needs_names: bool = False


CANARIES: Final = (
    Canary("Write to canary.bird@example.org, please.", "en", ("canary.bird@example.org",)),
    Canary("Call me on +1 202-555-0143 tomorrow.", "en", ("202-555-0143",)),
    Canary("My card 4111 1111 1111 1111 was charged twice.", "en", ("4111 1111 1111 1111", "1111")),
    Canary("IBAN GB82 WEST 1234 5698 7654 32", "en", ("GB82 WEST 1234 5698 7654 32",)),
    Canary("The log says 192.0.2.44 was refused.", "en", ("192.0.2.44",)),
    Canary("My SSN is 078-05-1120.", "en", ("078-05-1120",)),
    Canary("See https://example.org/u/canary?token=1.", "en", ("example.org/u/canary",)),
    Canary("I live at 12 Feather Street, Cageville, OH 43004", "en", ("12 Feather Street",)),
    Canary("Hello, my name is canary birdsong", "en", ("birdsong",)),
    Canary("Bitte schreibt an vogel@example.org", "de", ("vogel@example.org",)),
    Canary(
        "Yesterday Michael Johnson in Chicago helped me.",
        "en",
        ("Michael Johnson", "Chicago"),
        needs_names=True,
    ),
)
