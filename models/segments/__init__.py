"""A redacted message to its concerns: exact spans, each about one matter, and one line to show for it.

In:    redacted text of up to 100 kB, in any language that ends sentences with ``. ! ? …`` or their like.
Out:   ``concerns(text)``: spans in order, disjoint; ``text[start:end]`` is the concern, word for word.
       ``summary(text)``: its main sentence without greetings, at most 140 characters.
Rules only: no model, no state, the same answer on every machine.
"""

from models.segments.concerns import MAX_CONCERNS, Span, concerns
from models.segments.summary import MAX_SUMMARY, summary

__all__ = ["MAX_CONCERNS", "MAX_SUMMARY", "Span", "concerns", "summary"]
