"""Damaged, unusual and hostile subtitle files."""

import contextlib
import re
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_tools.subtitles.files import Subtitles, read_subtitle_file
from corpus_tools.subtitles.speakers import spoken_texts
from manifests.base.errors import DataError

SRT = "1\n00:00:01,000 --> 00:00:02,500\n巴适得很\n\n2\n00:00:03,000 --> 00:00:04,000\n莫得事\n\n"
ASS_HEAD = (
    "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontsize\n"
    "Style: CN,20\nStyle: EN,14\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)


def at(seconds: float) -> str:
    return f"{int(seconds // 3600)}:{int(seconds // 60) % 60:02d}:{seconds % 60:05.2f}"


def dialogue(start: float, end: float, text: str, style: str = "CN", effect: str = "") -> str:
    return f"Dialogue: 0,{at(start)},{at(end)},{style},,0,0,0,{effect},{text}\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Subtitles]:
    def read_text(text: str | bytes, language: str = "zh") -> Subtitles:
        path = tmp_path / "a.srt"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_subtitle_file(path, language)

    return read_text


def texts(found: Subtitles) -> list[str]:
    return [event.text for event in found.events]


def test_a_truncated_file_keeps_its_complete_lines(read: Callable[..., Subtitles]) -> None:
    for at_byte in range(60, len(SRT.encode())):
        assert texts(read(SRT.encode()[:at_byte]))[0].startswith("巴适得")


def test_binary_files_and_web_pages_are_not_subtitles(
    read: Callable[..., Subtitles],
) -> None:
    page = "<!DOCTYPE html><html><body><h1>404</h1><p>没有找到</p></body></html>"
    for content in (bytes(range(256)) * 40, page, "\0" * 1000, "PK\x03\x04" + "x" * 300):
        with pytest.raises(DataError, match=r"a\.srt"):
            read(content)


def test_a_damaged_byte_affects_its_line_only(read: Callable[..., Subtitles]) -> None:
    found = read((SRT * 5).encode()[:40] + b"\xff" + (SRT * 5).encode()[40:])
    assert texts(found).count("莫得事") == 1  # the same line at the same time is one
    assert re.search(r"[123] damaged characters", found.notes[0])


def test_lines_with_impossible_times_are_left_out_with_a_note(
    read: Callable[..., Subtitles],
) -> None:
    rows = [
        dialogue(1, 2, "要得"),
        dialogue(9, 8, "倒着走"),
        dialogue(10, 3700, "某某字幕组"),
        "Dialogue: 0,-0:00:05.00,-0:00:03.00,CN,,0,0,0,,太早了\n",
        "Dialogue: 0,-0:00:01.00,0:00:00.50,CN,,0,0,0,,开头\n",
        "Dialogue: 0,soon,later,CN,,0,0,0,,何时\n",
        dialogue(20, 21, "长" * 600),
        dialogue(5, 6, "安逸"),
    ]
    found = read(ASS_HEAD + "".join(rows))
    assert texts(found) == ["开头", "要得", "安逸"]
    assert found.events[0].start == 0
    notes = " ".join(found.notes)
    for part in ("1 line has no readable time", "end before they begin", "last more than 30 s"):
        assert part in notes


def test_lines_in_reverse_order_are_sorted(read: Callable[..., Subtitles]) -> None:
    found = read(ASS_HEAD + "".join(dialogue(n, n + 0.9, f"第{n}句") for n in range(50, 0, -1)))
    starts = [event.start for event in found.events]
    assert starts == sorted(starts)
    assert len(starts) == 50


def test_bilingual_subtitles_keep_the_spoken_language(read: Callable[..., Subtitles]) -> None:
    both = "".join(
        dialogue(n, n + 1.5, f"我说的是第{n}句") + dialogue(n, n + 1.5, f"Line {n} it is", "EN")
        for n in range(0, 40, 2)
    )
    stacked = "".join(dialogue(n, n + 1.5, rf"我说的\N{{\fs12}}Line {n} it is") for n in range(9))
    assert all("Line" not in text for text in texts(read(ASS_HEAD + both)))
    assert texts(read(ASS_HEAD + both, "en"))[0] == "Line 0 it is"
    assert texts(read(ASS_HEAD + stacked))[0] == "我说的"
    alone = dialogue(1, 2, "OK") + "".join(dialogue(n, n + 1, f"好{n}") for n in range(2, 9))
    assert "OK" in texts(read(ASS_HEAD + alone))


def test_a_translation_alone_is_reported(read: Callable[..., Subtitles]) -> None:
    english = ASS_HEAD + "".join(dialogue(n, n + 0.9, f"Line {n}") for n in range(40))
    assert "if it is a translation" in read(english).notes[0]
    assert not read(english, "en").notes


def test_karaoke_is_left_out_and_layers_are_merged(read: Callable[..., Subtitles]) -> None:
    frames = "".join(dialogue(5 + n * 0.04, 5.04 + n * 0.04, r"{\pos(1,2)}走嘛") for n in range(50))
    rows = [
        dialogue(1, 4, r"{\k20}山{\k30}城{\kf10}谣"),
        dialogue(1, 4, "山", effect="fx"),
        dialogue(1, 4, "山城谣", effect="Karaoke"),
    ]
    found = read(ASS_HEAD + "".join(rows) + frames)
    assert [(event.text, event.start, event.end) for event in found.events] == [("走嘛", 5.0, 7.0)]


def test_html_tags_are_removed_and_entities_decoded(read: Callable[..., Subtitles]) -> None:
    text = SRT.replace("巴适得很", '<font color="#ffffff"><b>巴适</b></font>&amp;得很<br>')
    assert texts(read(text))[0].startswith("巴适&得很")


@pytest.mark.parametrize(
    "content",
    [
        "1\n00:00:01,000 --> 00:00:02,000\nx" + "\n" * 2_000_000 + "y",
        "1\n00:00:01,000 --> 00:00:02,000\nx" + "\n \t" * 500_000 + "y",
        "1\n00:00:01,000 --> 00:00:02,000\n" + "{\\" * 1_000_000,
        "1\n00:00:01,000 --> 00:00:02,000\n" + "<i " * 700_000,
        "1\n00:00:01,000 --> 00:00:02,000\n" + ("<v" + " " * 3000 + "\n") * 500,
        "1\n00:00:01,000 --> 00:00:02,000\n" + "1" * 2_000_000 + "x",
        "1\n00:00:01,000 --> 00:00:02,000\n" + "\n1" * 1_000_000 + "x",
        ASS_HEAD + dialogue(1, 2, "{\\p1" * 500_000),
        ASS_HEAD + dialogue(1, 2, "{" * 2_000_000),
        "Dialogue:" * 200_000,
        "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<v " * 700_000,
        SRT + "[王" * 700_000,
        "".join(
            f"{n}\n00:00:01,000 --> 00:00:21,000\n{'好' if n % 2 else 'x'}{n}\n\n"
            for n in range(30_000)
        ),
    ],
    ids=lambda content: repr(content[:80])[-24:],
)
def test_hostile_files_take_little_time(read: Callable[..., Subtitles], content: str) -> None:
    began = time.process_time()
    with contextlib.suppress(DataError):
        read(content)
    assert time.process_time() - began < 12


def test_a_million_lines_are_refused_before_they_are_parsed(
    read: Callable[..., Subtitles],
) -> None:
    content = "00:00:01,000 --> 00:00:02,000\n好\n" * 800_000
    began = time.process_time()
    tracemalloc.start()
    with pytest.raises(DataError, match=r"more than 100000|larger than 32 MiB"):
        read(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.process_time() - began < 12
    assert peak < 8 * len(content.encode())


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([SRT, ASS_HEAD, dialogue(1, 2, "好"), "WEBVTT\n\n", "-->", "\n\n"]),
            st.text(max_size=40),
        ),
        max_size=8,
    )
)
def test_any_text_gives_subtitles_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.srt"
    path.write_bytes("".join(parts).encode("utf-8", "replace"))
    try:
        events = read_subtitle_file(path).events
    except DataError:
        return
    assert all(0 <= event.start < event.end and event.text.strip() for event in events)


@pytest.mark.parametrize(
    "timing",
    ["00:00:0x,000 --> 00:00:02,900", "00:00:02:700 --> 00:00:02:900", "00:02.7 -> 00:02.9"],
)
@pytest.mark.parametrize("head", ["", "WEBVTT\n\n"])
def test_a_cue_with_unreadable_times_is_named_and_not_added_to_the_cue_before(
    read: Callable[..., Subtitles], timing: str, head: str
) -> None:
    first, second, _ = SRT.replace(",", "." if head else ",").split("\n\n")
    found = read(f"{head}{first}\n\n7\n{timing}\n哪个说的\n\n{second}\n")
    assert texts(found) == ["巴适得很", "莫得事"]
    assert "1 line has no readable time; left out" in " ".join(found.notes)


def test_an_arrow_in_a_text_is_no_time(read: Callable[..., Subtitles]) -> None:
    found = read(SRT.replace("莫得事", "10 --> 20 分钟"))
    assert texts(found) == ["巴适得很", "10 --> 20 分钟"]
    assert not found.notes


def test_a_cue_without_duration_is_named(read: Callable[..., Subtitles]) -> None:
    found = read(f"{SRT}3\n00:00:05,000 --> 00:00:05,000\n晓得\n")
    assert texts(found) == ["巴适得很", "莫得事"]
    assert "1 subtitle lines have no duration; left out" in " ".join(found.notes)


@pytest.mark.parametrize("unit", ["[A] ", "[a]", "a (not) ", "\n", "# a\n", "♪ ", "- a. ", "A: "])
def test_a_long_text_of_brackets_or_blank_lines_takes_linear_time(unit: str) -> None:
    spoken_texts([unit])
    started = time.process_time()
    spoken_texts([unit * (10_000 // len(unit))])
    assert time.process_time() - started < 2
