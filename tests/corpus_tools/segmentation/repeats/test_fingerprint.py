import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_tools.media.decode import decode_whole
from corpus_tools.segmentation.repeats.fingerprint import BITS, HOP, fingerprint, from_text, to_text
from manifests.base.errors import DataError

RATE = 16_000


def errors(one, other):
    """Share of bits that differ in frames that both have hashes of."""
    length = min(len(one), len(other))
    one, other = one[:length], other[:length]
    audible = (one > 0) & (other > 0)
    assert audible.sum() > 50
    return np.bitwise_count(one ^ other)[audible].mean() / BITS


@pytest.fixture(scope="module")
def speech(make_babble):
    return make_babble(4.0, seed=1)


@pytest.mark.parametrize(
    ("name", "rate", "options"),
    [("a.m4a", 48_000, {}), ("a.mp3", 44_100, {}), ("a.mp3", 22_050, {}), ("a.opus", 48_000, {})],
)
def test_other_codecs_and_rates_flip_few_bits(
    name, rate, options, tmp_path, speech, resampled, make_media
):
    path = make_media(tmp_path / name, resampled(speech, rate) / 32768, rate, options=options)
    assert errors(fingerprint(speech), fingerprint(decode_whole(path))) < 0.15


@settings(max_examples=20, deadline=None)
@given(shift=st.integers(0, 5000), gain_db=st.floats(-24, 6))
def test_shift_and_gain_flip_few_bits(speech, shift, gain_db):
    other = np.round(speech[shift:] * 10 ** (gain_db / 20)).clip(-32768, 32767).astype(np.int16)
    whole = fingerprint(speech)[round(shift / HOP) :]
    assert errors(whole, fingerprint(other)) < 0.12


def test_other_speech_differs_in_half_of_the_bits(make_babble, speech):
    assert errors(fingerprint(speech), fingerprint(make_babble(4.0, seed=2))) > 0.4


def steady(kind):
    t, rng = np.arange(4 * RATE) / RATE, np.random.default_rng(0)
    return {
        "silence": lambda: np.zeros(len(t)),
        "room tone": lambda: rng.normal(0, 0.001, len(t)),
        "loud noise": lambda: rng.normal(0, 0.1, len(t)),
        "hum of 50 Hz": lambda: sum(np.sin(2 * np.pi * 50 * n * t + n) / n for n in range(1, 40)),
        "hum of 60 Hz": lambda: sum(np.sin(2 * np.pi * 60 * n * t + n) / n for n in range(1, 40)),
        "tone": lambda: 0.5 * np.sin(2 * np.pi * 440 * t),
    }[kind]()


@pytest.mark.parametrize(
    "kind", ["silence", "room tone", "loud noise", "hum of 50 Hz", "hum of 60 Hz", "tone"]
)
def test_steady_sound_has_no_hashes(kind):
    assert not fingerprint((10_000 * steady(kind)).astype(np.int16)).any()


@pytest.mark.parametrize("length", [0, 1, 7000])
def test_too_short_a_clip_has_no_hashes(length, speech):
    assert len(fingerprint(speech[:length])) == 0


def test_a_clip_of_four_seconds_takes_about_a_kilobyte(speech):
    assert len(to_text(fingerprint(speech))) < 1200


@given(st.lists(st.integers(0, 2**BITS - 1), max_size=40))
def test_hashes_survive_a_round_trip_as_text(values):
    hashes = np.array(values, dtype=np.uint32)
    assert np.array_equal(from_text(to_text(hashes)), hashes)


@pytest.mark.parametrize("text", ["AAA", "AA==", "é", "AAAA!"])
def test_invalid_text_is_refused(text):
    with pytest.raises(DataError, match="isn't a fingerprint"):
        from_text(text)
