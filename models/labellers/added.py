"""Labels that people added to a taxonomy while they reviewed.

In:    a taxonomy, and orders to add in their order.   Out: the taxonomy of the tenant; what stands in for a label where
nobody has said anything about it.
Law:   the labels of the file come first and stay what they are; each added one stands behind them, where it was added
       first. A name of the file's, or one too many, adds nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from contracts.commands import AddLabel
from models.labellers.taxonomy import Choice, Label, Taxonomy

MOST_ADDED = 20
"""Labels that one tenant may add: all of them are in every prompt and in the version that records name."""

Added = tuple[AddLabel, ...]


def objection(taxonomy: Taxonomy, added: Added, order: AddLabel) -> str | None:
    """Why an order adds nothing, None if it does; ``taxonomy`` is the file's."""
    if taxonomy.label(order.name) is not None:
        return f"the taxonomy has a category {order.name!r}, which is changed in its file alone"
    if len(added) >= MOST_ADDED and all(one.name != order.name for one in added):
        return f"{MOST_ADDED} categories were added, and more are not taken: put some of them into the taxonomy's file"
    return None


def with_label(added: Added, order: AddLabel) -> Added:
    """One more; one of the same name is replaced where it stands."""
    if all(one.name != order.name for one in added):
        return (*added, order)
    return tuple(order if one.name == order.name else one for one in added)


def together(taxonomy: Taxonomy, orders: Iterable[AddLabel]) -> Added:
    """What orders add, in their order."""
    added: Added = ()
    for order in orders:
        if objection(taxonomy, added, order) is None:
            added = with_label(added, order)
    return added


def extended(taxonomy: Taxonomy, added: Sequence[AddLabel]) -> Taxonomy:
    """The taxonomy with these labels behind its own; its version names them. Without any it is the same object.

    A label that the file has by now is the file's; an area that it lists no more is listed again.
    """
    new = [order for order in added if taxonomy.label(order.name) is None]
    if not new:
        return taxonomy
    known = {area.name for area in taxonomy.areas}
    lost = dict.fromkeys(order.product_area for order in new if order.product_area not in known)
    areas = tuple(Choice(name=name, description="") for name in lost)
    return taxonomy.model_copy(
        update={
            "version": "+".join((taxonomy.version, *(order.name for order in new))),
            "labels": (*taxonomy.labels, *(_label(order) for order in new)),
            "product_areas": (*taxonomy.product_areas, *areas) if taxonomy.product_areas else (),
        }
    )


def stand_in(taxonomy: Taxonomy, label: Label) -> str | None:
    """The label of the file whose rules hold for an added one that has none of its own.

    One of its role in its area; else the first of its role, or for an issue that of a bug, which no area's people own.
    """
    same = [one for one in taxonomy.labels if one.role == label.role]
    near = [one for one in same if one.product_area == label.product_area]
    any_of_role = same if label.role != "issue" else [one for one in taxonomy.labels if one.role == "bug"]
    return next((one.name for one in (*near, *any_of_role)), None)


def _label(order: AddLabel) -> Label:
    fields = ("name", "description", "role", "product_area", "owner", "action", "exemplars")
    return Label.model_validate({name: getattr(order, name) for name in fields})
