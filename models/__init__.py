"""Models: speech emotion recognition from sound and text.

Here belong the features, layers and encoders, their training, evaluation and comparison, and the
prediction of new clips from samples. Nothing here cuts films or asks people; of the other packages
it imports only `manifests`. The names below are imported when they are first used.

Example:
    >>> import models
    >>> models.train("corpus/manifests/v1", "corpus/runs/mine", epochs=10)  # doctest: +SKIP
    >>> model = models.load("corpus/runs/mine")  # doctest: +SKIP
    >>> model.predict(["a.wav", "b.wav"], ["巴适得很", ""]).shape  # doctest: +SKIP
    (2, 6)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.api.runs import evaluate, load, train
    from models.encoders import AudioEncoder, BimodalClassifier, TextCNN
    from models.layers import CBAM, ODConv2d

__all__ = [
    "CBAM",
    "AudioEncoder",
    "BimodalClassifier",
    "ODConv2d",
    "TextCNN",
    "evaluate",
    "load",
    "train",
]

_MODULES = {
    "AudioEncoder": "models.encoders",
    "BimodalClassifier": "models.encoders",
    "CBAM": "models.layers",
    "ODConv2d": "models.layers",
    "TextCNN": "models.encoders",
    "evaluate": "models.api.runs",
    "load": "models.api.runs",
    "train": "models.api.runs",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
