from pathlib import Path

import pytest

from corpus_tools.subtitles.files import SubtitleEvent, find_sidecar, read_subtitle_file
from manifests.base.errors import DataError

LINES = ["巴适得很，莫得事。", "你啷个晓得嘛？", "龟儿子，要得！", "这个女人真的很安逸。"]


def srt(*texts: str) -> str:
    return "".join(
        f"{n}\n00:00:{n:02d},000 --> 00:00:{n:02d},900\n{text}\n\n"
        for n, text in enumerate(texts, start=1)
    )


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_srt_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    events = read_subtitle_file(write(tmp_path / "a.srt", srt(*LINES), encoding)).events
    assert [event.text for event in events] == LINES
    assert events[0] == SubtitleEvent(1.0, 1.9, "巴适得很，莫得事。", None)


def test_traditional_chinese_in_big5(tmp_path: Path) -> None:
    lines = ["這個女人真的很舒服。", "你怎麼知道呢？", "沒有關係，可以。"]
    events = read_subtitle_file(write(tmp_path / "a.srt", srt(*lines), "big5")).events
    assert [event.text for event in events] == lines


def test_an_unknown_encoding_is_an_error_not_mojibake(tmp_path: Path) -> None:
    path = write(tmp_path / "a.srt", srt("Zażółć gęślą jaźń", "Cóż, wróć później"), "cp1250")
    with pytest.raises(DataError, match=r"a\.srt.*encoding.*UTF-8"):
        read_subtitle_file(path)


def test_styling_is_removed_and_other_text_kept(tmp_path: Path) -> None:
    text = srt("{\\an8}<i>x < 3</i> & y", "<script>alert(1)</script>", "two\nlines", "{sic}")
    events = read_subtitle_file(write(tmp_path / "a.srt", text)).events
    assert [event.text for event in events] == [
        "x < 3 & y",
        "<script>alert(1)</script>",
        "two lines",
        "{sic}",
    ]


def test_cues_without_length_or_text_are_left_out(tmp_path: Path) -> None:
    text = (
        "1\n00:00:02,000 --> 00:00:02,000\nzero\n\n"
        "2\n00:00:05,000 --> 00:00:04,000\nbackwards\n\n"
        "3\n00:00:06,000 --> 00:00:07,000\n<b> </b>\n\n"
        "4\n00:00:01,000 --> 00:00:01,500\nkept\n"
    )
    assert read_subtitle_file(write(tmp_path / "a.srt", text)).events == [
        SubtitleEvent(1.0, 1.5, "kept", None)
    ]


def test_vtt_has_voices_notes_and_named_cues(tmp_path: Path) -> None:
    text = (
        "WEBVTT\n\nSTYLE\n::cue { color: red }\n\nintro\n00:01.000 --> 00:02.000 align:start\n"
        "<v.loud 李四>要得&nbsp;&lt;3</v>\n\nNOTE not spoken\n\nsecond one\n"
        "00:02.000 --> 00:03.000\n<v A>hi</v>\n<v B>yo</v>\n"
    )
    assert read_subtitle_file(write(tmp_path / "a.vtt", text)).events == [
        SubtitleEvent(1.0, 2.0, "要得 <3", "李四"),
        SubtitleEvent(2.0, 3.0, "hi yo", None),
    ]


def test_ass_has_names_comments_and_drawings(tmp_path: Path) -> None:
    head = (
        "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    )
    rows = [
        r"Dialogue: 0,0:00:01.00,0:00:02.00,Default,王五,0,0,0,,{\i1}莫得，{\i0}\N真的莫得",
        r"Dialogue: 1,0:00:01.00,0:00:02.00,Default,王五,0,0,0,,莫得，\N真的莫得",
        r"Comment: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,not shown",
        r"Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\p1}m 0 0 l 9 9{\p0}",
    ]
    path = write(tmp_path / "misnamed.srt", head + "\n".join(rows) + "\n")
    assert read_subtitle_file(path).events == [SubtitleEvent(1.0, 2.0, "莫得， 真的莫得", "王五")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no times here\n",
        b"\x00\x01\x02\xff" * 50,
        b"[Events]\nDialogue: 0,soon,later,Default,,0,0,0,,x\n",
        b"WEBVTT\n",
    ],
)
def test_an_invalid_subtitle_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.srt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"bad\.srt"):
        read_subtitle_file(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.srt.*No such file"):
        read_subtitle_file(tmp_path / "gone.srt")


def test_names_in_the_text_become_speakers(tmp_path: Path) -> None:
    text = srt(
        "[F01] 你好",
        "王大锤：啥子？",
        "[F01] 要得",
        "王大锤: 12:30 走",
        "12:30 到了",
        "我说：莫得",
        "我说：真的莫得",
        "He said: no",
        "He said: yes",
        "李四：只说一句",
        "[MUSIC] la",
        "[MUSIC] la la",
    )
    events = read_subtitle_file(write(tmp_path / "a.srt", text)).events
    assert [(event.speaker, event.text) for event in events] == [
        ("F01", "你好"),
        ("王大锤", "啥子？"),
        ("F01", "要得"),
        ("王大锤", "12:30 走"),
        (None, "12:30 到了"),
        (None, "我说：莫得"),
        (None, "我说：真的莫得"),
        (None, "He said: no"),
        (None, "He said: yes"),
        (None, "李四：只说一句"),
        (None, "la"),
        (None, "la la"),
    ]


def test_the_choice_of_the_sidecar_is_deterministic(tmp_path: Path) -> None:
    media = tmp_path / "第01集.mp4"
    assert find_sidecar(media) is None
    for name in (
        "第01集.en.srt",
        "第01集.zh-Hans.vtt",
        "第01集.S01E02.srt",
        "第01集2.srt",
        "x.srt",
    ):
        write(tmp_path / name, "")
    assert find_sidecar(media) == tmp_path / "第01集.zh-Hans.vtt"
    write(tmp_path / "第01集.ASS", "")
    assert find_sidecar(media) == tmp_path / "第01集.ASS"
    write(tmp_path / "第01集.srt", "")
    assert find_sidecar(media) == tmp_path / "第01集.srt"


def test_the_spoken_language_comes_before_others(tmp_path: Path) -> None:
    media = tmp_path / "E01.mp4"
    for name in ("E01.chs.srt", "E01.en.ass", "E01.pol.vtt"):
        write(tmp_path / name, "")
    chosen = {code: find_sidecar(media, code) for code in ("zh", "yue", "en", "pl-PL", "de")}
    assert {code: path.name for code, path in chosen.items() if path} == {
        "zh": "E01.chs.srt",
        "yue": "E01.chs.srt",
        "en": "E01.en.ass",
        "pl-PL": "E01.pol.vtt",
        "de": "E01.chs.srt",
    }
