import numpy as np
import pytest

from models.config.branches import FeatureSettings
from models.features.functionals import prosodic_functionals
from models.features.mfcc import MfccExtractor

WIDTH = MfccExtractor(FeatureSettings()).width


def tone(from_hz, to_hz, seconds=2.0, loud=0.3):
    time = np.arange(int(16000 * seconds)) / 16000
    phase = 2 * np.pi * (from_hz * time + (to_hz - from_hz) * time**2 / (2 * seconds))
    return (loud * sum(np.sin(k * phase) / k for k in range(1, 5))).astype(np.float32)


def summary(samples):
    settings = FeatureSettings()
    return prosodic_functionals(MfccExtractor(settings)(samples), settings)


def melody(samples):
    """Return slope, rise, range and mean step of pitch from the functionals."""
    start = 2 * WIDTH + 5 + 5 + 2
    return summary(samples)[start : start + 5]


@pytest.mark.parametrize(
    "settings",
    [FeatureSettings(), FeatureSettings(pitch=False), FeatureSettings(deltas=True, n_mfcc=3)],
)
@pytest.mark.parametrize("frames", [1, 2, 5, 200])
def test_number_of_functionals_is_fixed_and_all_are_finite(settings, frames):
    width = MfccExtractor(settings).width
    features = np.random.default_rng(frames).normal(size=(frames, width)).astype(np.float32)
    found = prosodic_functionals(features, settings)
    assert found.shape == prosodic_functionals(features[:1], settings).shape
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


def test_slope_of_rising_and_falling_pitch():
    rising, falling, level = melody(tone(120, 240)), melody(tone(240, 120)), melody(tone(170, 170))
    assert rising[0] > 0.1 > -0.1 > falling[0]
    assert rising[1] > 0.4 > -0.4 > falling[1]
    assert abs(level[0]) < 0.05
    assert level[2] < 0.2 < rising[2]


def test_octave_shifts_pitch_percentiles_by_one():
    pitch = slice(2 * WIDTH + 1, 2 * WIDTH + 4)
    low, high = summary(tone(120, 150))[pitch], summary(tone(240, 300))[pitch]
    assert np.allclose(high - low, 1, atol=0.1)


def test_functionals_of_silence_are_finite():
    assert np.isfinite(summary(np.zeros(16000, dtype=np.float32))).all()
