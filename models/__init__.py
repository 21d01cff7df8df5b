"""Speech emotion models: layers, encoders, training, evaluation and prediction.

The names below are imported lazily, so ``import models`` alone doesn't import torch.
"""

from importlib import import_module
from typing import Any

_MODULES = {
    "AudioEncoder": "models.encoders.audio",
    "BimodalClassifier": "models.encoders.fusion",
    "CBAM": "models.layers.cbam",
    "ODConv2d": "models.layers.odconv",
    "TextCNN": "models.encoders.text",
}

__all__ = ["CBAM", "AudioEncoder", "BimodalClassifier", "ODConv2d", "TextCNN"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
