"""What is kept of each theme beside its centroid: when, how many, whose, its words and its best quotes."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from models.themes.grid import pack
from models.themes.pace import Pace
from models.themes.representatives import Candidate, Gallery
from operators.state import Table
from operators.themes.people import People

Status = Literal["active", "merged", "retired"]


# The fields of an encoded profile, in order, before its pace and its gallery.
_ROW = (
    "group", "first_s", "last_s", "concerns", "status", "redirect", "label", "labelled_at",
    "telling", "content", "named", "named_by", "critical", "incident", "marked_by", "parent", "asked", "summary",
)  # fmt: skip
_TELLING = _ROW.index("telling")


@dataclass(slots=True)
class Profile:
    """One theme under the id it was born with; what merged into it keeps its own profile.

    Times are event times in seconds. ``redirect`` is the theme it was merged into. ``label`` is its keywords;
    ``labelled_at`` is how many concerns there were when these were looked at last, ``telling`` the terms (hashes) that
    told it apart when they were chosen, ``content`` how often it came to be about something else. ``named`` is the name
    that somebody else gave it, ``named_by`` who: a person or a model. ``critical`` counts its critical concerns,
    ``incident`` is the latest of them with its time, ``marked_by`` who said that the theme is critical. ``parent`` is
    the family of themes that it is in. ``asked``: a model was asked about so many contents. ``summary`` is what a model
    says of the theme, with its name.
    """

    group: str
    first_s: int
    last_s: int
    concerns: int = 0
    status: Status = "active"
    redirect: str | None = None
    label: list[str] = field(default_factory=list)
    labelled_at: int = 0
    telling: list[int] = field(default_factory=list)
    content: int = 0
    named: str | None = None
    named_by: str = ""
    critical: int = 0
    incident: list[Any] = field(default_factory=list)
    marked_by: str | None = None
    parent: str | None = None
    asked: int = 0
    summary: str | None = None
    pace: Pace = field(default_factory=Pace)
    gallery: Gallery = field(default_factory=Gallery)

    def encode(self) -> list[Any]:
        """As JSON-able data; the label is public anyway."""
        fields = [getattr(self, name) for name in _ROW]
        fields[_TELLING] = pack(np.array(self.telling, np.uint64))
        return [*fields, self.pace.encode(), self.gallery.encode()]

    @classmethod
    def decode(cls, row: list[Any]) -> Profile:
        """The inverse of ``encode``."""
        fields = dict(zip(_ROW, row[:-2], strict=True))
        fields["telling"] = np.frombuffer(b64decode(fields["telling"]), "<u8").tolist()
        return cls(**fields, pace=Pace.decode(row[-2]), gallery=Gallery.decode(row[-1]))


class Counted(Protocol):
    """What a theme counts of a concern (``concerns.Known``)."""

    @property
    def who(self) -> int:
        """Whose it is, as a number."""
        ...

    @property
    def at_s(self) -> int:
        """When it happened; 0 where that is no longer known."""
        ...

    @property
    def critical(self) -> bool:
        """Whether its severity is critical."""
        ...


class Profiles:
    """The themes of one tenant; ``table`` is the bulk state, ``people`` is derived from the concerns."""

    def __init__(self) -> None:
        self.table: Table[Profile] = Table(Profile.encode, Profile.decode)
        self.people = People()
        self._changed: set[str] = set()
        self._families: dict[str, list[str]] | None = None
        self.regrouped = 0
        """How often it changed which themes are read as one."""

    def get(self, theme: str) -> Profile | None:
        """The profile of a theme id, None if it never was."""
        return self.table.get(theme)

    def open(self, theme: str, group: str, at_s: int) -> Profile:
        """A theme was born."""
        profile = Profile(group, at_s, at_s)
        self.table.put(theme, profile)
        self._changed.add(theme)
        self.regrouped += 1
        if self._families is not None:  # alone so far, so nobody else's family changes
            self._families[theme] = [theme]
        return profile

    def redirect(self, theme: str, into: str | None) -> None:
        """The theme was merged into another, or stands for itself again."""
        profile = self.table[theme]
        profile.redirect, profile.status = into, "active" if into is None else "merged"
        self._regroup()
        self.touch(theme)

    def root(self, theme: str) -> str:
        """The theme that ``theme`` is read as, through merges."""
        while (profile := self.table.get(theme)) is not None and profile.redirect is not None:
            theme = profile.redirect
        return theme

    def family(self, root: str) -> list[str]:
        """All theme ids that are read as ``root``, itself included, sorted."""
        if self._families is None:
            self._families = {}
            for theme in self.table:
                self._families.setdefault(self.root(theme), []).append(theme)
        return self._families[root]

    def join(self, theme: str, member: Candidate, counted: Counted, *, new: bool) -> None:
        """A concern was counted in; ``new``: it came just now."""
        profile, at_s = self.table[theme], counted.at_s
        profile.concerns += 1
        if at_s < profile.first_s:
            profile.first_s = at_s
        if at_s > profile.last_s:
            profile.last_s = at_s
        if counted.critical:
            profile.critical += 1
            if not profile.incident or at_s >= profile.incident[1]:
                profile.incident = [member.concern_id, at_s]
        profile.pace.add(at_s, 1)
        profile.gallery.add(member, new=new)
        self.people.count(theme, counted.who, 1)
        self.touch(theme)

    def leave(self, theme: str, concern: str, counted: Counted) -> None:
        """A concern was taken out; first and last sighting stay as they were.

        Of a settled concern the time is not known any more: it stays in the pace.
        """
        profile = self.table[theme]
        profile.concerns -= 1
        profile.critical -= counted.critical
        if profile.incident and profile.incident[0] == concern:
            profile.incident = []
        profile.pace.add(counted.at_s, -1)
        profile.gallery.remove(concern)
        self.people.count(theme, counted.who, -1)
        self.touch(theme)

    def relabel(self, theme: str, concern: str, at_s: int, *, critical: bool) -> None:
        """A concern of the theme is critical after all, or not any more; the last incident follows."""
        profile = self.table[theme]
        profile.critical += 1 if critical else -1
        if critical and (not profile.incident or at_s >= profile.incident[1]):
            profile.incident = [concern, at_s]
        elif not critical and profile.incident and profile.incident[0] == concern:
            profile.incident = []
        self.touch(theme)

    def miss(self, theme: str, stranger: Candidate) -> None:
        """A concern came closest to the theme and did not join."""
        self.table[theme].gallery.miss(stranger)
        self.table.touch(theme)

    def forget(self, theme: str, stranger: str) -> None:
        """A concern that the theme shows as a counter-example was retracted: it must not be quoted again."""
        self.table[theme].gallery.remove(stranger)
        self.touch(theme)

    def mark(self, theme: str, by: str | None) -> None:
        """A person said that the theme is critical, or takes it back (None)."""
        if self.table[theme].marked_by != by:
            self.table[theme].marked_by = by
            self.touch(theme)

    def touch(self, theme: str) -> None:
        """What is published of the theme changed."""
        self.table.touch(theme)
        self._changed.add(theme)

    def changed_roots(self) -> Iterator[str]:
        """Roots of which something changed since the last call, sorted."""
        changed, self._changed = {self.root(theme) for theme in self._changed}, set()
        yield from sorted(changed)

    def small_state(self) -> list[str]:
        """Themes that changed and were not published yet."""
        return sorted(self._changed)

    def restore_small(self, changed: list[str]) -> None:
        """Take up ``small_state``."""
        self._changed = set(changed)

    def finish_load(self) -> None:
        """The table is loaded."""
        self._regroup()

    def _regroup(self) -> None:
        self._families = None
        self.regrouped += 1
