import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_tools.media.decode import decode_whole
from corpus_tools.segmentation.repeats.fingerprint import fingerprint
from corpus_tools.segmentation.repeats.search import find_repeats

RATE = 16_000


def clips(**samples):
    return [(name, fingerprint(one)) for name, one in samples.items()]


@pytest.fixture(scope="module")
def scene(make_babble):
    return make_babble(12.0, seed=3)


def cut(samples, start, end):
    return samples[round(start * RATE) : round(end * RATE)]


def test_a_shifted_quieter_cut_is_found(scene):
    repeats = find_repeats(clips(a=cut(scene, 2, 6), b=cut(scene, 2.3017, 6.5) // 3))
    assert repeats == {"b": "a"}


@pytest.mark.parametrize("name", ["a.m4a", "a.mp3"])
def test_a_cut_of_an_encoded_copy_is_found(name, tmp_path, scene, resampled, make_media):
    path = make_media(tmp_path / name, resampled(scene, 44_100) / 32768, 44_100)
    copy = decode_whole(path)
    assert find_repeats(clips(a=cut(scene, 2, 6), b=cut(copy, 1.5, 5.5))) == {"b": "a"}


def take(hashes, share, seed):
    """Return hashes with a share of their bits flipped, as in another take or a poor encoding."""
    flips = np.random.default_rng(seed).random((len(hashes), 24)) < 1.25 * share
    flips[::5] = False
    return (hashes ^ (flips @ (1 << np.arange(24)))).astype(np.uint32)


@pytest.mark.parametrize(
    ("frames", "errors", "found"),
    [(70, 0.16, False), (100, 0.18, False), (70, 0.05, True), (45, 0.09, True), (250, 0.15, True)],
)
def test_short_lines_must_match_closely_since_other_takes_come_near(frames, errors, found):
    line = np.random.default_rng(1).integers(1, 2**24, frames).astype(np.uint32)
    repeats = find_repeats([("a", line), ("b", take(line, errors, seed=2))])
    assert repeats == ({"b": "a"} if found else {})


def test_clip_across_two_earlier_ones_names_the_larger_match(scene):
    earlier = clips(a=cut(scene, 1, 5), b=cut(scene, 5, 9))
    assert find_repeats([*earlier, *clips(c=cut(scene, 3.5, 7.2))]) == {"c": "b"}
    assert find_repeats([*earlier, *clips(c=cut(scene, 2.8, 6.5))]) == {"c": "a"}


def test_less_than_half_in_common_is_no_repeat(scene):
    assert find_repeats(clips(a=cut(scene, 0, 4), b=cut(scene, 2.8, 7))) == {}


def test_order_decides_which_one_is_kept(scene):
    both = clips(a=cut(scene, 2, 6), b=cut(scene, 2.5, 6.5))
    assert find_repeats(both) == {"b": "a"}
    assert find_repeats(both[::-1]) == {"a": "b"}


def test_every_repeat_names_the_first(scene):
    cuts = {name: cut(scene, 2 + shift / 3, 6 + shift / 3) for shift, name in enumerate("abcd")}
    assert find_repeats(clips(**cuts)) == {"b": "a", "c": "a", "d": "a"}


def test_sound_that_only_a_repeat_has_is_kept(scene):
    repeats = find_repeats(clips(a=cut(scene, 0, 4), b=cut(scene, 1.5, 5.5), c=cut(scene, 4.1, 8)))
    assert repeats == {"b": "a"}


def test_found_again_among_many_others_and_after_many_blocks(scene):
    noise = np.random.default_rng(0).integers(1, 2**24, (300, 200)).astype(np.uint32)
    others = [(f"{copy}{n}", hashes) for copy in "op" for n, hashes in enumerate(noise)]
    repeats = find_repeats([*clips(a=cut(scene, 2, 6)), *others, *clips(z=cut(scene, 2.2, 6))])
    assert repeats == {f"p{n}": f"o{n}" for n in range(len(noise))} | {"z": "a"}


def test_silence_noise_and_hum_are_no_repeats(scene):
    t, rng = np.arange(4 * RATE) / RATE, np.random.default_rng(0)
    hum = 3000 * sum(np.sin(2 * np.pi * 50 * n * t) / n for n in range(1, 30))
    noise = rng.normal(0, 100, len(t))
    sounds = [np.zeros(len(t)), hum, noise, noise + hum]
    alike = {f"{n}{copy}": one.astype(np.int16) for n, one in enumerate(sounds) for copy in "ab"}
    assert find_repeats(clips(**alike)) == {}


def test_clips_without_hashes_and_no_clips_at_all():
    assert find_repeats([]) == {}
    assert find_repeats(clips(a=np.zeros(10, np.int16), b=np.zeros(70_000, np.int16))) == {}


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 150), st.integers(40, 250)), max_size=30)
)
def test_originals_come_earlier_and_are_no_repeats(cuts):
    songs = np.random.default_rng(0).integers(0, 2**24, (3, 400)).astype(np.uint32)
    some = [
        (str(number), songs[song % 3, start : start + length])
        for number, (song, start, length) in enumerate(cuts)
    ]
    repeats = find_repeats(some)
    assert repeats == find_repeats(some)
    assert list(repeats) == sorted(repeats, key=int)
    for repeat, original in repeats.items():
        assert int(original) < int(repeat)
        assert original not in repeats
