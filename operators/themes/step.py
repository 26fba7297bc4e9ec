"""The themes step.

In:    ``enriched`` items of one partition.   Out: ``assignments`` with theme news, and everything that is not
       feedback, in order; ``themes`` and ``theme-events`` for subscribers.
State: per tenant (``tenant``). The vector index is a view (``index_view``): it has the centroids before anything is
       handed on and the concerns before a snapshot, and is made equal to our mirror again after a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from contracts.business import BusinessEvent
from contracts.commands import Command, LoadBegin, LoadEnd, Order, ReportIssue
from contracts.envelope import EVERYONE, Envelope, Out
from contracts.errors import RecoveryRefused
from contracts.feedback import Tick
from contracts.identity import cause_of
from contracts.naming import AnswerRefused, ThemeAnswer, ThemeQuestion
from contracts.stages import Concern, EnrichedItem
from contracts.steering import Steering, ThemeOrder
from contracts.themes import DriftEvent, ThemeEvent, ThemeOrdered, ThemeRecord
from contracts.vectors import ItemPoint
from models.themes.constraints import By
from models.themes.policy import ThemePolicy
from operators.marking import markers
from operators.numbering import Numbering
from operators.ports import Vault, VectorIndex
from operators.state import BulkState, Table
from operators.themes.arrivals import Arrived, arriving, person_of
from operators.themes.audit import AuditTally
from operators.themes.concerns import who_is
from operators.themes.index_view import IndexView
from operators.themes.records import Teller
from operators.themes.standing_in import STANDS_IN, arrive, leave, move_over, stood_in
from operators.themes.tenant import TenantThemes

PUBLIC = ("themes", "theme-events", "drift")
"""What subscribers read of this stage."""

_ASSIGNMENTS = ("assignments",)
_TOPICS: dict[type[Envelope], tuple[str, ...]] = {
    ThemeRecord: ("assignments", "themes"),
    ThemeEvent: ("assignments", "theme-events"),
    ThemeOrdered: ("assignments", "theme-events"),
    ThemeQuestion: ("questions",),
    AnswerRefused: ("receipts",),
    DriftEvent: ("drift",),
}
"""Where a record goes that is not for the assignments alone: news of themes are there too, in order."""

CHANGE_ENCODER = (
    "go back to the first with UNDERCURRENT_ENCODER, or encode everything anew: `undercurrent rebuild` of a data "
    "directory, on Kafka `undercurrent replay` into a new generation"
)
"""What somebody can do whose encoder is another one now."""


class ThemesStep:
    """Assign concerns to themes online; one instance per journal partition."""

    def __init__(
        self,
        vault: Vault,
        index: VectorIndex,
        encoder: str,
        policy: ThemePolicy | None = None,
        audit: AuditTally | None = None,
    ) -> None:
        self.tables: Mapping[str, Table[Any]] = {}
        self._vault = vault
        self._view = IndexView(index, self._tenant, audit if audit is not None else AuditTally())
        self._encoder = encoder
        self._policy = policy or ThemePolicy()
        self._tenants: dict[str, TenantThemes] = {}
        self._spares: dict[str, TenantThemes] = {}
        self._loading: dict[str, list[str]] = {}
        self._numbering = Numbering("themes")
        # Of the records at hand, by the concern's identity: one may come twice among them.
        self._coming: dict[int, Arrived] = {}

    def on_records(self, records: Sequence[Envelope]) -> list[Out]:
        """Assignments and theme news, in the order of the records; the index has them before this returns."""
        points: dict[str, dict[str, ItemPoint | None]] = {}
        items = [record for record in records if isinstance(record, EnrichedItem)]
        with self._vault.at_once((item.tenant, item.text.subject) for item in items):
            self._look_ahead(items)
            outs = [out for record in records for out in self._on_record(record, points)]
        for name in sorted({record.tenant for record in records}):
            if name in self._tenants:
                self._tenants[name].engine.expect(())  # what was worked out together is used up
        concerned = sorted({name for record in records for name in self._concerned(record)})
        self._view.write_through(points, concerned)
        return outs

    def snapshot(self) -> dict[str, Any]:
        """The encoder, the output count and each tenant's small state; what they stand for is in the index by then."""
        self._view.settle()
        return {
            "encoder": self._encoder,
            "numbering": self._numbering.snapshot(),
            "loading": {name: list(self._loading[name]) for name in sorted(self._loading)},
            "tenants": {name: self._tenants[name].small_state() for name in sorted(self._tenants)},
            "standing_in": {name: self._spares[name].small_state() for name in sorted(self._spares)},
        }

    def restore(self, small: Mapping[str, Any]) -> None:
        """Go on where a snapshot stopped, the index made equal to the mirror.

        Raises ``RecoveryRefused`` when the themes were made of another encoder's vectors.
        """
        if small["encoder"] != self._encoder:
            raise RecoveryRefused(
                f"these themes are of encoder {small['encoder']}, this program runs {self._encoder}; vectors of two "
                f"encoders never meet: {CHANGE_ENCODER}"
            )
        self._numbering.restore(small["numbering"])
        self._loading = {name: list(origins) for name, origins in small["loading"].items()}
        for name, state in small["tenants"].items():
            self._tenant(name).restore_small(state)
            self._view.restore(name)
        # A state from before there were any has none.
        for name, state in small.get("standing_in", {}).items():
            self._spare(name).restore_small(state)

    def bulk(self) -> BulkState:
        """Every tenant's bulk state, under the tenant's name."""
        return _PerTenant(self._tenants, self._tenant, self._spares, self._spare)

    def _tenant(self, name: str) -> TenantThemes:
        if name not in self._tenants:
            self._tenants[name] = TenantThemes(name, self._vault, self._policy, self._encoder)
        return self._tenants[name]

    def _spare(self, name: str) -> TenantThemes:
        """The tenant's keyword themes, for while the encoder is away."""
        if name not in self._spares:
            self._spares[name] = TenantThemes(name, self._vault, self._policy, STANDS_IN, stands_in=True)
        return self._spares[name]

    def _look_ahead(self, items: Sequence[EnrichedItem]) -> None:
        """Work out together what concerns that come next need, and tell their tenants; no result depends on it."""
        self._coming = {}
        for name in sorted({item.tenant for item in items}):
            mine = [
                (item, concern)
                for item in items
                if item.tenant == name
                for concern in item.concerns
                if self._is_ours(concern) and not concern.decision.needs_review
            ]
            found = arriving(mine, self._vault)
            self._coming |= {id(concern): one for (_, concern), one in zip(mine, found, strict=True)}
            if name in self._tenants:
                # Made with its first record and not before: ticks for everyone ask who is there.
                self._tenants[name].engine.expect([one.point for one in found])

    def _on_record(self, record: Envelope, points: dict[str, dict[str, ItemPoint | None]]) -> Iterator[Out]:
        if isinstance(record, EnrichedItem):
            changed = points.setdefault(record.tenant, {})
            tell = Teller(record, self._numbering.after)
            yield from self._out(self._on_item(record, self._tenant(record.tenant), tell, changed), tell)
            return
        if isinstance(record, Tick):
            yield from self._on_tick(record)
        elif isinstance(record, BusinessEvent):
            self._tenant(record.tenant).drift.happened(record)
        elif isinstance(record, Command):
            self._note_load(record.tenant, record.order)
            yield from markers(record, PUBLIC, self._numbering)
            if isinstance(record.order, Steering) and record.tenant != EVERYONE:
                yield from self._on_order(record, record.order)
            elif isinstance(record.order, ReportIssue) and record.tenant in self._tenants:
                tell = Teller(record, self._numbering.after)
                yield from self._out(self._tenant(record.tenant).reported(record.order, tell), tell)
        elif isinstance(record, ThemeAnswer):
            tell = Teller(record, self._numbering.after)
            yield from self._out(self._tenant(record.tenant).answered(record, tell), tell)
        yield Out("assignments", record)

    def _on_order(self, command: Command, order: ThemeOrder) -> Iterator[Out]:
        by = By(cause_of(command.id), order.verb, command.author)
        tell = Teller(command, self._numbering.after)
        yield from self._out(self._tenant(command.tenant).steer(order, by, tell), tell)

    def _on_tick(self, record: Tick) -> Iterator[Out]:
        for name in self._concerned(record):
            tell = Teller(record.model_copy(update={"tenant": name}), self._numbering.after)
            now_s = int(record.event_time.timestamp())
            yield from self._out(self._tenant(name).tick(now_s, tell), tell)
            if name in self._spares:
                yield from self._out(stood_in(self._spares[name].tick(now_s, tell)), tell)

    def _concerned(self, record: Envelope) -> list[str]:
        """The tenants that a record is about: of one for everyone, those that are not loading history."""
        if record.tenant != EVERYONE:
            return [record.tenant]
        return [name for name in sorted(self._tenants) if not self._loading.get(name)]

    def _note_load(self, tenant: str, order: Order) -> None:
        """While history is loaded, time comes with it and not from the ticker."""
        origins = self._loading.get(tenant, [])
        if isinstance(order, LoadBegin) and order.origin not in origins:
            self._loading[tenant] = sorted([*origins, order.origin])
        elif isinstance(order, LoadEnd) and order.origin in origins:
            self._loading[tenant] = [origin for origin in origins if origin != order.origin]

    def _on_item(
        self, item: EnrichedItem, themes: TenantThemes, tell: Teller, points: dict[str, ItemPoint | None]
    ) -> Iterator[Envelope]:
        for concern_id, why in _taken_out(item):
            spare = self._spares.get(item.tenant)
            if themes.knows(concern_id):
                points[concern_id] = None
                yield from themes.remove(concern_id, item.item_id, tell, why)
            elif spare is not None and spare.knows(concern_id):
                yield from leave(spare, themes, concern_id, item.item_id, tell, why)
            if not why:
                themes.forget(concern_id)
        clear = [concern for concern in item.concerns if not concern.decision.needs_review]
        self._check_encoder(clear)
        for concern in clear:
            arrived = self._coming.get(id(concern)) or arriving([(item, concern)], self._vault)[0]
            if not self._stands_in(concern):
                points[concern.concern_id] = arrived.shown
            if themes.knows(concern.concern_id):
                yield from themes.relabel(arrived, tell)
                continue
            spare = self._spares.get(item.tenant)
            if self._stands_in(concern):
                yield from arrive(self._spare(item.tenant), arrived, tell)
            elif spare is not None and spare.knows(concern.concern_id):
                yield from move_over(spare, themes, arrived, tell)
            else:
                yield from themes.add(arrived, tell)
        for concern in item.concerns:
            if concern.decision.provisional:
                # What local models say; answers say nothing of how well these do.
                sure, who = concern.decision.confidence_milli, who_is(person_of(item))
                yield from themes.drift.labelled(concern.concern_id, who, sure, tell)

    def _out(self, records: Iterable[Envelope], tell: Teller) -> Iterator[Out]:
        """Each record to its topics; what drifts may be worth an alert besides."""
        for record in records:
            for topic in _TOPICS.get(type(record), _ASSIGNMENTS):
                yield Out(topic, record)
            if isinstance(record, DriftEvent):
                alert = self._tenant(record.tenant).alert(record, tell)
                if alert is not None:
                    yield Out("alerts", alert)

    def _is_ours(self, concern: Concern) -> bool:
        """Whether a concern has a vector of this stage's encoder."""
        return concern.vector is not None and concern.vector.model == self._encoder

    def _stands_in(self, concern: Concern) -> bool:
        """Whether keywords stood in for the encoder when the concern was read."""
        return concern.vector is not None and concern.vector.model == STANDS_IN != self._encoder

    def _check_encoder(self, concerns: Sequence[Concern]) -> None:
        """Raises ``RecoveryRefused`` for a vector of an encoder that this stage is not set to."""
        for concern in concerns:
            if concern.vector is not None and concern.vector.model not in (self._encoder, STANDS_IN):
                raise RecoveryRefused(
                    f"concern {concern.concern_id} has a vector of encoder {concern.vector.model}, the themes stage "
                    f"is set to {self._encoder}: {CHANGE_ENCODER}"
                )


_SPARE = "keywords:"


class _PerTenant:
    """The bulk state of all tenants; a table is named ``<tenant>/<table>``, of themes that stand in
    ``<tenant>/keywords:<table>``."""

    def __init__(
        self,
        tenants: Mapping[str, TenantThemes],
        tenant: Callable[[str], TenantThemes],
        spares: Mapping[str, TenantThemes],
        spare: Callable[[str], TenantThemes],
    ) -> None:
        self._kinds = (("", tenants, tenant), (_SPARE, spares, spare))
        self._loading: dict[str, BulkState] = {}

    def drain(self) -> Iterator[tuple[str, str, Any]]:
        for prefix, themes, _ in self._kinds:
            for name in sorted(themes):
                for table, key, value in themes[name].bulk().drain():
                    yield f"{name}/{prefix}{table}", key, value

    def load(self, table: str, key: str, value: Any) -> None:
        name, inner = table.split("/", 1)
        prefix, _, make = self._kinds[inner.startswith(_SPARE)]
        if f"{name}/{prefix}" not in self._loading:
            self._loading[f"{name}/{prefix}"] = make(name).bulk()
        self._loading[f"{name}/{prefix}"].load(inner.removeprefix(prefix), key, value)

    def finish_load(self) -> None:
        for bulk in self._loading.values():
            bulk.finish_load()


def _taken_out(item: EnrichedItem) -> Iterator[tuple[str, str]]:
    """The concerns that leave their themes, and why: "" because their item was revised."""
    for concern_id in item.retracts:
        yield concern_id, ""
    for concern_id in item.dismissed or ():
        yield concern_id, "a person said that it is no concern"
    for concern in item.concerns:
        if concern.decision.needs_review:
            yield concern.concern_id, "nobody is sure of it any more: it is in review"
