"""The review of ``undercurrent review``: one case at a time on the terminal, by single keys.

What is said becomes an order of the journal as soon as the next case is decided, or the review ends: until then ``u``
takes it back. Whoever presses Ctrl-C or Ctrl-D quits as with ``q``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from cli.cards import card
from cli.review_classes import asked_class
from cli.words import count
from contracts.commands import AddLabel
from contracts.errors import OrderRefused, WrongUsage
from models.labellers.added import extended
from wiring.appending import Given
from wiring.ordering import Scene
from wiring.reviewing.answers import ALLOWED, Answers, Said, check, correction_of, themes_about
from wiring.reviewing.case import Case
from wiring.reviewing.classes import Taxonomies

KEYS = {"confirm": "c", "correct": "e", "dismiss": "d", "assign": "t", "rename": "n", "release": "r"}
"""The key of each verb; the others are s to skip, u to undo, q to quit."""

SEVERITIES = {"c": "critical", "h": "high", "m": "medium", "l": "low"}
SENTIMENTS = {"-": "negative", "0": "neutral", "+": "positive"}
FLAGS = {"b": "bug", "f": "feature_request"}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Tally:
    """What was sent, by verb, and how many cases were skipped."""

    sent: dict[str, int] = field(default_factory=dict)
    skipped: int = 0


@dataclass(slots=True)
class _Pending:
    """The last decision, which can still be taken back."""

    at: int
    verb: str
    orders: list[Given]


class Session:
    """One person's review. ``send`` makes orders durable, ``say`` shows a line, ``scene`` finds themes."""

    def __init__(
        self,
        cases: Sequence[Case],
        answers: Answers,
        taxonomies: Taxonomies,
        scene: Callable[[str], Scene],
        send: Callable[[list[Given]], None],
        say: Callable[[str], None],
    ) -> None:
        self._cases = cases
        self._answers = answers
        self._taxonomies = taxonomies
        self._scene = scene
        self._send = send
        self._say = say
        self._asking: PromptSession[Any] = PromptSession()
        self._pending: _Pending | None = None
        self._tally = Tally()
        self._skipped: set[int] = set()

    def run(self) -> Tally:
        """Until all cases are decided or skipped, or the person quits."""
        try:
            self._go()
        except (EOFError, KeyboardInterrupt):
            self._say("ended")
        self._flush()
        self._tally.skipped = len(self._skipped)
        return self._tally

    def _go(self) -> None:
        at = 0
        while True:
            while at < len(self._cases):
                case = self._cases[at]
                self._say(card(case, f"{at + 1} of {len(self._cases)}", self._names(case)))
                key = self._key(case)
                if key == "q":
                    return
                if key == "u":
                    at = self._undone(at)
                elif key == "s":
                    self._skipped.add(at)
                    at += 1
                elif self._decide(at, key):
                    self._skipped.discard(at)  # an undo had led back to it
                    at += 1
            if self._pending is None or self._one_of({"u": "undo the last", "q": "done"}) == "q":
                return
            at = self._undone(at)

    # -- a case ----------------------------------------------------------------------------------------

    def _key(self, case: Case) -> str:
        keys = {KEYS[verb]: verb for verb in ALLOWED[case.kind]} | {"s": "skip"}
        return self._one_of(keys | ({"u": "undo"} if self._pending else {}) | {"q": "quit"})

    def _decide(self, at: int, key: str) -> bool:
        """Ask what else there is to say, and keep the orders until the next decision; whether there is one."""
        case = self._cases[at]
        try:
            said = self._said(case, next(verb for verb, its in KEYS.items() if its == key))
            if said is None:
                return False
            orders = self._answers.orders(case, said)
        except (WrongUsage, OrderRefused) as exc:
            self._say(f"  {exc}")
            return False
        self._flush()
        self._pending = _Pending(at, said.verb, orders)
        return True

    def _said(self, case: Case, verb: str) -> Said | None:
        if verb == "correct":
            return self._correction(case)
        if verb == "assign":
            theme = self._theme(case)
            return None if theme is None else Said("assign", theme=theme)
        if verb == "rename":
            name = self._words("name of the theme; Enter goes back > ", ())
            return Said("rename", name=name) if name else None
        return Said(next(one for one in ALLOWED[case.kind] if one == verb))

    def _undone(self, at: int) -> int:
        """The case of the decision that is taken back."""
        if self._pending is None:
            return at
        at, self._pending = self._pending.at, None
        self._say("  taken back")
        return at

    def _flush(self) -> None:
        """Send the last decision: it can be taken back no more."""
        pending, self._pending = self._pending, None
        if pending is not None:
            self._send(pending.orders)
            for tenant, order in pending.orders:
                if isinstance(order, AddLabel):
                    self._taxonomies.add(tenant, order)
            self._tally.sent[pending.verb] = self._tally.sent.get(pending.verb, 0) + 1

    # -- what is asked ---------------------------------------------------------------------------------

    def _correction(self, case: Case) -> Said | None:
        """What the person changes; None if nothing. Raises ``WrongUsage`` for what the taxonomy lacks."""
        told, taxonomy = case.decision, self._taxonomies.of(case.tenant)
        names = list(dict.fromkeys([*case.options, *(label.name for label in taxonomy.labels)]))
        category = self._choice("category", dict(zip(_LETTERS, names, strict=False)))
        added = None
        if category is not None and category not in names:
            added = self._added(case.tenant, category, names)
            if added is None:
                return None
        changed = {"category": category, **self._changes()}
        if told is not None:  # what stays as it was decided is no correction
            changed = {
                name: None if value == getattr(told, name) else value for name, value in changed.items()
            }
        if not any(value is not None for value in changed.values()):
            self._say("  nothing is changed")
            return None
        correction = correction_of(changed)
        check(correction, told.category if told else "", extended(taxonomy, [added] if added else []))
        return Said("correct", correction=correction, label=added)

    def _changes(self) -> dict[str, Any]:
        """What the person says beside the category. Raises ``WrongUsage``."""
        changed: dict[str, Any] = {"severity": self._choice("severity", SEVERITIES)}
        changed["sentiment"] = self._choice("sentiment", SENTIMENTS)
        return changed | _flags(
            self._words("flags: b bug, f feature request, n none; Enter keeps > ", FLAGS.values())
        )

    def _added(self, tenant: str, category: str, names: Sequence[str]) -> AddLabel | None:
        """A category that the taxonomy lacks, if the person adds it. Raises ``WrongUsage`` where it cannot be."""
        self._say(f"  there is no category {category!r}; there are {', '.join(names)}")
        if self._one_of({"a": f"add {category}", "b": "back"}) == "b":
            return None
        return asked_class(self._taxonomies, tenant, category, lambda message: self._words(message, ()))

    def _choice(self, what: str, letters: Mapping[str, str]) -> str | None:
        """A value by its letter or its name; None keeps what was decided."""
        shown = ", ".join(f"{letter} {name}" for letter, name in letters.items())
        said = self._words(f"{what}: {shown}; Enter keeps > ", letters.values())
        return letters.get(said, said) or None

    def _theme(self, case: Case) -> str | None:
        """A theme by words of its name, then by its number; None goes back to the case."""
        scene = self._scene(case.tenant)
        words = self._words("words of the theme; Enter goes back > ", ())
        found = themes_about(scene, words) if words else []
        if not found:
            self._say("  no theme has these words" if words else "  not assigned")
            return None
        for number, one in enumerate(found, 1):
            self._say(f"  {number}  {one.label}  ({count(one.concerns, 'concern')}) [{one.theme_id[:8]}]")
        chosen = self._words("number; Enter goes back > ", ())
        if not (chosen.isdecimal() and 1 <= int(chosen) <= len(found)):
            self._say("  not assigned")
            return None
        return found[int(chosen) - 1].theme_id

    def _names(self, case: Case) -> dict[str, str]:
        if case.kind not in ("assignment", "proposal"):
            return {}
        return {name: record.label for name, record in self._scene(case.tenant).themes.items()}

    def _words(self, message: str, completions: Any) -> str:
        completer = WordCompleter(list(completions))
        said: str = self._asking.prompt(message, completer=completer, key_bindings=KeyBindings())
        return said.strip()

    def _one_of(self, keys: Mapping[str, str]) -> str:
        """One key of these; others do nothing."""
        bindings = KeyBindings()

        def chosen(event: KeyPressEvent) -> None:
            event.app.exit(result=event.key_sequence[0].key)

        for key in keys:
            bindings.add(key, eager=True)(chosen)
        for nothing in ("enter", "<any>"):
            bindings.add(nothing)(lambda _event: None)
        shown = "  ".join(f"[{key}] {what}" for key, what in keys.items())
        pressed: str = self._asking.prompt(f"{shown} ", key_bindings=bindings)
        return pressed


def _flags(told: str) -> dict[str, bool]:
    """Every flag, of letters or names; nothing where nothing was said. Raises ``WrongUsage``: a slip clears no flag.

    >>> _flags("bf"), _flags("bug"), _flags("")
    ({'bug': True, 'feature_request': True}, {'bug': True, 'feature_request': False}, {})
    """
    by_name = {name: letter for letter, name in FLAGS.items()} | {"none": "n"}
    letters = set("".join(by_name.get(word, word) for word in told.lower().replace(",", " ").split()))
    if letters - {*FLAGS, "n"} or {"n"} < letters:
        raise WrongUsage(f"flags {told!r}: say b, f, bf, or n for none")
    return {name: letter in letters for letter, name in FLAGS.items()} if letters else {}
