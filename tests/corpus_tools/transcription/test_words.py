import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_tools.transcription.assign import assign_words, split_recognition
from corpus_tools.transcription.recognisers.base import Recognition, Word

times = st.floats(0, 9)
words = st.lists(
    st.builds(
        lambda start, length, text, probability: Word(start, start + length, text, probability),
        times,
        st.one_of(st.just(0.0), st.floats(0, 3)),
        st.sampled_from(["巴适", "得", "很", " well", "。", "\ufffd", ""]),
        st.one_of(st.none(), st.floats(0, 1)),
    ),
    max_size=30,
)
spans = st.lists(
    st.tuples(times, st.floats(0, 6)).map(lambda one: (one[0], one[0] + one[1])),
    min_size=1,
    max_size=8,
)


@given(words, spans)
def test_every_word_is_assigned_to_one_clip(
    words_in: list[Word], clips: list[tuple[float, float]]
) -> None:
    given_to = assign_words(words_in, NOISE, clips)
    assert len(given_to) == len(clips)
    assert sorted(map(id, words_in)) == sorted(id(word) for mine in given_to for word in mine)
    place = {id(word): index for index, word in enumerate(words_in)}
    for mine in given_to:
        order = [place[id(word)] for word in mine]
        assert order == sorted(order)


@given(words, spans)
def test_a_word_goes_to_the_clip_with_most_of_its_energy(
    words_in: list[Word], clips: list[tuple[float, float]]
) -> None:
    for mine, clip in zip(assign_words(words_in, NOISE, clips), clips, strict=True):
        for word in mine:
            held = [energy(word, one) for one in clips]
            assert max(held) == pytest.approx(energy(word, clip), rel=1e-9, abs=1e-9)


def energy(word: Word, clip: tuple[float, float]) -> float:
    first = round(16000 * max(word.start, clip[0]))
    last = round(16000 * min(word.end, clip[1]))
    return float(np.sum(np.float64(NOISE[first : max(first, last)]) ** 2))


@given(words, spans)
def test_a_word_in_silence_goes_to_the_clip_of_its_midpoint_else_to_the_nearest(
    words_in: list[Word], clips: list[tuple[float, float]]
) -> None:
    given_to = assign_words(words_in, SILENCE, clips)
    for mine, (start, end) in zip(given_to, clips, strict=True):
        for word in mine:
            middle = (word.start + word.end) / 2
            away = max(start - middle, middle - end, 0.0)
            assert away == min(max(one - middle, middle - other, 0.0) for one, other in clips)


@given(words, spans)
def test_the_clips_words_are_kept_whole_and_inside_their_clip(
    words_in: list[Word], clips: list[tuple[float, float]]
) -> None:
    text = "".join(word.text for word in words_in)
    parts = split_recognition(Recognition(text, "zh", words=words_in), NOISE, clips)
    assert sum(len(one.words or ()) for one in parts) == len(words_in)
    for one, (start, end) in zip(parts, clips, strict=True):
        assert one.words is not None
        assert one.text == "".join(word.text for word in one.words).strip()
        assert all(0 <= word.start <= word.end <= end - start for word in one.words)
        assert one.avg_logprob is None or math.isfinite(one.avg_logprob)


@pytest.mark.parametrize(
    ("pause", "clips"),
    [
        ((1.9, 4.0), [(0.0, 3.0), (3.0, 6.0)]),  # the word begins with the pause before it
        ((1.95, 4.0), [(0.0, 2.5), (3.8, 6.0)]),
    ],
)
def test_a_word_that_swallows_a_pause_goes_where_it_sounds(
    pause: tuple[float, float], clips: list[tuple[float, float]]
) -> None:
    wave = NOISE.copy()
    wave[round(16000 * pause[0]) : round(16000 * pause[1])] *= 0.01  # room tone
    words_in = [Word(1.5, 1.86, "嘛"), Word(1.86, 4.4, "我"), Word(4.4, 4.6, "说")]
    first, second = split_recognition(Recognition("嘛我说", words=words_in), wave, clips)
    assert (first.text, second.text) == ("嘛", "我说")
    assert (first.flags, second.flags) == ((), ())  # nothing of it sounds under the first


def test_a_word_in_two_clips_flags_both_and_a_lingering_one_neither() -> None:
    clips = [(0.0, 3.0), (3.0, 6.0), (6.5, 9.0)]
    lingering = Word(2.5, 3.05, "嘛", 0.5)
    assert flags([lingering], clips) == [(), (), ()]
    assert flags([Word(2.5, 3.3, "巴适", 0.5)], clips) == [("straddles",), ("straddles",), ()]
    assert flags([Word(5.7, 6.4, "嘛", 0.5)], clips) == [(), (), ()]  # into the silence


def flags(words_in: list[Word], clips: list[tuple[float, float]]) -> list[tuple[str, ...]]:
    text = "".join(word.text for word in words_in)
    parts = split_recognition(Recognition(text, words=words_in), NOISE, clips)
    return [tuple(one.flags) for one in parts]


NOISE = np.random.default_rng(3).normal(0, 0.1, 16 * 16000).astype(np.float32)
SILENCE = np.zeros(16 * 16000, np.float32)


def test_the_confidence_of_a_clip_is_that_of_its_words() -> None:
    words_in = [Word(0.5, 1.0, "巴适", 0.9), Word(3.5, 4.0, "得", 0.1), Word(4.0, 4.2, "很", 0.4)]
    window = Recognition("巴适得很", "zh", -0.3, 0.05, 1.2, words_in)
    sure, unsure, empty = split_recognition(window, NOISE, [(0.0, 3.0), (3.0, 6.0), (6.0, 9.0)])
    assert (sure.text, unsure.text, empty.text) == ("巴适", "得很", "")
    assert sure.avg_logprob == pytest.approx(math.log(0.9), abs=1e-4)
    assert unsure.avg_logprob == pytest.approx((math.log(0.1) + math.log(0.4)) / 2, abs=1e-4)
    assert (empty.avg_logprob, empty.no_speech_prob, empty.language) == (None, 0.05, "zh")
