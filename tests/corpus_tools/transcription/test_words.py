import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_tools.transcription.assign import assign_words, split_recognition
from corpus_tools.transcription.recognisers.base import Recognition, Word

times = st.floats(0, 40)
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
    given_to = assign_words(words_in, clips)
    assert len(given_to) == len(clips)
    assert sorted(map(id, words_in)) == sorted(id(word) for mine in given_to for word in mine)
    place = {id(word): index for index, word in enumerate(words_in)}
    for mine in given_to:
        order = [place[id(word)] for word in mine]
        assert order == sorted(order)


@given(words, spans)
def test_a_word_goes_to_a_clip_that_holds_its_midpoint_else_to_the_nearest(
    words_in: list[Word], clips: list[tuple[float, float]]
) -> None:
    for mine, (start, end) in zip(assign_words(words_in, clips), clips, strict=True):
        for word in mine:
            middle = (word.start + word.end) / 2
            away = max(start - middle, middle - end, 0.0)
            assert away == min(max(one - middle, middle - other, 0.0) for one, other in clips)


@given(words, spans)
def test_the_clips_words_are_kept_whole_and_inside_their_clip(
    words_in: list[Word], clips: list[tuple[float, float]]
) -> None:
    text = "".join(word.text for word in words_in)
    parts = split_recognition(Recognition(text, "zh", words=words_in), clips)
    assert sum(len(one.words or ()) for one in parts) == len(words_in)
    for one, (start, end) in zip(parts, clips, strict=True):
        assert one.words is not None
        assert one.text == "".join(word.text for word in one.words).strip()
        assert all(0 <= word.start <= word.end <= end - start for word in one.words)
        assert one.avg_logprob is None or math.isfinite(one.avg_logprob)


def test_a_word_in_two_clips_flags_both_and_a_lingering_one_neither() -> None:
    clips = [(0.0, 3.0), (3.0, 6.0), (6.5, 9.0)]
    lingering = Word(2.5, 3.05, "嘛", 0.5)
    assert flags([lingering], clips) == [(), (), ()]
    assert flags([Word(2.5, 3.3, "巴适", 0.5)], clips) == [("straddles",), ("straddles",), ()]
    assert flags([Word(5.7, 6.4, "嘛", 0.5)], clips) == [(), (), ()]  # into the silence


def flags(words_in: list[Word], clips: list[tuple[float, float]]) -> list[tuple[str, ...]]:
    text = "".join(word.text for word in words_in)
    return [tuple(one.flags) for one in split_recognition(Recognition(text, words=words_in), clips)]


def test_the_confidence_of_a_clip_is_that_of_its_words() -> None:
    words_in = [Word(0.5, 1.0, "巴适", 0.9), Word(3.5, 4.0, "得", 0.1), Word(4.0, 4.2, "很", 0.4)]
    window = Recognition("巴适得很", "zh", -0.3, 0.05, 1.2, words_in)
    sure, unsure, empty = split_recognition(window, [(0.0, 3.0), (3.0, 6.0), (6.0, 9.0)])
    assert (sure.text, unsure.text, empty.text) == ("巴适", "得很", "")
    assert sure.avg_logprob == pytest.approx(math.log(0.9), abs=1e-4)
    assert unsure.avg_logprob == pytest.approx((math.log(0.1) + math.log(0.4)) / 2, abs=1e-4)
    assert (empty.avg_logprob, empty.no_speech_prob, empty.language) == (None, 0.05, "zh")
