"""Texts to vectors on an integer grid: local weights when they are there, hashed keywords when not.

Promise: a vector is a pure function of the text and the encoder's ``version``; neighbours, position
and batch size never change it. Start at ``load.load_encoder``; the grid is defined in ``base``.
"""

from models.encoders.base import GRID_NORM, Encoder, Vectors, WeightsMissing, WeightsRefused
from models.encoders.load import load_encoder

__all__ = ["GRID_NORM", "Encoder", "Vectors", "WeightsMissing", "WeightsRefused", "load_encoder"]
