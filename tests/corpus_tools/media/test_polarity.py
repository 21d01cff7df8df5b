import numpy as np
import pytest

from corpus_tools.media.decode import decode
from corpus_tools.media.polarity import PolarityMeter


def share(path):
    meter = PolarityMeter()
    for _ in decode(path, polarity=meter):
        pass
    return meter.share


@pytest.fixture(scope="module")
def talk(make_scene):
    return make_scene([(1.5, 0.5)] * 3, 48_000)


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [(".mp4", None), (".flac", None), (".mp3", None), (".wav", None), (".wav", "pcm_f32le")],
)
def test_opposite_polarity_is_detected(tmp_path, make_media, talk, suffix, codec):
    opposed = np.stack([talk, -0.9 * talk])
    path = make_media(tmp_path / f"a{suffix}", opposed, 48_000, layout="stereo", codec=codec)
    assert share(path) > 0.9


def test_ordinary_channels_are_not_opposite(tmp_path, make_media, talk):
    rng = np.random.default_rng(0)
    pairs = {
        "same": (talk, talk),
        "one": (talk, 0 * talk),
        "other": (talk, np.roll(talk, 20_000)),
        "room": (talk, talk + rng.normal(0, 0.1, len(talk))),
        "nothing": (0 * talk, 0 * talk),
    }
    for name, pair in pairs.items():
        path = make_media(tmp_path / f"{name}.flac", np.stack(pair), 48_000, layout="stereo")
        assert share(path) == 0, name
