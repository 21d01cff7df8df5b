"""The models: layers, encoders, training, evaluation, prediction.

``from models import ODConv2d, CBAM, TextCNN, BimodalClassifier`` imports torch then, not before.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "AudioEncoder": "models.encoders.audio",
    "BimodalClassifier": "models.encoders.fusion",
    "CBAM": "models.layers.cbam",
    "ODConv2d": "models.layers.odconv",
    "TextCNN": "models.encoders.text_cnn",
}

__all__ = ["CBAM", "AudioEncoder", "BimodalClassifier", "ODConv2d", "TextCNN"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
