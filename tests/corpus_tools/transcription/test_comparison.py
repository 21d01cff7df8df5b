import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_tools.transcription.compare import TextPair, by_source, clip_errors
from manifests.base.letters import plain_letters

texts = st.text(alphabet="巴适得很莫ab ，!", max_size=12)


def distance(a: str, b: str) -> int:
    """Return the edit distance by the textbook's algorithm."""
    row = list(range(len(b) + 1))
    for i, one in enumerate(a, start=1):
        before, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]


@given(texts, texts)
def test_the_edits_are_the_fewest(a: str, b: str) -> None:
    (found,) = clip_errors([TextPair("c", "s", a, b)])
    a, b = plain_letters(a), plain_letters(b)
    assert found.errors.edits == distance(a, b)
    assert found.errors.characters == len(a)
    assert found.errors.insertions - found.errors.deletions == len(b) - len(a)


def test_spelling_counts_only_with_exact() -> None:
    pair = TextPair("c", "s", "ＯＫ， 巴适！", "ok巴适")
    assert clip_errors([pair])[0].errors.edits == 0
    assert clip_errors([pair], exact=True)[0].errors.edits == 5


def test_sums_by_source_weigh_clips_by_their_characters() -> None:
    pairs = [TextPair("a1", "a", "巴适得很", "巴适"), TextPair("a2", "a", "要", "不")]
    random.Random(0).shuffle(pairs)
    sums = by_source(clip_errors([*pairs, TextPair("b1", "b", "莫得", "莫得事")]))
    assert sums["a"].rate == pytest.approx(3 / 5)
    assert sums["b"].row() == {
        "clips": 1, "characters": 2, "substitutions": 0, "deletions": 0, "insertions": 1, "cer": 0.5
    }  # fmt: skip


def test_a_reference_without_a_letter_has_no_rate() -> None:
    (found,) = clip_errors([TextPair("c", "s", "……", "啊")])
    assert (found.errors.rate, found.errors.insertions) == (None, 1)
