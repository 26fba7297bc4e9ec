"""The decision matrix (S4): which action follows from a concern's closed labels and its confidence, and whose it is.

In: a decision.   Out: the first rule that fires, or None. A pure function of closed labels, flags and one number:
nothing that a text or a model words freely can choose an action. A theme has the rule of most of its concerns, which a
line about themes may replace by what telemetry says (``models.priority.bearing``).
Promise: a wrong file is refused naming file, line and field; a label that no rule is about draws a warning.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, field_validator, model_validator

from contracts.priority import Corroboration
from contracts.stages import Decision, SentimentLabel, Severity, TelemetryVerdict
from models.priority.bearing import WhenTheme
from models.priority.setting import Setting, read_setting

DEFAULT_FILE = Path(__file__).with_name("matrix.yaml")
"""The matrix that holds when nobody says otherwise."""

Action = Literal["engineering_ticket", "content_update", "routing_change", "retrain_candidate", "none"]
Intent = Literal["request", "complaint", "question", "praise", "statement"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Owner = Annotated[str, Field(min_length=1, max_length=80)]

KEPT = 20_000
"""Combinations of labels whose rule is remembered; there are a few hundred in a day."""

_LABELS = attrgetter(
    "category",
    "sublabel",
    "severity",
    "sentiment",
    "intent",
    "bug",
    "feature_request",
    "churn_risk",
    "urgent",
    "telemetry",
)

WITHHELD_SHARE = (2, 3)
"""From this part of a theme's concerns on whose rules open no issue, the theme opens none."""


class When(Setting):
    """The conditions of a rule; what is left out holds for every concern. Confidences run from 0 to 1."""

    category: tuple[str, ...] = ()
    sublabel: tuple[str, ...] = ()
    severity: tuple[Severity, ...] = ()
    sentiment: tuple[SentimentLabel, ...] = ()
    intent: tuple[Intent, ...] = ()
    telemetry: tuple[TelemetryVerdict | Literal["unknown"], ...] = ()
    bug: bool | None = None
    feature_request: bool | None = None
    churn_risk: bool | None = None
    urgent: bool | None = None
    confidence_below: float | None = Field(default=None, gt=0, le=1)
    confidence_at_least: float | None = Field(default=None, ge=0, lt=1)

    @cached_property
    def _wanted(self) -> tuple[tuple[str, frozenset[Any]], ...]:
        """The values that each label or flag may have, of those that the rule asks about."""
        told = self.model_dump(exclude={"confidence_below", "confidence_at_least"}, exclude_none=True)
        values = {name: value if isinstance(value, tuple) else (value,) for name, value in told.items()}
        values["telemetry"] = tuple(None if word == "unknown" else word for word in self.telemetry)
        return tuple((name, frozenset(value)) for name, value in values.items() if value)

    def holds(self, decision: Decision) -> bool:
        """Whether every condition holds."""
        for name, values in self._wanted:
            if getattr(decision, name) not in values:
                return False
        below, least, milli = self.confidence_below, self.confidence_at_least, decision.confidence_milli
        return (below is None or milli < round(1000 * below)) and (
            least is None or milli >= round(1000 * least)
        )

    @property
    def is_whole(self) -> bool:
        """Whether every concern of its categories fires the rule, whatever else is said of it."""
        return self.model_dump(exclude={"category"}) == When().model_dump(exclude={"category"})


class Line(Setting):
    """One line of the matrix; ``issue``: whether a theme of such concerns opens an engineering issue."""

    name: Name
    action: Action
    owner: Owner | None = None
    issue: bool = False

    @model_validator(mode="before")
    @classmethod
    def _issue_of_action(cls, data: Any) -> Any:
        if isinstance(data, dict) and "issue" not in data:
            return data | {"issue": data.get("action") == "engineering_ticket"}
        return data


class Rule(Line):
    """What is to be done about a concern."""

    when: When = When()

    @model_validator(mode="after")
    def _has_owner(self) -> Self:
        if self.owner is None and self.action != "none":
            raise ValueError(f"rule {self.name!r} has no owner: say whose work a {self.action} is")
        return self


class ThemeRule(Line):
    """What is to be done about a theme instead of what the rule of most of its concerns says.

    ``tenants``: of these alone; empty means of all. ``owner`` left out stays the rule's. ``raise_priority`` moves the
    priority that its issue has at the tracker by a step, up (1) or down (-1); critical severity is never moved down.
    """

    when: WhenTheme
    tenants: tuple[str, ...] = ()
    raise_priority: Literal[-1, 0, 1] = 0


class Matrix(Setting):
    """All rules in their order; those of a tenant come before the general ones. ``themes`` are asked of themes."""

    version: str
    rules: tuple[Rule, ...] = Field(min_length=1)
    tenants: dict[str, tuple[Rule, ...]] = Field(default_factory=dict)
    themes: tuple[ThemeRule, ...] = ()

    @field_validator("rules")
    @classmethod
    def _names_differ(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return _distinct(rules)

    @model_validator(mode="after")
    def _names_of_tenants_differ(self) -> Self:
        for rules in (*self.tenants.values(), ()):
            _distinct((*rules, *self.rules, *self.themes))
        return self

    @model_validator(mode="after")
    def _rules_are_known(self) -> Self:
        every = {rule.name: rule for rules in (*self.tenants.values(), self.rules) for rule in rules}
        for line in self.themes:
            if unknown := sorted(set(line.when.rule) - every.keys()):
                raise ValueError(
                    f"theme rule {line.name!r} is about rules that are not there: {', '.join(unknown)}"
                )
            owned = line.when.rule and all(every[name].owner for name in line.when.rule)
            if line.action != "none" and not (line.owner or owned):
                raise ValueError(f"theme rule {line.name!r} has no owner: say whose work a {line.action} is")
        return self

    def rule_of(self, decision: Decision, tenant: str) -> Rule | None:
        """The first rule that fires; looked up once for each combination of labels."""
        side = bisect_right(self._bounds, decision.confidence_milli)
        key = (tenant if tenant in self.tenants else "", side, *_LABELS(decision))
        if key not in self._found:
            if len(self._found) >= KEPT:
                self._found.clear()
            self._found[key] = next((rule for rule in self.of(tenant) if rule.when.holds(decision)), None)
        return self._found[key]

    @cached_property
    def _found(self) -> dict[tuple[Any, ...], Rule | None]:
        return {}

    @cached_property
    def _bounds(self) -> tuple[int, ...]:
        """Every bound of a confidence, in thousandths: between two of them it makes no difference."""
        whens = [rule.when for rules in (self.rules, *self.tenants.values()) for rule in rules]
        bounds = [bound for when in whens for bound in (when.confidence_below, when.confidence_at_least)]
        return tuple(sorted({round(1000 * bound) for bound in bounds if bound is not None}))

    def of(self, tenant: str) -> tuple[Rule, ...]:
        """The rules of a tenant, in their order."""
        return (*self.tenants.get(tenant, ()), *self.rules)

    def named(self, name: str, tenant: str) -> Rule | None:
        """The rule of this name; None if the matrix has it no longer."""
        own = self._by_name.get(tenant)
        return (own or self._by_name[""]).get(name)

    @cached_property
    def _by_name(self) -> dict[str, dict[str, Rule]]:
        return {
            tenant: {rule.name: rule for rule in self.of(tenant)} for tenant in ("", *sorted(self.tenants))
        }

    def of_theme(self, counts: dict[str, int], tenant: str) -> Rule | None:
        """The rule of most of a theme's concerns, by how many fired each; the first in the matrix among equals."""
        known = [(rule, counts[rule.name]) for rule in self.of(tenant) if counts.get(rule.name, 0) > 0]
        return max(known, key=lambda one: one[1])[0] if known else None

    def by_telemetry(self, rule: Rule | None, said: Corroboration | None, tenant: str) -> ThemeRule | None:
        """The first line about themes that holds, given the ``rule`` of most of its concerns; with its owner."""
        name = None if rule is None else rule.name
        for line in self.themes:
            if (not line.tenants or tenant in line.tenants) and line.when.holds(name, said):
                owner = line.owner or (rule.owner if rule is not None else None)
                return line.model_copy(update={"owner": owner})
        return None

    def withholds(self, counts: dict[str, int], concerns: int, tenant: str) -> bool:
        """Whether a theme of so many concerns opens no issue: two thirds of them are no engineer's work."""
        others = sum(
            counts[rule.name] for rule in self.of(tenant) if not rule.issue and counts.get(rule.name, 0) > 0
        )
        part, whole = WITHHELD_SHARE
        return others > 0 and whole * others >= part * concerns

    def warnings(self, labels: Iterable[str]) -> list[str]:
        """Labels of the taxonomy for which no rule speaks whatever else is said, and labels that are none."""
        known = tuple(labels)
        told = []
        for tenant in ("", *sorted(self.tenants)):
            rules = self.of(tenant)
            whose = f" of tenant {tenant!r}" if tenant else ""
            covered = {name for rule in rules if rule.when.is_whole for name in rule.when.category or known}
            told += [
                f"decision matrix{whose}: no rule is about every concern of label {name!r}: some will have no action; "
                f"add a rule with `when: {{category: [{name}]}}`"
                for name in known
                if name not in covered
            ]
            named = {name for rule in rules for name in rule.when.category}
            told += [
                f"decision matrix{whose}: the taxonomy has no label {name!r}; its rule fires where a tenant added it"
                for name in sorted(named - set(known))
            ]
        return list(dict.fromkeys(told))


R = TypeVar("R", bound=Line)


def _distinct(rules: tuple[R, ...]) -> tuple[R, ...]:
    names = [rule.name for rule in rules]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two rules have the same name: {', '.join(twice)}; its record could mean either")
    return rules


def load_matrix(file: Path | None = None) -> Matrix:
    """Read a matrix; None means the default file. Raises ``WrongUsage`` naming file, line and field."""
    return read_setting(file or DEFAULT_FILE, Matrix)
