"""How the coefficients of ``confidence`` are made: a logistic fit on sentences of our own.

Run ``python -m models.labellers.calibrate [auto|keywords]`` and copy what it prints. Regularised (C = 1) and
with the same weight for both classes, so a probability of .7 means .7 where both kinds are equally common.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import yaml

from models.encoders.base import Encoder
from models.encoders.load import AUTO, load_encoder
from models.labellers.confidence import SCALES, Coefficients
from models.labellers.decision import ConcernText
from models.labellers.local import LocalLabeller
from models.labellers.taxonomy import load_taxonomy

FILE = Path(__file__).with_name("calibration.yaml")


def sentences() -> tuple[list[ConcernText], list[int]]:
    """The sentences of the file and 1 for each that is an understood concern."""
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    listed = [
        (entry, kind) for kind, name in ((1, "understood"), (0, "not_understood")) for entry in content[name]
    ]
    return [_concern(entry) for entry, _ in listed], [kind for _, kind in listed]


def fit(encoder: Encoder) -> Coefficients:
    """Coefficients for one encoder, in thousandths of a logit."""
    from sklearn.linear_model import LogisticRegression

    concerns, kinds = sentences()
    labeller = LocalLabeller(load_taxonomy()[0], encoder)
    features = labeller.features(concerns, encoder.encode([concern.text for concern in concerns]))
    rows = np.array([one.row() for one in features], dtype=np.float64) / np.array(SCALES)
    model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=5_000).fit(rows, kinds)
    weights = tuple(round(1000 * float(weight)) for weight in model.coef_[0])
    return Coefficients(round(1000 * float(model.intercept_[0])), weights)


def _concern(entry: str | int | dict[str, str]) -> ConcernText:
    if isinstance(entry, dict):
        return ConcernText(entry["text"], entry["language"])
    return ConcernText(str(entry), "en")


if __name__ == "__main__":
    sys.stdout.write(f"{fit(load_encoder(sys.argv[1] if len(sys.argv) > 1 else AUTO)[0])}\n")
