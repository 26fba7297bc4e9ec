"""Concerns to decisions by local models: category, sentiment, severity, flags, evidence, confidence.

Promise: a decision is a pure function of text, language, rating, vector and taxonomy; all stored numbers
are integers in thousandths; no network, no weights of its own. Start at ``local.LocalLabeller``.
"""

from models.labellers.decision import ConcernText, Decision
from models.labellers.local import LocalLabeller
from models.labellers.quotes import literal_quotes
from models.labellers.taxonomy import Taxonomy, load_taxonomy

__all__ = ["ConcernText", "Decision", "LocalLabeller", "Taxonomy", "literal_quotes", "load_taxonomy"]
