import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_tools.transcription.guards.hallucinations import (
    has_loop,
    redundancy,
    repeated_texts,
    units_of,
)


@pytest.mark.parametrize(
    ("unit", "most"),
    [
        ("哈", 14),
        ("no ", 14),
        ("ha", 14),
        ("快点", 5),
        ("thank you ", 5),
        ("谢谢你", 5),
        ("对不起", 5),
        ("I don't ", 5),
        ("莫得事哈", 3),
        ("I have no idea what this is ", 2),
    ],
)
def test_repetition_beyond_that_of_speech_is_a_loop(unit: str, most: int) -> None:
    assert not has_loop(unit * most)
    assert has_loop(unit * (most + 1))


@pytest.mark.parametrize(
    ("unit", "most"), [("no ", 7), ("词曲 ", 3), ("一二三", 3), ("他不来了", 2)]
)
def test_fewer_repetitions_are_a_loop_where_the_recogniser_is_unsure(unit: str, most: int) -> None:
    assert not has_loop(unit * most, unsure=True)
    assert has_loop(unit * (most + 1), unsure=True)
    assert not has_loop(unit * (most + 1))


def test_redundancy_counts_words_where_there_are_spaces() -> None:
    assert redundancy("one two three four five six seven eight nine ten " * 2) == 20 / 11
    assert units_of("OK，3 块钱") == ["ok", "3", "块", "钱"]


@given(st.text(max_size=200))
def test_redundancy_is_at_least_one_and_at_most_the_number_of_units(text: str) -> None:
    assert 1.0 <= redundancy(text) <= max(1, len(units_of(text)))


@given(st.text("巴适得很莫事", min_size=16, max_size=60))
def test_a_repeated_text_is_more_redundant(text: str) -> None:
    assert redundancy(text * 3) > redundancy(text)


def test_one_text_on_many_clips_of_a_source() -> None:
    said = {f"loop-{n}": text for n, text in enumerate(["你只能选择两个。", "你只能選擇兩個"] * 3)}
    said |= {f"thanks-{n}": "谢谢" for n in range(40)}
    said |= {f"other-{n}": f"我说的是第{n}个人" for n in range(9)}
    assert repeated_texts(said, 5) == {f"loop-{n}" for n in range(6)}
    assert repeated_texts(said, 6) == frozenset()
    assert repeated_texts({}, 1) == frozenset()
