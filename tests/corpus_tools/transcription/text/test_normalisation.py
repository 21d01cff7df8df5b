import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_tools.transcription.text.normalise import normalise
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
        ("為啥子擺龍門陣？", "为啥子摆龙门阵？"),
        ("看著孃孃，妳莫慌", "看着孃孃，你莫慌"),
        ("丈母孃的專著很著名", "丈母娘的专著很著名"),
        ("碗打坏了", "碗打坏了"),
        ("三隻 3 隻 ３隻", "三只 3 只 3只"),
        ("<|zh|><|SAD|><|Cry|><|woitn|>走嘛", "走嘛"),
        ("🎼走嘛😔", "走嘛"),
        ("2 < 3 | a > b, <i>走</i>", "2 < 3 | a > b, <i>走</i>"),
    ],
)
def test_normalised_spellings(raw: str, text: str) -> None:
    assert normalise(raw) == text


def test_sichuanese_words_survive() -> None:
    words = [entry.word for entry in bundled_lexicon()]
    assert {"巴适", "莫得", "啥子", "晓得", "安逸", "咋个", "要得", "龟儿子"} <= set(words)
    assert [normalise(word, "zh") for word in words] == words


@pytest.mark.parametrize(
    ("text", "language", "normalised"),
    [
        ("東京發", "zh", "东京发"),
        ("東京發", "yue-HK", "东京发"),
        ("東京發", "ja", "東京發"),
        ("東京發", "ko", "東京發"),
        ("東京發", None, "东京发"),
        ("東京へ發つ", None, "東京へ發つ"),
        ("東京發 안녕", None, "東京發 안녕"),
    ],
)
def test_only_chinese_is_simplified(text: str, language: str | None, normalised: str) -> None:
    assert normalise(text, language) == normalised


_HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF))


@given(st.one_of(st.text(), _HAN), st.sampled_from(["zh", "ja", None]))
def test_normalising_twice_changes_nothing_more(text: str, language: str | None) -> None:
    once = normalise(text, language)
    assert normalise(once, language) == once
