"""What a theme is read as after merges: redirects of records, followed to their end.

Elsewhere: the engine's own state keeps parents by number (``whereabouts``), the stages keep rows of their own.
"""

from __future__ import annotations

from collections.abc import Callable


def chain(theme_id: str, into: Callable[[str], str | None]) -> tuple[str, ...]:
    """A theme, what it was merged into, and so on; ``into`` says what a theme redirects to, None: it stands.

    Records that were damaged may lead in a circle; it ends before a theme comes twice.

    >>> chain("a", {"a": "b", "b": "c"}.get)
    ('a', 'b', 'c')
    >>> chain("a", {"a": "b", "b": "a"}.get)
    ('a', 'b')
    """
    found = [theme_id]
    while (following := into(found[-1])) is not None and following not in found:
        found.append(following)
    return tuple(found)


def root(theme_id: str, into: Callable[[str], str | None]) -> str:
    """The last of ``chain``: the theme that this one is read as; an unknown one is itself."""
    return chain(theme_id, into)[-1]
