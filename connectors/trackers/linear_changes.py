"""Several changes in one request to Linear, whose quota counts requests: one GraphQL document with a field for each.

A document's fields are carried out in its order (GraphQL, October 2021, 6.2.2). Whether Linear keeps what came before
one that fails is not documented, so nobody may rely on either: changes are such that doing them again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.trackers.port import Customer, Draft, Evidence, Json, v4_shaped

MOST = 20
"""Changes in one document: its cost must stay far below what Linear allows one query."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a document: a mutation and its input."""

    name: str
    input: Json

    @property
    def takes(self) -> str:
        """The type of its input: named as the mutation is."""
        return f"{self.name[0].upper()}{self.name[1:]}Input!"


def documents(changes: Sequence[Change]) -> Iterator[tuple[str, dict[str, Json]]]:
    """Queries with their variables, together all changes, in their order."""
    for start in range(0, len(changes), MOST):
        some = changes[start : start + MOST]
        takes = ",".join(f"$i{n}:{one.takes}" for n, one in enumerate(some))
        fields = " ".join(f"m{n}:{one.name}(input:$i{n}){{success}}" for n, one in enumerate(some))
        yield f"mutation({takes}){{{fields}}}", {f"i{n}": one.input for n, one in enumerate(some)}


def attached(issue: str, piece: Evidence) -> Change:
    """An attachment, which Linear updates where the issue has one with its address."""
    told = {"issueId": issue, "url": piece.url, "title": piece.title, "subtitle": piece.subtitle}
    return Change("attachmentCreate", told)


def known(customer: Customer) -> Change:
    """A customer by our name of it, made or updated."""
    told = {
        "externalId": customer.account, "name": customer.account, "revenue": customer.annual,
        "tierName": None if customer.tier == "unknown" else customer.tier,
    }  # fmt: skip
    return Change("customerUpsert", {name: value for name, value in told.items() if value is not None})


def needed(issue: str, draft: Draft, customer: Customer) -> Change:
    """What a customer needs, with an id of ours, by which it is found there again: a conflict where it is there."""
    told = {
        "id": v4_shaped("need", issue, customer.account), "issueId": issue,
        "customerExternalId": customer.account, "priority": int(draft.priority == 1),
        "body": f"Reported by {escaped(customer.account)}.",
    }  # fmt: skip
    return Change("customerNeedCreate", told)


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return "".join("\\" + c if c in "\\`*_{}[]()#+-.!|~<>@" else c for c in text)
