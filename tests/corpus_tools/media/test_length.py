import numpy as np
import pytest

from corpus_tools.media.decode import decode_whole
from corpus_tools.media.errors import MediaError
from corpus_tools.media.probe import length_of, probe
from corpus_tools.media.resample import SAMPLE_RATE

QUIET_THEN_LOUD = np.concatenate(
    [np.zeros(12 * 16_000), np.random.default_rng(0).uniform(-0.9, 0.9, 4 * 16_000)]
)


@pytest.mark.parametrize(
    ("name", "codec", "options", "start"),
    [
        ("plain.wav", "pcm_s16le", {}, 0),
        ("no-header.aac", "aac", {}, 0),
        ("no-header.mp3", "libmp3lame", {"write_xing": "0"}, 0),
        ("late.mp4", "aac", {}, 2.5),
        ("late.mkv", "aac", {}, 2.5),
        ("broadcast.ts", "aac", {}, 2.5),
    ],
)
def test_packets_give_the_decoded_length(tmp_path, make_media, name, codec, options, start):
    path = make_media(tmp_path / name, QUIET_THEN_LOUD, codec=codec, options=options, start=start)
    assert length_of(path, 0) == pytest.approx(len(decode_whole(path)) / SAMPLE_RATE, abs=0.15)


def test_announced_length_without_a_header_is_an_estimate(tmp_path, make_media):
    path = make_media(tmp_path / "a.aac", QUIET_THEN_LOUD, codec="aac")
    assert abs(probe(path).default_track.duration - 16) > 2
    assert length_of(path, 0) == pytest.approx(16, abs=0.15)


def test_other_files_are_named(tmp_path):
    (tmp_path / "a.mp4").write_text("hello")
    with pytest.raises(MediaError, match="not audio or video"):
        length_of(tmp_path / "a.mp4", 0)
