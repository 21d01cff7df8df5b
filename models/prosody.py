"""What the melody, loudness and colour of a whole clip come to: a vector of functionals."""

import numpy as np
from numpy.typing import NDArray

from models.features import FeatureExtractor, Features
from models.settings import FeatureSettings

__all__ = ["functional_count", "prosodic_functionals"]

Numbers = NDArray[np.float64]


def functional_count(settings: FeatureSettings) -> int:
    """Return F, how many functionals a clip with such features has."""
    frames = np.zeros((2, FeatureExtractor(settings).width), dtype=np.float32)
    return len(prosodic_functionals(frames, settings))


def prosodic_functionals(features: Features, settings: FeatureSettings) -> NDArray[np.float32]:
    """Return the functionals (F,) of a clip.

    Of every feature its mean and deviation. Of loudness (the first coefficient), of the colour of
    the voice (the next four) and of pitch, the percentiles 5, 20, 50, 80 and 95 over voiced frames,
    or over all of them where next to none is voiced; of voicing, the same over all frames, how much
    of the clip is voiced and how often that changes. Of pitch and loudness how they rise or fall
    over the clip and between its first third and its last; how far pitch ranges, how fast it moves,
    and whether it goes with loudness.

    Args:
        features: frames (T, D) as :class:`models.features.FeatureExtractor` gives them, T at least
            1, not normalised.
        settings: of the features.

    Source: after Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set", 2016, which takes
    such functionals of such tracks.

    Example:
        >>> settings = FeatureSettings(n_mfcc=13, pitch=False)
        >>> prosodic_functionals(np.ones((50, 13), dtype=np.float32), settings).shape
        (53,)
    """
    frames = features.astype(np.float64)
    loudness, colour = frames[:, 0], frames[:, 1 : min(_COLOURS + 1, settings.n_mfcc)]
    parts = [frames.mean(axis=0), frames.std(axis=0)]
    heard = frames[:, : 1 + colour.shape[1]]
    if settings.pitch:
        pitch, voicing = frames[:, -2], frames[:, -1]
        voiced = voicing > _VOICED
        heard = np.concatenate([heard, pitch[:, None]], axis=1)
        heard = heard[voiced] if voiced.sum() > _FEW else heard
    spread = _percentiles(heard)  # (5, 1 + colours + pitch)
    if settings.pitch:
        parts += [spread[:, -1], _percentiles(voicing), _voiced_parts(voiced)]
        parts.append(_melody(pitch, loudness))
    coloured = spread[:, 1 : 1 + colour.shape[1]]
    parts += [spread[:, 0], coloured.ravel(), _trend(loudness)]
    found: NDArray[np.float32] = np.concatenate(parts).astype(np.float32)
    return found


def _percentiles(track: Numbers) -> Numbers:
    found: Numbers = np.quantile(track, _SHARES, axis=0)
    return found


def _voiced_parts(voiced: NDArray[np.bool_]) -> Numbers:
    changes = np.abs(np.diff(voiced.astype(np.float64)))
    return np.array([voiced.mean(), changes.mean() if len(changes) else 0.0])


def _melody(pitch: Numbers, loudness: Numbers) -> Numbers:
    steps = np.abs(np.diff(pitch))
    moves = [np.ptp(pitch), steps.mean() if len(steps) else 0.0, _correlation(pitch, loudness)]
    return np.concatenate([_trend(pitch), moves])


def _trend(track: Numbers) -> Numbers:
    """Return how a track leans over the clip, and from its first third to its last."""
    time = np.linspace(-1, 1, len(track))
    third = max(len(track) // 3, 1)
    return np.array([(track * time).mean(), track[-third:].mean() - track[:third].mean()])


def _correlation(one: Numbers, other: Numbers) -> float:
    spread = one.std() * other.std()
    if spread < _FLAT:
        return 0.0
    return float(((one - one.mean()) * (other - other.mean())).mean() / spread)


_SHARES = (0.05, 0.2, 0.5, 0.8, 0.95)
_COLOURS = 4  # coefficients after the first
_VOICED = 0.5  # share of a frame's energy that is periodic
_FEW = 3  # frames
_FLAT = 1e-9
