from pathlib import Path

import pytest

from corpus_tools.transcription.guards.hallucinations import KnownHallucinations
from manifests.base.errors import DataError


def holds(phrases: str, text: str, tmp_path: Path) -> bool:
    path = tmp_path / "mine.txt"
    path.write_text(phrases, encoding="utf-8")
    return KnownHallucinations.read(path).holds(text)


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("瓜娃子频道", "欢迎来到 瓜 娃 子 頻道！", True),
        ("瓜娃子频道", "瓜娃子", False),
        ("Météo Télé", "METEO tele, bonjour", True),
        ("ＡＢＣ电台", "abc電台", True),
        ("点*茶", "点一杯茶", True),
        ("点*茶", "点" + "了" * 21 + "茶", False),
        ("点*茶*走", "点茶点一杯茶就走", True),
        ("= 再会", "再会！再会！", True),
        ("= 再会", "改天再会", False),
        ("# 再会电台", "再会电台", False),
        ("再会电台 # of a station", "再会电台", True),
    ],
)
def test_a_users_phrase(phrase: str, text: str, found: bool, tmp_path: Path) -> None:
    assert holds(f"\ufeff# mine\n\n{phrase}\n", text, tmp_path) is found


def test_a_users_list_comes_after_the_bundled_one(tmp_path: Path) -> None:
    assert holds("瓜娃子频道\n", "请不吝点赞 订阅", tmp_path)


@pytest.mark.parametrize("phrase", ["！！", "好", "点*", "="])
def test_a_phrase_without_letters_is_an_error(phrase: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"mine\.txt, line 2"):
        holds(f"瓜娃子频道\n{phrase}\n", "好", tmp_path)


def test_an_unreadable_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.txt: list can't be read"):
        KnownHallucinations.read(tmp_path / "gone.txt")
    path = tmp_path / "old.txt"
    path.write_bytes("谢谢观看\n".encode() + "请订阅".encode("gb18030"))
    with pytest.raises(DataError, match=r"old\.txt, line 2: isn't in UTF-8 as other lines are"):
        KnownHallucinations.read(path)


@pytest.mark.parametrize("text", ["见 www.example.org", "https://x.y", "amara.ORG", "© 2021"])
def test_addresses_and_copyright_signs_are_credits(text: str) -> None:
    assert KnownHallucinations.bundled().holds(text)
