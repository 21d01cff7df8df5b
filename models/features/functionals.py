"""Functionals: the features of a whole clip as one vector, for the model and the baseline."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.config.branches import FeatureSettings
from models.features.extractor import Features

__all__ = ["functionals", "prosodic_functionals"]

Numbers = NDArray[np.float64]

_PERCENTILES = (0.05, 0.2, 0.5, 0.8, 0.95)
_TIMBRES = 4  # coefficients after the first
_VOICED = 0.5  # share of a frame's energy that is periodic
_FEW = 3  # frames
_FLAT = 1e-9


def prosodic_functionals(features: Features, settings: FeatureSettings) -> NDArray[np.float32]:
    """Return the functionals (F,) of a clip's frames (T, D), T at least 1, before normalisation.

    - Mean and deviation of every feature.
    - Percentiles 5, 20, 50, 80 and 95 of loudness (the first coefficient), timbre (the next four)
      and pitch over voiced frames, or over all frames if hardly any is voiced.
    - The same percentiles of voicing over all frames, the share of voiced frames, and the rate of
      changes between voiced and unvoiced.
    - Slope of pitch and of loudness over the clip, and their difference between its last and first
      third; range and mean step of pitch; correlation of pitch with loudness.

    Source: after Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set", 2016.

    Example:
        >>> settings = FeatureSettings(n_mfcc=13, pitch=False)
        >>> prosodic_functionals(np.ones((50, 13), dtype=np.float32), settings).shape
        (53,)
    """
    frames = features.astype(np.float64)
    timbres = min(_TIMBRES, settings.n_mfcc - 1)
    loudness = frames[:, 0]
    parts = [frames.mean(axis=0), frames.std(axis=0)]
    tracks = frames[:, : 1 + timbres]
    if settings.pitch:
        pitch, voicing = frames[:, -2], frames[:, -1]
        voiced = voicing > _VOICED
        tracks = np.concatenate([tracks, pitch[:, None]], axis=1)
        tracks = tracks[voiced] if voiced.sum() > _FEW else tracks
    spread = np.quantile(tracks, _PERCENTILES, axis=0)  # (5, 1 + timbres + pitch)
    if settings.pitch:
        parts += [spread[:, -1], np.quantile(voicing, _PERCENTILES), _voicing_rates(voiced)]
        parts.append(_melody(pitch, loudness))
    parts += [spread[:, 0], spread[:, 1 : 1 + timbres].ravel(), _trend(loudness)]
    functionals: NDArray[np.float32] = np.concatenate(parts).astype(np.float32)
    return functionals


def _voicing_rates(voiced: NDArray[np.bool_]) -> Numbers:
    changes = np.abs(np.diff(voiced.astype(np.float64)))
    return np.array([voiced.mean(), changes.mean() if len(changes) else 0.0])


def _melody(pitch: Numbers, loudness: Numbers) -> Numbers:
    steps = np.abs(np.diff(pitch))
    moves = [np.ptp(pitch), steps.mean() if len(steps) else 0.0, _correlation(pitch, loudness)]
    return np.concatenate([_trend(pitch), moves])


def _trend(track: Numbers) -> Numbers:
    """Return the slope of a track, and the difference of its last and first third."""
    time = np.linspace(-1, 1, len(track))
    third = max(len(track) // 3, 1)
    return np.array([(track * time).mean(), track[-third:].mean() - track[:third].mean()])


def _correlation(x: Numbers, y: Numbers) -> float:
    spread = x.std() * y.std()
    if spread < _FLAT:
        return 0.0
    return float(((x - x.mean()) * (y - y.mean())).mean() / spread)


def functionals(clips: Sequence[Features]) -> NDArray[np.float32]:
    """Return the functionals (n, 7 D + 1) of clips (T, D), T at least 1.

    Per feature: mean, standard deviation, percentiles 10, 50 and 90, slope of the regression line
    (per frame), and mean absolute step between frames; per clip: logarithm of the number of frames.

    Source: after Schuller, Steidl, Batliner, "The INTERSPEECH 2009 Emotion Challenge", 2009.

    Example:
        >>> rising = np.arange(5, dtype=np.float32)[:, None]
        >>> functionals([rising])[0, [0, 3, 5]].tolist()
        [2.0, 2.0, 1.0]
    """
    return np.stack([_clip_functionals(clip) for clip in clips])


def _clip_functionals(clip: Features) -> NDArray[np.float32]:
    frames = clip.astype(np.float64)
    time = np.arange(len(frames)) - (len(frames) - 1) / 2  # centred
    slope = time @ frames / (float(time @ time) or 1.0)
    step = np.abs(np.diff(frames, axis=0)).sum(axis=0) / max(len(frames) - 1, 1)
    low, middle, high = np.percentile(frames, (10, 50, 90), axis=0)
    parts = [frames.mean(axis=0), frames.std(axis=0), low, middle, high, slope, step]
    vector: NDArray[np.float32] = np.concatenate([*parts, [np.log(len(frames))]]).astype(np.float32)
    return vector
