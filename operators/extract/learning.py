"""Local models that learn from people's corrections, tenant by tenant, at each correction's own place in the order.

In:    corrections that acted, orders about models, and the concerns that are about to be told.
Out:   ``model-events``; concerns with the labels of the version that is promoted, where one is.
State: the ``learning`` table: weights, examples as numbers, comparisons. No text, and nothing that is sealed.
Elsewhere: how a model learns and when it is promoted (``models.learning``).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Any, cast, get_args

import numpy as np

from contracts.commands import Command, ConfirmConcern, CorrectConcern, DirectModel, ModelRole
from contracts.envelope import EVERYONE, Envelope, Out
from contracts.feedback import Tick
from contracts.learning import ModelEvent
from contracts.stages import Concern, EnrichedItem, SentimentLabel, Severity, Vector
from contracts.stages import Decision as DecisionRecord
from models.encoders.base import Encoder
from models.labellers.decision import ConcernText, Decision
from models.labellers.local import LocalLabeller
from models.learning.learner import Row
from models.learning.role import FORM, Happening, Reading, RoleModel
from operators.extract.classes import Classes
from operators.extract.deciding import PersonsOrder
from operators.extract.decisions import labelled
from operators.ports import Vault
from operators.state import Table

ROLES: tuple[ModelRole, ...] = get_args(ModelRole)
VECTOR_WEIGHT = 3
"""What the dimensions of a vector count against the other numbers; chosen with the rate of learning."""

OURS = "extract"


class Learning:
    """The models of the tenants of one journal partition."""

    def __init__(
        self,
        vault: Vault,
        encoder: Encoder,
        labeller: LocalLabeller,
        classes: Classes,
        git_commit: str,
        next_id: Callable[[Envelope], str],
    ) -> None:
        """``labeller`` and its labels are what models read; what they say may be one that people added (``classes``).

        ``next_id`` numbers what is told because of a record.
        """
        self._vault = vault
        self._encoder = encoder.version
        self._classes = classes
        self._git_commit = git_commit
        self._next_id = next_id
        categories = tuple(label.name for label in labeller.taxonomy.labels)
        self._labels: dict[ModelRole, tuple[str, ...]] = {
            "category": categories,
            "sentiment": get_args(SentimentLabel),
            "severity": get_args(Severity),
        }
        self._numbers = encoder.dims + labeller.signals
        # Rows of other labels or vectors are another model's: with a new taxonomy or encoder it starts anew.
        self._form = f"{FORM}:{encoder.version}:{self._numbers}:{labeller.taxonomy.version}"
        self._models: dict[tuple[str, ModelRole], RoleModel] = {}
        self.table: Table[Any] = Table()

    # -- what the models say ---------------------------------------------------------------------------

    def relabelled(
        self, tenant: str, read: Decision, record: DecisionRecord, vector: Vector, product: str | None
    ) -> DecisionRecord:
        """The record with the labels of the tenant's promoted models; as it came where none is, or where keywords
        stood in for the encoder: models know its vectors alone."""
        if vector.model != self._encoder:
            return record
        promoted = [(role, model) for role, model in self._of(tenant) if model.champion.head is not None]
        if not promoted:
            return record
        numbers = _numbers(vector, read)
        for role, model in promoted:
            said = model.says(Reading(numbers, _base(role, read), product))
            if said.sure_milli:  # else it does not know the label that was read
                record = labelled(record, role, said.label, said.sure_milli, self._classes.taxonomy(tenant))
        return record

    def sure_of(self, tenant: str, read: Decision, vector: Vector, product: str | None) -> int | None:
        """How probably, in thousandths, the newest version has the category right; None if nobody taught one."""
        model = self._models.get((tenant, "category")) or self._restored(tenant, "category")
        if model is None or not model.corrections or vector.model != self._encoder:
            return None
        read_as = Reading(_numbers(vector, read), read.category, product)
        return model.challenger().says(read_as, model.labels, model.gained).sure_milli or None

    def sure_of_told(self, item: EnrichedItem, concern: Concern) -> int | None:
        """The same of a concern that was told before; None also where its words are gone."""
        taught = (item.tenant, "category") in self._models or f"{item.tenant}/category" in self.table
        read = self._read(item, concern) if taught else None
        if read is None or concern.vector is None:
            return None
        return self.sure_of(item.tenant, read, concern.vector, item.facts.product)

    def _of(self, tenant: str) -> Iterable[tuple[ModelRole, RoleModel]]:
        for role in ROLES:
            model = self._models.get((tenant, role)) or self._restored(tenant, role)
            if model is not None:
                yield role, model

    # -- what they learn -------------------------------------------------------------------------------

    def after(self, command: Command, order: PersonsOrder, told: Envelope) -> list[Out]:
        """Learn from an order, if it says what a concern is and acted: ``told`` is then the item as it is decided now.

        A correction teaches the labels that it names, a confirmation all that were shown. A text that
        cannot be read any more teaches nothing, nor does one that only keywords have read.
        """
        if not (isinstance(order, ConfirmConcern | CorrectConcern) and isinstance(told, EnrichedItem)):
            return []
        concern = told.concerns[0]
        if concern.vector is None or concern.vector.model != self._encoder:
            return []
        read = self._read(told, concern)
        if read is None:
            return []
        numbers = _numbers(concern.vector, read)
        outs: list[Out] = []
        for role in ROLES:
            gold = getattr(order.correction if isinstance(order, CorrectConcern) else concern.decision, role)
            if not self._is_known(command.tenant, role, gold):
                continue
            model = self._model(command.tenant, role)
            happened = model.correct(Reading(numbers, _base(role, read), told.facts.product), gold)
            self._dates(command, role)
            self._save(command.tenant, role, gold)
            outs += [self._event(command, role, one, OURS, None) for one in happened]
        return outs

    def _is_known(self, tenant: str, role: ModelRole, gold: str | None) -> bool:
        if role == "category":
            return gold is not None and self._classes.taxonomy(tenant).label(gold) is not None
        return gold in self._labels[role]

    def tick(self, tick: Tick) -> list[Out]:
        """Once a month, for each model that was corrected since the month before: people may want to train it anew."""
        month, outs = f"{tick.event_time:%Y-%m}", list[Out]()
        for tenant, role in self._taught(tick.tenant):
            key = f"{tenant}/{role}/month"
            before, corrections = self.table[key]
            if before >= month:
                continue
            model = self._model(tenant, role)
            self.table.put(key, [month, model.corrections])
            since = model.corrections - corrections
            if since:
                why = f"monthly: {since} corrections since {before}"
                one = Happening(
                    "retrain_candidate", model.champion.name, None, {"corrections_since": since}, why
                )
                outs.append(self._event(tick, role, one, OURS, None, tenant))
        return outs

    def _taught(self, tenant: str) -> list[tuple[str, ModelRole]]:
        """The tenants, or the one, and their models that were corrected."""
        ends = [(f"/{role}/month", role) for role in ROLES]
        found = [
            (key.removesuffix(end), role) for key in self.table for end, role in ends if key.endswith(end)
        ]
        return [(name, role) for name, role in found if tenant in (EVERYONE, name)]

    def direct(self, command: Command, order: DirectModel) -> list[Out]:
        """What a person orders about a model; one that cannot be is told as refused, of nobody's model nothing is."""
        if command.tenant == EVERYONE:
            return []
        model = self._model(command.tenant, order.role)
        happened = model.direct(order.act, order.version, order.why)
        self._save(command.tenant, order.role, "")
        return [self._event(command, order.role, happened, command.author, command.id)]

    def _read(self, item: EnrichedItem, concern: Concern) -> Decision | None:
        """What the untrained labeller says of a concern, whoever decided it."""
        opened = self._vault.open(item.tenant, item.text)
        if opened is None or concern.vector is None:
            return None
        text = opened.decode()[concern.start : concern.end]
        stars = None if item.facts.rating is None else round(item.facts.rating)
        labeller = self._classes.labeller(item.tenant)
        return labeller.label(
            [ConcernText(text, item.language, stars)], _grid(concern.vector).reshape(1, -1)
        )[0]

    # -- state and records -----------------------------------------------------------------------------

    def _model(self, tenant: str, role: ModelRole) -> RoleModel:
        key = (tenant, role)
        if key not in self._models:
            self._models[key] = self._restored(tenant, role) or RoleModel(self._labels[role], self._numbers)
        return self._models[key]

    def _restored(self, tenant: str, role: ModelRole) -> RoleModel | None:
        names = self.table.get(f"{tenant}/{role}")
        if names is None or names["form"] != self._form:
            return None
        model = RoleModel(self._labels[role], self._numbers)
        for name in names["rows"]:
            model.load(name, self.table[f"{tenant}/{role}/{name}"])
        self._models[tenant, role] = model
        return model

    def _save(self, tenant: str, role: ModelRole, learned: str) -> None:
        """Write what changed; everything where the rows are not this model's yet."""
        model, key = self._models[tenant, role], f"{tenant}/{role}"
        known = self.table.get(key)
        new = known is None or known.get("form") != self._form
        if known is not None and not new:  # a label that it has just gained
            new = bool(learned) and f"head/weights/{learned}" not in known["rows"]
        names = []
        for name, data in model.rows(None if new else learned):
            self.table.put(f"{key}/{name}", data)
            names.append(name)
        if new:
            self.table.put(key, {**(known or {}), "form": self._form, "rows": names})

    def _dates(self, command: Command, role: ModelRole) -> None:
        key, at = f"{command.tenant}/{role}/window", command.event_time.isoformat()
        month = f"{command.tenant}/{role}/month"
        if month not in self.table:
            self.table.put(month, [f"{command.event_time:%Y-%m}", 0])
        since, _ = self.table.get(key) or (at, at)
        self.table.put(key, [since, at])

    def _event(
        self,
        cause: Envelope,
        role: ModelRole,
        one: Happening,
        author: str,
        order_id: str | None,
        tenant: str | None = None,
    ) -> Out:
        """``tenant``: where ``cause`` is for everyone."""
        tenant = tenant or cause.tenant
        since, until = self.table.get(f"{tenant}/{role}/window") or (None, None)
        record = ModelEvent(
            id=self._next_id(cause),
            tenant=tenant,
            event_time=cause.event_time,
            ingested_at=cause.ingested_at,
            trace=cause.trace,
            event=cast(Any, one.event),
            role=role,
            version=one.version,
            before=one.before,
            git_commit=self._git_commit,
            corrections=self._models[tenant, role].corrections,
            since=since,
            until=until,
            metrics=one.metrics,
            author=author,
            reason=one.reason,
            order_id=order_id,
        )
        return Out("model-events", record)


def _numbers(vector: Vector, read: Decision) -> Row:
    return np.concatenate([_grid(vector) * VECTOR_WEIGHT, np.array(read.signals, dtype=np.int16)])


def _grid(vector: Vector) -> Row:
    return np.frombuffer(base64.b64decode(vector.data), dtype="<i2").astype(np.int16)


def _base(role: ModelRole, read: Decision) -> str:
    return {"category": read.category, "sentiment": read.sentiment_label, "severity": read.severity}[role]
