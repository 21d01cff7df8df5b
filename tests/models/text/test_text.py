import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests.base.errors import DataError
from models.text.lexicon import Entry, bundled_lexicon, prompt_words, read_lexicon
from models.text.tokeniser import Tokeniser, clean


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("<p class='x'>你好</p><script>var a = 1;</script>", "你好"),
        ("a < b 又 b > c", "a b 又 b c"),
        ("ＡＢＣ，１２３！", "ABC"),
        ("don't — co-op…№7", "dont co op No"),
        ("हिन्दी नहीं", "हिन्दी नहीं"),
        ("（字幕）♪～", "字幕"),
        ("", ""),
    ],
)
def test_cleaning_keeps_letters(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text(max_size=80))
def test_cleaning_leaves_nothing_but_letters_marks_and_single_spaces(text: str) -> None:
    cleaned = clean(text)
    assert not any(char.isdigit() or char in "<>.,!?，。！？" for char in cleaned)
    assert cleaned == " ".join(cleaned.split())


def test_the_bundled_lexicon_holds_each_word_once_and_jieba_keeps_it_whole() -> None:
    words = [entry.word for entry in bundled_lexicon()]
    assert len(words) == len(set(words)) >= 150
    tokenise = Tokeniser()
    split = [word for word in words if tokenise(word) != [word]]
    assert split == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("巴适得很，莫得事", ["巴适", "得", "很", "莫得", "事"]),
        ("你咋个晓得嘛", ["你", "咋个", "晓得", "嘛"]),
        ("我们需要得到", ["我们", "需要", "得到"]),
        ("这件T恤真OK", ["这件", "t恤", "真", "ok"]),
        ("Cóż, wróć później!", ["cóż", "wróć", "później"]),
        ("łódź很安逸", ["łódź", "很", "安逸"]),
        ("123 ...", []),
    ],
)
def test_words_of_mixed_text(text: str, words: list[str]) -> None:
    assert Tokeniser()(text) == words


def test_a_users_words_are_kept_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("\ufeff嘿闹热噻\n铲铲个屁 5 n\n\n", encoding="utf-8")
    assert read_lexicon(path) == [Entry("嘿闹热噻"), Entry("铲铲个屁", 5, "n")]
    assert Tokeniser(prompt_words(path))("嘿闹热噻") == ["嘿闹热噻"]
    assert Tokeniser()("嘿闹热噻") != ["嘿闹热噻"]


def test_prompt_words_keep_file_order_and_may_include_the_bundled_ones(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(
        "# names\n宽窄巷子 # a street\n@sichuan\n咋个 9\n张三\n张三\n", encoding="utf-8"
    )
    words = prompt_words(path)
    assert words == ["宽窄巷子", *prompt_words(), "张三"]
    path.write_text("张三\n", encoding="utf-8")
    assert prompt_words(path) == ["张三"]


@pytest.mark.parametrize("line", ["@beijing", "巴适 often", "巴适 12 n more", "巴适 0"])
def test_a_line_that_is_no_entry_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(f"莫得 3\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"mine\.txt, line 2"):
        read_lexicon(path)


def test_jieba_caches_in_the_users_folder_and_prints_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from models.text import tokeniser

    tokeniser._jieba.cache_clear()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Tokeniser()("要得") == ["要得"]
    assert (tmp_path / "corpus-tools" / "jieba.cache").is_file()
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("jieba").level == logging.CRITICAL
    tokeniser._jieba.cache_clear()
