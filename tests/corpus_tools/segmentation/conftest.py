import functools

import numpy as np
import pytest
from scipy.signal import resample_poly

VTT = """WEBVTT

00:00:00.500 --> 00:00:02.000
<v 王>巴适得很

00:00:02.800 --> 00:00:04.800
<v 王>要得

00:00:05.200 --> 00:00:06.100
<v 李>莫得事
"""


@pytest.fixture(scope="session")
def films(tmp_path_factory, make_scene, make_media):
    """A folder with two films of one series, the first with subtitles."""
    folder = tmp_path_factory.mktemp("films") / "山城"
    folder.mkdir()
    talk = [(1.5, 0.8), (2.0, 0.4), (0.9, 1.5), (3.2, 2.0)]
    make_media(folder / "第1集.mp4", make_scene(talk, 48_000), 48_000, layout="stereo")
    (folder / "第1集.vtt").write_text(VTT, encoding="utf-8")
    make_media(folder / "E02.mp3", make_scene(talk[::-1], 44_100, seed=1), 44_100)
    return folder


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "corpus").mkdir()
    return tmp_path / "corpus"


@functools.cache
def babble(seconds, seed):
    """Return int16 syllables of random pitch, formants and length, over a quiet room."""
    rng = np.random.default_rng(seed)
    sound = rng.normal(0, 1e-3, round(seconds * 16_000))
    at = 0
    while at < len(sound):
        t = np.arange(min(rng.integers(1600, 4800), len(sound) - at)) / 16_000
        pitch = rng.uniform(90, 250) * (1 + rng.uniform(-0.3, 0.3) * t)
        formants = rng.uniform((250, 900, 2000), (900, 2000, 3500))
        for number in range(1, int(4000 / pitch.mean())):
            loudness = np.exp(-(((number * pitch.mean() - formants) / 150) ** 2)).sum() + 0.02
            syllable = loudness * np.sin(2 * np.pi * number * np.cumsum(pitch) / 16_000 + number)
            sound[at : at + len(t)] += syllable * np.sin(np.pi * np.linspace(0, 1, len(t)))
        at += len(t) + rng.integers(0, 3200)
    rounded = np.round(20_000 * sound / np.abs(sound).max()).astype(np.int16)
    rounded.flags.writeable = False
    return rounded


@pytest.fixture(scope="session")
def make_babble():
    return babble


@pytest.fixture(scope="session")
def resampled():
    return lambda samples, rate: resample_poly(samples.astype(float), rate // 50, 16_000 // 50)
