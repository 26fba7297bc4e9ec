"""How good are the themes of a labelled stream? Orders, measures, peers, and figures over seeds.

``play`` runs the engine over one stream and scores it, ``streams`` makes the streams, ``measures``,
``noticing`` and ``confidence`` hold the formulas, ``peers`` the other ways to cluster the same vectors,
``figures`` the means over seeds. Nothing here is imported by the running product.
"""

from models.themes.scoring.measures import agreement, b_cubed
from models.themes.scoring.play import evaluate
from models.themes.scoring.streams import stream_order

__all__ = ["agreement", "b_cubed", "evaluate", "stream_order"]
