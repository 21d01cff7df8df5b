"""Encoders of the branches, from encoded clips to vectors, and the fusion of these.

Only torch modules belong here; what a branch does before its encoder is in :mod:`models.branches`.
"""

from models.encoders.audio import AudioEncoder
from models.encoders.fusion import BimodalClassifier
from models.encoders.text import TextCNN

__all__ = ["AudioEncoder", "BimodalClassifier", "TextCNN"]
