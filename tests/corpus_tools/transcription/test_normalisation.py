import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_tools.transcription.normalisation import normalise
from models.text.lexicon import bundled_lexicon


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("ＡＢＣ１２３，好！", "ABC123，好！"),
        (" 莫得\u3000事\t\n了 ", "莫得 事 了"),
        ("\ufeff要\u200b得\x07", "要得"),
        ("巴 适 得 很 。", "巴 适 得 很 。"),
        ("巴 适 得 很。", "巴适得很。"),
        ("e\u0301te\u0301 12:30 3.5%", "été 12:30 3.5%"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_one_spelling(raw: str, text: str) -> None:
    assert normalise(raw) == text


def test_sichuanese_words_survive() -> None:
    words = [entry.word for entry in bundled_lexicon()]
    assert [normalise(word) for word in words] == words


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
