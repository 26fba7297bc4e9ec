"""Answers that a generation was given before it began: each acts right after its concern.

In:    an item as it was enriched here, with its text; an answer of the journal.   Out: answers about this item's
concerns, as if the journal had brought them; whether one of the journal is of another generation's making.
An answer is about words: where this generation found other words, or another concern, it is none.
"""

from __future__ import annotations

from collections.abc import Iterator

from contracts.answers import Answer
from contracts.envelope import Envelope
from contracts.stages import Concern, EnrichedItem
from operators.extract.classes import Classes
from operators.ports import OwnAnswers, Vault


class Given:
    """Looks answers up; without a table there are none, and the journal's are the generation's own."""

    def __init__(self, vault: Vault, table: OwnAnswers | None, classes: Classes) -> None:
        self._vault = vault
        self._table = table
        self._classes = classes

    def after(self, cause: Envelope, item: EnrichedItem) -> Iterator[Answer]:
        """Answers about the concerns of an item that came with ``cause``, in their order."""
        for concern in item.concerns if self._table is not None else ():
            assert self._table is not None
            answer = self._table.about(concern.concern_id)
            if answer is not None and self._words(answer.item, answer.concern_id) == self._words_of(
                item, concern
            ):
                alone = item.model_copy(update={"concerns": (concern,), "retracts": (), "dismissed": None})
                header = {"id": cause.id, "tenant": cause.tenant, "ingested_at": cause.ingested_at}
                yield answer.model_copy(
                    update={**header, "trace": cause.trace, "event_time": item.event_time, "item": alone}
                )

    def is_of_others(self, answer: Answer) -> bool:
        """Whether a journal's answer is not for this generation: to another prompt, or about what its table answers."""
        if self._table is None:
            return False
        return (
            not self._is_ours(answer, self._table.prompts) or self._table.about(answer.concern_id) is not None
        )

    def _is_ours(self, answer: Answer, prompts: frozenset[str]) -> bool:
        """Whether a prompt is one of the table's; with each category that a tenant adds its id is another."""
        if not self._classes.told(answer.tenant):
            return answer.prompt in prompts
        return _name(answer.prompt) in map(_name, prompts)

    def _words(self, item: EnrichedItem | None, concern_id: str) -> bytes | None:
        concerns = item.concerns if item is not None else ()
        concern = next((one for one in concerns if one.concern_id == concern_id), None)
        return None if item is None or concern is None else self._words_of(item, concern)

    def _words_of(self, item: EnrichedItem, concern: Concern) -> bytes:
        """A concern's words; none where its person was erased, which the answer will say of itself."""
        opened = self._vault.open(item.tenant, item.text)
        return (opened or b"").decode()[concern.start : concern.end].encode()


def _name(prompt: str) -> str:
    return prompt.partition("@")[0]
