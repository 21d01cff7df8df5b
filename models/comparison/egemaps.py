"""eGeMAPS of clips by openSMILE, if it is installed: its licence forbids to ship it."""

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from manifests.base.errors import ConfigurationError, DataError
from manifests.versions.manifest import Manifest
from models.data import Examples
from models.features.cache import read_clip
from models.features.extractor import SAMPLE_RATE

__all__ = ["has_opensmile", "with_egemaps"]


def has_opensmile() -> bool:
    """Return whether the package opensmile is installed."""
    return find_spec("opensmile") is not None


def with_egemaps(manifest: Manifest, examples: Examples) -> Examples:
    """Return examples with the eGeMAPS v02 functionals (1, 88) of their sound as features.

    Source: Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set (GeMAPS) for Voice
    Research and Affective Computing", IEEE Trans. Affective Computing 7, 2016.

    Raises:
        ConfigurationError: if openSMILE isn't installed.
        DataError: if openSMILE fails on a clip.
    """
    if not has_opensmile():
        raise ConfigurationError(
            "--with egemaps needs openSMILE, which is free for research only: pip install opensmile"
        )
    opensmile = import_module("opensmile")

    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
    )
    entries = {entry.clip_id: entry for entry in manifest.entries}
    measured: Mapping[str, Any] = {
        clip.clip_id: _functionals(smile, manifest, entries[clip.clip_id])
        for clips in examples.values()
        for clip in clips
    }
    return {
        split: [replace(clip, features=measured[clip.clip_id], versions=()) for clip in clips]
        for split, clips in examples.items()
    }


def _functionals(smile: Any, manifest: Manifest, entry: Any) -> Any:
    samples = read_clip(manifest.audio(entry), entry.file_sha256)
    try:
        values = np.asarray(smile.process_signal(samples, SAMPLE_RATE), dtype=np.float32)
    except Exception as error:  # whatever another package raises
        raise DataError(f"{entry.clip_id}: openSMILE failed: {error}") from error
    return np.nan_to_num(values).reshape(1, -1)
