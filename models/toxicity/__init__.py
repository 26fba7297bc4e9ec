"""Texts that no colleague should have to read unwarned: slurs, hate, threats, harassment of a person."""

from models.toxicity.detector import Toxicity, ToxicityDetector

__all__ = ["Toxicity", "ToxicityDetector"]
