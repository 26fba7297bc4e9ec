"""Which language a text is written in."""

from models.language.detector import UNDETERMINED, LanguageDetector

__all__ = ["UNDETERMINED", "LanguageDetector"]
