import numpy as np
import pytest

from corpus_tools.media.decode import decode_whole
from corpus_tools.segmentation.repeats.fingerprint import fingerprint
from corpus_tools.segmentation.repeats.search import find_shared

RATE = 16_000
SECONDS = 3


@pytest.fixture(scope="module")
def takes(make_babble):
    return [make_babble(SECONDS, seed) for seed in range(6)]


@pytest.fixture(scope="module")
def row(takes):
    pause = np.zeros(RATE // 2, dtype=np.int16)
    return np.concatenate([pause, *(part for take in takes for part in (take, pause))])


def named(letter, clips):
    return [(f"{letter}{number}", fingerprint(clip)) for number, clip in enumerate(clips)]


@pytest.mark.parametrize(
    ("suffix", "codec", "rate", "kilobits"),
    [("mp3", "libmp3lame", 48_000, 32), ("ogg", "libopus", 48_000, 16), ("m4a", "aac", 48_000, 32)],
)
def test_encoded_shifted_and_softer_copies_are_found(
    tmp_path, make_media, resampled, takes, row, suffix, codec, rate, kilobits
):
    path = tmp_path / f"row.{suffix}"
    sound = 0.2 * resampled(row, rate) / 32768
    make_media(path, sound, rate, codec=codec, options={"b": str(kilobits * 1000)})
    whole = decode_whole(path)
    shifts = np.random.default_rng(0).uniform(-0.5, 0.5, len(takes))
    copies = []
    for number, shift in enumerate(shifts):
        start = round((0.5 + 3.5 * number + shift) * RATE)
        copies.append(whole[max(start, 0) : start + SECONDS * RATE])
    groups = find_shared([*named("o", takes), *named("c", copies)])
    assert groups == {f"{letter}{n}": f"o{n}" for letter in "oc" for n in range(len(takes))}


def test_other_takes_are_not_grouped(make_babble):
    clips = [make_babble(2, seed) for seed in range(100, 140)]
    assert find_shared(named("o", clips)) == {}


def test_sharing_is_transitive(takes):
    first, second = takes[0], takes[1]
    across = np.concatenate([first[RATE:], second[: 2 * RATE]])
    clips = [("a", first), ("b", second), ("c", across), ("d", takes[2])]
    groups = find_shared([(name, fingerprint(sound)) for name, sound in clips])
    assert groups == {"a": "a", "b": "a", "c": "a"}


def test_short_or_silent_clips_are_not_grouped(takes):
    silent = np.zeros(2 * RATE, dtype=np.int16)
    short = takes[0][:2000]
    assert find_shared(named("s", [silent, silent, short, short])) == {}
    assert find_shared([]) == {}
