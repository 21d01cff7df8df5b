import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests.base.encodings import decode_damaged, decode_text
from manifests.base.errors import DataError

SIMPLIFIED = ["巴适得很，莫得事。", "你啷个晓得嘛？", "龟儿子，要得！", "这个女人真的很安逸。"]
TRADITIONAL = ["這個女人真的很舒服。", "你怎麼知道呢？", "沒有關係，可以。", "我們明天再說吧！"]
ASS = (
    "[Script Info]\nTitle: Default Aegisub file\nScriptType: v4.00+\nWrapStyle: 0\n\n[V4+ Styles]\n"
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour\n"
    "Style: Default,SimHei,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100\n\n"
    "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)


def srt(lines: list[str]) -> str:
    return "".join(
        f"{n}\n00:00:{n:02d},000 --> 00:00:{n:02d},900\n{line}\n\n"
        for n, line in enumerate(lines, start=1)
    )


def ass(lines: list[str]) -> str:
    return ASS + "".join(
        f"Dialogue: 0,0:00:{n:02d}.00,0:00:{n:02d}.90,Default,,0,0,0,,{line}\n"
        for n, line in enumerate(lines, start=1)
    )


@pytest.mark.parametrize("write", [srt, ass])
@pytest.mark.parametrize("count", [1, 3, 4])
@pytest.mark.parametrize("language", ["zh", None])
@pytest.mark.parametrize(
    ("encoding", "lines"),
    [
        *[
            (encoding, SIMPLIFIED)
            for encoding in ("utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le")
        ],
        ("utf-16-be", SIMPLIFIED),
        ("utf-32", SIMPLIFIED),
        ("big5", TRADITIONAL),
        ("gb18030", TRADITIONAL),
        ("utf-16", TRADITIONAL),
    ],
)
def test_chinese_is_read_in_any_encoding_however_short(
    write, count: int, language: str | None, encoding: str, lines: list[str]
) -> None:
    text = write(lines[:count])
    assert decode_text(text.encode(encoding), "x", language) == text


@pytest.mark.parametrize(
    ("language", "encoding", "lines"),
    [
        ("ja", "cp932", ["こんにちは、元気ですか。", "明日は学校へ行きません。"]),
        ("ja", "euc_jp", ["こんにちは、元気ですか。", "明日は学校へ行きません。"]),
        ("zh", "cp932", ["何をしているの？", "彼はもう帰ったと思う。"]),
        ("ko", "cp949", ["안녕하세요, 잘 지냈어요?", "내일은 학교에 안 가요."]),
        ("pl", "cp1250", ["Nie wiem, gdzie są dzieci.", "Cóż, wróć później!"]),
        ("fr", "cp1252", ["Où êtes-vous allé ?", "C’était très bien…"]),
        ("ru", "cp1251", ["Что ты здесь делаешь?", "Я не знаю, где он."]),
        ("pl", "utf-8", ["Zażółć gęślą jaźń"]),
        ("pl", "gb18030", SIMPLIFIED),
    ],
)
def test_the_language_selects_the_likely_older_encodings(
    language: str, encoding: str, lines: list[str]
) -> None:
    assert decode_text(srt(lines).encode(encoding), "x", language) == srt(lines)


def test_text_of_an_unknown_language_is_an_error_not_mojibake() -> None:
    data = srt(["Zażółć gęślą jaźń", "Cóż, wróć później"]).encode("cp1250")
    with pytest.raises(DataError, match=r"x, line 3: .*encoding.*UTF-8"):
        decode_text(data, "x")


def test_a_wrong_byte_order_mark_is_ignored() -> None:
    data = b"\xef\xbb\xbf" + srt(SIMPLIFIED).encode("gb18030")
    assert decode_text(data, "x") == srt(SIMPLIFIED)


def test_a_single_zero_byte_is_not_utf_16() -> None:
    data = srt(SIMPLIFIED).encode().replace(b"\n2\n", b"\n\x002\n")
    assert decode_text(data, "x").replace("\0", "") == srt(SIMPLIFIED)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
@pytest.mark.parametrize("damage", [b"", b"\xff"])
def test_a_damaged_byte_affects_one_line_only(encoding: str, damage: bytes) -> None:
    data = srt(SIMPLIFIED * 5).encode(encoding)
    at = data.index("莫".encode(encoding)[-2:])
    if encoding == "utf-16":  # a lost byte would shift all that follows
        damaged = data[:at] + b"\xd8\xd8" + data[at + 2 :]
    else:
        damaged = data[:at] + damage + data[at + 1 :]
    found = decode_damaged(damaged, "x", "zh")
    assert found.damaged in range(4)
    assert all(line in found.text for line in SIMPLIFIED)
    assert found.text.count("\n") == srt(SIMPLIFIED * 5).count("\n")


def test_strict_decoding_refuses_damaged_text() -> None:
    with pytest.raises(DataError, match="encoding"):
        decode_text("莫得事，巴适得很".encode()[:-1], "x")


@given(st.binary(max_size=200), st.sampled_from([None, "zh", "ja", "ko", "pl", "ru"]))
def test_any_bytes_give_text_or_a_data_error(data: bytes, language: str | None) -> None:
    for decode in (decode_text, decode_damaged):
        with contextlib.suppress(DataError):
            assert decode(data, "x", language) is not None
