from pathlib import Path

import numpy as np
import pytest

from corpus_tools.burned_in.boxes import Box, joined_rows
from corpus_tools.burned_in.lines import ShownLine, read_appearances, without_other_texts
from corpus_tools.burned_in.read import _spoken
from corpus_tools.burned_in.reader import Reading
from corpus_tools.burned_in.tracking import Appearance

WIDTH = 854


def box(centre: int = 427, width: int = 200, top: int = 40, height: int = 30) -> Box:
    return Box(top, top + height, centre - width // 2, centre + width // 2)


def shown(start: float, end: float, text: str, where: Box | None = None) -> ShownLine:
    return ShownLine(start, end, text, 0.98, where or box())


class Scripted:
    """Reads the text that belongs to a picture's brightness."""

    name = "scripted"

    def __init__(self, **readings: tuple[str, float]) -> None:
        self.readings = {int(key[1:]): Reading(*value) for key, value in readings.items()}

    def find(self, picture):
        raise NotImplementedError

    def read(self, lines):
        return [self.readings[int(line.max())] for line in lines]


def appearance(start: float, end: float, *pictures: int, where: Box | None = None) -> Appearance:
    return Appearance(
        start, end, where or box(), [np.full((4, 9), value, np.uint8) for value in pictures]
    )


@pytest.mark.parametrize(
    ("readings", "text", "confidence"),
    [
        ({"b1": ("要得", 0.99), "b2": ("耍得", 1.0)}, "要得", 0.99),  # sure: no other is read
        (
            {"b1": ("耍得", 0.8), "b2": ("要得", 0.9), "b3": ("要得", 0.7)},
            *("要得", pytest.approx(1.6 / 3)),
        ),
        (
            {"b1": ("要得!", 0.6), "b2": ("要得", 0.7), "b3": ("耍", 0.9)},
            *("要得!", pytest.approx(1.3 / 3)),  # below the least confidence: no line
        ),
    ],
)
def test_the_frames_of_a_line_vote(readings, text, confidence):
    reader = Scripted(**readings)
    pictures = [int(key[1:]) for key in readings]
    found = read_appearances([appearance(0, 2, *pictures)], reader)
    if confidence == pytest.approx(1.3 / 3):
        assert found == []
    else:
        assert [(line.text, line.confidence) for line in found] == [(text, confidence)]


class Edged:
    """Reads the brightness of a picture's first and last column and what is between."""

    name = "edged"
    find = None

    def read(self, lines):
        letters = {0: "", 1: "一", 2: "1", 9: "条短信"}
        return [
            Reading("".join(letters[value] for value in dict.fromkeys(line[0].tolist())), 0.99)
            for line in lines
        ]


@pytest.mark.parametrize(("edge", "text"), [(1, "一条短信"), (2, "条短信"), (0, "条短信")])
def test_a_letter_beside_the_box_is_read_and_the_edge_of_a_dark_box_is_not(edge, text):
    where = box(width=4)
    picture = np.repeat(np.array([[edge, 9, 9, 9, 9, 0]], np.uint8), 4, axis=0)
    found = read_appearances([Appearance(0, 2, where, [picture], beside=1)], Edged())
    assert [line.text for line in found] == [text]


def test_a_line_found_twice_is_one():
    reader = Scripted(
        b1=("我不晓得你在说啥子", 0.98),
        b2=("我不晓得你在说哈子", 0.97),
        b3=("晓得你在说啥子", 0.99),
    )
    parts = [appearance(0, 1.2, 1), appearance(1.24, 2, 2), appearance(1.9, 3, 3)]
    (line,) = read_appearances(parts, reader)
    assert (line.start, line.end, line.text) == (0, 3, "我不晓得你在说啥子")


def test_two_lines_with_a_pause_or_another_place_are_two():
    reader = Scripted(b1=("好", 0.99))
    parts = [
        appearance(0, 1, 1),
        appearance(1.5, 2.5, 1),
        appearance(1.6, 2.6, 1, where=box(top=90)),
    ]
    assert len(read_appearances(parts, reader)) == 3


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (shown(0, 16, "山城卫视"), "stand still for more than 15 s"),
        (shown(3, 4, "20:15:07"), "are times of day"),
        (shown(3, 4, "11-30 09:45"), "are times of day"),
        (shown(3, 4, "出租", box(centre=700)), "stand in another place"),
        (shown(3, 4, "大减价", box(height=80)), "have another size"),
    ],
)
def test_other_texts_are_left_out_and_counted(other, reason):
    spoken = [
        shown(at, at + 0.9, f"第{'一二三四五六七八'[at]}句", box(width=90 + 20 * at))
        for at in range(8)
    ]
    kept, reasons = without_other_texts([*spoken, other], WIDTH)
    assert kept == spoken
    assert reasons == {reason: 1}


def test_lines_that_begin_in_one_column_are_kept():
    spoken = [shown(at, at + 0.9, "左边", Box(40, 70, 80, 160 + 60 * at)) for at in range(8)]
    assert without_other_texts(spoken, WIDTH) == (spoken, {})


def test_few_lines_are_all_kept():
    """Of a short film nothing is known about where its subtitles are."""
    spoken = [shown(0, 1, "左", box(centre=200)), shown(2, 3, "右", box(centre=700))]
    assert without_other_texts(spoken, WIDTH) == (spoken, {})


@pytest.mark.parametrize(
    ("language", "expected"), [("zh", ["要得", "走嘛"]), ("en", ["All right.", "Let's go."])]
)
def test_of_two_languages_the_spoken_one_is_kept(language, expected):
    lines = [
        shown(0, 1, "要得", box(top=40)),
        shown(0.04, 1, "All right.", box(top=80, height=22)),
        shown(2, 3, "走嘛", box(top=40)),
        shown(2, 3.08, "Let's go.", box(top=80, height=22)),
    ]
    records, _ = _spoken(Path("film.mp4"), "film-0123456789ab", lines, language)
    assert [record.text for record in records] == expected
    assert {record.origin for record in records} == {"ocr"}
    assert {record.confidence for record in records} == {0.98}


def test_speakers_and_remarks_are_taken_off_as_in_files():
    lines = [
        shown(at, at + 1, f"{name}：{text}")
        for at, (name, text) in enumerate(
            [("王五", "来嘛"), ("李四", "不来"), ("王五", "（笑）算了")] * 2
        )
    ]
    records, _ = _spoken(Path("film.mp4"), "film-0123456789ab", lines, "zh")
    assert [(record.speaker, record.text) for record in records][:3] == [
        ("王五", "来嘛"),
        ("李四", "不来"),
        ("王五", "算了"),
    ]
    assert records[2].text_raw == "王五：（笑）算了"


def test_parts_of_a_row_are_one_line():
    left, right, below = Box(40, 70, 100, 200), Box(42, 70, 230, 330), Box(80, 110, 100, 330)
    assert joined_rows([right, below, left]) == [Box(40, 70, 100, 330), below]
