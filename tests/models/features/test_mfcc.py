import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests.storage.store import sha256_file
from models.config.branches import FeatureSettings
from models.features.cache import ClipFile, FeatureCache
from models.features.extractor import SAMPLE_RATE
from models.features.mfcc import MfccExtractor
from models.features.pitch import pitch_track


def _speechlike(seconds, pitch=140.0):
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    voice = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 20))
    noise = np.random.default_rng(0).normal(0, 0.02, len(time))
    return (0.1 * voice * (1 + np.sin(2 * np.pi * 3 * time)) + noise).astype(np.float32)


@pytest.mark.parametrize("chosen", [FeatureSettings(), FeatureSettings(hop_ms=10, n_mels=128)])
def test_mfccs_equal_librosas(chosen):
    import librosa

    samples = _speechlike(1.3)
    extractor = MfccExtractor(chosen)
    expected = librosa.feature.mfcc(
        y=samples,
        sr=SAMPLE_RATE,
        n_mfcc=chosen.n_mfcc,
        n_mels=chosen.n_mels,
        n_fft=extractor.fft_size,
        win_length=extractor.window,
        hop_length=extractor.hop,
    )
    np.testing.assert_allclose(extractor.mfcc(samples).T, expected, atol=1e-4)
    np.testing.assert_allclose(extractor(samples)[:, : chosen.n_mfcc], expected.T, atol=1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_mfccs_equal_librosas_at_changing_levels(seed):
    import librosa

    random = np.random.default_rng(seed)
    levels = np.repeat(10 ** random.uniform(-4, 0, 8), 2000).astype(np.float32)
    samples = _speechlike(1.0, random.uniform(70, 350)) * levels
    expected = librosa.feature.mfcc(
        y=samples, sr=SAMPLE_RATE, n_mfcc=13, n_mels=64, n_fft=512, win_length=400, hop_length=256
    )
    found = MfccExtractor(FeatureSettings()).mfcc(samples).T
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)


def test_mfccs_from_the_cache_equal_librosas(tmp_path):
    import librosa

    path = tmp_path / "clip.wav"
    soundfile.write(path, _speechlike(1.7), SAMPLE_RATE, subtype="PCM_16")
    samples, _ = librosa.load(path, sr=None)
    expected = librosa.feature.mfcc(
        y=samples, sr=SAMPLE_RATE, n_mfcc=40, n_mels=64, n_fft=512, win_length=400, hop_length=160
    )
    clip = ClipFile("clip", path, sha256_file(path))
    chosen = FeatureSettings(n_mfcc=40, hop_ms=10, pitch=False)
    for _ in ("computed", "read back"):
        [(features,)] = FeatureCache(tmp_path / "cache", MfccExtractor(chosen)).load([clip])
        np.testing.assert_allclose(features, expected.T, atol=1e-4)


def test_deltas_equal_librosas():
    import librosa

    samples = _speechlike(0.8)
    extractor = MfccExtractor(FeatureSettings(n_mfcc=40, deltas=True, pitch=False))
    mfcc = extractor.mfcc(samples).T
    expected = librosa.feature.delta(mfcc, mode="nearest")
    np.testing.assert_allclose(extractor(samples)[:, 40:80], expected.T, atol=1e-4)


@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 4000), deltas=st.booleans(), pitch=st.booleans())
def test_number_of_frames(n, deltas, pitch):
    extractor = MfccExtractor(FeatureSettings(deltas=deltas, pitch=pitch))
    features = extractor(np.zeros(n, dtype=np.float32))
    assert features.shape == (1 + n // extractor.hop, extractor.width)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


@pytest.mark.parametrize("pitch", [80.0, 140.0, 310.0])
def test_pitch_of_voiced_frames(pitch):
    track = pitch_track(_speechlike(1.0, pitch), SAMPLE_RATE, 256)
    voiced = track[track[:, 1] > 0.5]
    assert len(voiced) > 40
    assert np.median(2 ** voiced[:, 0]) == pytest.approx(pitch, rel=0.02)


def test_noise_is_unvoiced():
    noise = np.random.default_rng(1).normal(0, 0.1, SAMPLE_RATE).astype(np.float32)
    assert np.median(pitch_track(noise, SAMPLE_RATE, 256)[:, 1]) < 0.5
