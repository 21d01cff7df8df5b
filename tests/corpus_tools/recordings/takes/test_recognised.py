import json
import unicodedata

import numpy as np
import pytest

from corpus_tools.recordings.takes.recognised import (
    TimedText,
    find_text_file,
    letters_by_piece,
    read_timed_texts,
)
from manifests.base.errors import DataError

SRT = "1\n00:00:00,500 --> 00:00:02,000\n今天天气好\n\n2\n00:00:03,000 --> 00:00:04,000\n莫得事\n"
FILES = {
    "a.srt": SRT,
    "a.csv": "start,end,text\n3,4,莫得事\n0.5,2,今天天气好\n",
    "a.tsv": "start\tend\ttext\n500\t2000\t今天天气好\n3000\t4000\t莫得事\n",
    "a.jsonl": '{"start": 0.5, "end": 2, "text": "今天天气好"}\n'
    '{"start": 3, "end": 4, "text": "莫得事"}\n',
    "a.json": json.dumps(
        {
            "segments": [
                {"start": 0.5, "end": 2, "text": "今天天气好"},
                {"start": 0, "end": 9, "text": "", "words": [
                    {"word": "莫得事", "start": 3, "end": 4, "probability": 0.5},
                ]},
            ]
        }
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_format_gives_the_same_texts(tmp_path, name) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    assert read_timed_texts(tmp_path / name) == [
        TimedText(0.5, 2, "今天天气好"), TimedText(3, 4, "莫得事"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "start,end,text\n1,x,hm\n", "line 2: needs start, end and text"),
        (
            "a.csv",
            "from,to,text\n1,2,hm\n",
            "line 1: needs the columns start, end and text; it has from, to, text",
        ),
        ("a.csv", "start,end,text\n2,1,hm\n", "are invalid"),
        (
            "a.jsonl",
            '{"start": 1, "end": NaN, "text": "hm"}',
            "entry 1: neither it nor a neighbour has times; needs start, end and text",
        ),
        ("a.jsonl", "[1, 2", "not valid JSONL"),
        ("a.json", '{"text": "hm"}', "a JSON of another layout, with the keys 'text'"),
        ("a.json", "3", "a JSON of another layout, with the keys none"),
    ],
)
def test_invalid_files_are_errors(tmp_path, name, content, message) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_timed_texts(tmp_path / name)


def test_the_text_file_is_found_by_the_take_name(tmp_path) -> None:
    (tmp_path / "day1").mkdir()
    (tmp_path / "day1" / "f01.srt").write_text(SRT)
    (tmp_path / "f02.json").write_text("[]")
    assert find_text_file(tmp_path, "day1/f01.wav") == tmp_path / "day1" / "f01.srt"
    assert find_text_file(tmp_path, "day1/f02.wav") == tmp_path / "f02.json"
    assert find_text_file(tmp_path, "day1/f03.wav") is None
    (tmp_path / "day1" / "f04.wav.json").write_text("[]")
    (tmp_path / "Renée.SRT").write_text(SRT)
    (tmp_path / "f05.TextGrid").write_text("")
    assert find_text_file(tmp_path, "day1/f04.wav") == tmp_path / "day1" / "f04.wav.json"
    assert (
        find_text_file(tmp_path, unicodedata.normalize("NFD", "Renée.wav"))
        == tmp_path / "Renée.SRT"
    )
    assert find_text_file(tmp_path, "f05.wav") == tmp_path / "f05.TextGrid"  # refused by its name
    assert find_text_file(tmp_path / "f02.json", "any.wav") == tmp_path / "f02.json"


def test_letters_are_assigned_to_speech() -> None:
    pieces = np.array([[0, 1000], [1200, 2200], [5000, 6000]])
    texts = [TimedText(0, 2.5, "一二三四"), TimedText(3, 3.2, "五")]
    assert letters_by_piece(texts, pieces) == ["一二", "三四五", ""]
