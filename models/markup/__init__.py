"""From what a channel delivers (HTML or text) to the plain text that every model reads."""

from models.markup.plain import plain_text

__all__ = ["plain_text"]
