"""Which theme a theme counts for: redirects after merges, followed both ways. Derived from the rows of themes."""

from __future__ import annotations

from operators.prioritise.rows import ThemeRow


class Redirects:
    """The redirects among one tenant's themes; it reads the rows and keeps the way back."""

    def __init__(self, themes: dict[str, ThemeRow]) -> None:
        self._themes = themes
        self._merged: dict[str, set[str]] = {}
        for name, theme in themes.items():
            self._link(name, theme.redirect)

    def root(self, theme: str) -> str:
        """The theme that ``theme`` counts for now."""
        row = self._themes.get(theme)
        while row is not None and row.redirect is not None:
            theme = row.redirect
            row = self._themes.get(theme)
        return theme

    def origins(self, root: str) -> list[str]:
        """A theme and all that were merged into it, itself first, then by id."""
        if root not in self._merged:
            return [root]
        found: list[str] = []
        fresh = list(self._merged.get(root, ()))
        while fresh:
            found.append(fresh.pop())
            fresh += self._merged.get(found[-1], ())
        return [root, *sorted(found)]

    def turn(self, theme: str, to: str | None) -> None:
        """Let ``theme`` lead to another one; None: to itself."""
        row = self._themes[theme]
        if row.redirect is not None:
            self._merged[row.redirect].discard(theme)
        row.redirect = to
        self._link(theme, to)

    def _link(self, theme: str, to: str | None) -> None:
        if to is not None:
            self._merged.setdefault(to, set()).add(theme)
