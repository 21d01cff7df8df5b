"""Reusable neural network layers."""

from models.layers.cbam import CBAM
from models.layers.odconv import ODConv2d
from models.layers.speaker_norm import SpeakerNorm

__all__ = ["CBAM", "ODConv2d", "SpeakerNorm"]
