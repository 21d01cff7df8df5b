"""Registry of the voice activity detectors: one row each, shipped or installed by another package.

A row names its `Detector` (see corpus_tools/segmentation/voice/base.py), imported only when used.
"""

from pkgutil import resolve_name
from typing import Any

from manifests.base.plugins import load_plugin, plugin_names

__all__ = ["GROUP", "detector_names", "load_detector"]

GROUP = "corpus_tools.voice_detectors"
"""Entry-point group of further detectors; each entry is a `Detector`."""

SHIPPED = {
    "webrtc": "corpus_tools.segmentation.voice.webrtc:DETECTOR",
    "silero": "corpus_tools.segmentation.voice.silero:DETECTOR",
}


def detector_names() -> list[str]:
    """Return the permitted values of ``detector`` in section [segment]."""
    return list(dict.fromkeys([*SHIPPED, *plugin_names(GROUP)]))


def load_detector(name: str) -> Any:
    """Return this `Detector`; `ConfigurationError` if there is none, or it can't be imported."""
    if name in SHIPPED:
        return resolve_name(SHIPPED[name])
    return load_plugin(GROUP, name, "voice detector", SHIPPED)
