import json
import math

import pytest

from corpus_tools.recordings.takes.layouts import timed_rows, with_times
from corpus_tools.recordings.takes.recognised import TimedText, read_timed_texts
from manifests.base.errors import DataError


def word(text: str, start: float | None = None, end: float | None = None, **more: object) -> dict:
    times = {} if start is None else {"start": start, "end": end}
    return {"word": text, **times, **more}


NUMERAL = [word("in", 1, 2, score=0.9), word("2014"), word("war", 3, 4, score=0.8)]
NAN = word("2014", math.nan, math.nan)
LAYOUTS = {
    "whisperx": {"segments": [{"start": 1, "end": 4, "text": "in 2014 war", "words": NUMERAL}]},
    "nan": {
        "segments": [
            {"start": 1, "end": 4, "words": [NUMERAL[0], NAN, NUMERAL[2]]}
        ]
    },
    "whisper-timestamped": {
        "segments": [
            {"start": 1, "end": 4, "words": [
                {"text": "in", "start": 1, "end": 2, "confidence": 0.9},
                {"text": "2014", "start": 2, "end": 3, "confidence": 0.9},
                {"text": "war", "start": 3, "end": 4, "confidence": 0.9},
            ]}
        ]
    },
    "faster-whisper": [{"id": 1, "start": 1, "end": 4, "text": "in 2014 war", "words": NUMERAL}],
    "whisper.cpp": {
        "systeminfo": "AVX",
        "result": {"language": "de"},
        "transcription": [
            {"timestamps": {}, "offsets": {"from": 1000, "to": 2000}, "text": "in", "tokens": []},
            {"timestamps": {}, "offsets": {"from": 2000, "to": 3000}, "text": "2014"},
            {"timestamps": {}, "offsets": {"from": 3000, "to": 4000}, "text": "war"},
        ],
    },
    "funasr": [
        {"text": "in 2014, war.", "timestamp": [[1000, 2000], [2000, 3000], [3000, 4000]]}
    ],
    "funasr sentences": [
        {"key": "a", "text": "x", "sentence_info": [
            {"text": "in", "start": 1000, "end": 2000, "spk": 0},
            {"text": "2014", "start": 2000, "end": 3000, "spk": 0},
            {"text": "war", "start": 3000, "end": 4000, "spk": 0},
        ]}
    ],
    "vosk": [{"result": NUMERAL[:2], "text": "in 2014"}, {"result": NUMERAL[2:], "text": "war"}],
    "assemblyai": {
        "id": "x", "audio_duration": 9, "text": "in 2014 war", "words": [
            {"text": "in", "start": 1000, "end": 2000},
            {"text": "2014", "start": 2000, "end": 3000},
            {"text": "war", "start": 3000, "end": 4000},
        ],
    },
    "elevenlabs": {
        "language_code": "de", "text": "in 2014 war", "words": [
            {"text": "in", "start": 1, "end": 2, "type": "word"},
            {"text": " ", "start": 2, "end": 2, "type": "spacing"},
            {"text": "2014", "start": 2, "end": 3, "type": "word"},
            {"text": "(laughs)", "start": 3, "end": 3, "type": "audio_event"},
            {"text": "war", "start": 3, "end": 4, "type": "word"},
        ],
    },
    "deepgram": {"metadata": {}, "results": {"channels": [{"alternatives": [{"words": NUMERAL}]}]}},
    "google": {
        "results": [
            {"alternatives": [{"transcript": "in 2014 war", "words": [
                {"startTime": "1s", "endTime": "2.000s", "word": "in"},
                {"startTime": "2s", "endTime": "3s", "word": "2014"},
                {"startTime": "3s", "endTime": "4s", "word": "war"},
            ]}]}
        ]
    },
    "amazon": {
        "results": {"transcripts": [], "items": [
            {"type": "pronunciation", "start_time": "1", "end_time": "2.0",
             "alternatives": [{"content": "in"}]},
            {"type": "pronunciation", "start_time": "2", "end_time": "3.0",
             "alternatives": [{"content": "2014"}]},
            {"type": "punctuation", "alternatives": [{"content": ","}]},
            {"type": "pronunciation", "start_time": "3", "end_time": "4.0",
             "alternatives": [{"content": "war"}]},
        ]}
    },
}  # fmt: skip
THREE = [TimedText(1, 2, "in"), TimedText(2, 3, "2014"), TimedText(3, 4, "war")]


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_the_json_of_recognisers_is_read(tmp_path, name, encoding) -> None:
    (tmp_path / "a.json").write_text(json.dumps(LAYOUTS[name]), encoding=encoding)
    assert read_timed_texts(tmp_path / "a.json") == THREE


def test_azure_gives_lines() -> None:
    phrase = {
        "offsetInTicks": 15_000_000,
        "durationInTicks": 10_000_000,
        "nBest": [{"display": "啥"}],
    }
    assert timed_rows({"recognizedPhrases": [phrase]}) == [(1.5, 2.5, "啥")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([word("一"), word("二", 2, 3)], [(1, 2, "一"), (2, 3, "二")]),
        ([word("一", 1, 2), word("二")], [(1, 2, "一"), (2, 5, "二")]),
        ([word("一"), word("二"), word("三四")], [(1, 2, "一"), (2, 3, "二"), (3, 5, "三四")]),
        (
            [word("一", 1, 2), word("二"), word("三", 2, 3)],
            [(1, 2, "一"), (2, 2, "二"), (2, 3, "三")],
        ),
        (
            [word("一", 1, 4), word("二"), word("三", 3, 5)],
            [(1, 4, "一"), (4, 4, "二"), (3, 5, "三")],
        ),
    ],
)
def test_words_without_times_lie_between_their_neighbours(words, expected) -> None:
    assert timed_rows({"segments": [{"start": 1, "end": 5, "words": words}]}) == expected


def test_a_segment_without_any_time_lies_between_its_neighbours() -> None:
    rows = timed_rows([word("一", 1, 2), word("二"), word("三", 6, 7)])
    assert list(with_times(rows, None, None))[1] == (2, 6, "二")
    assert list(with_times([(None, None, "一")], None, None)) == [(None, None, "一")]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.json",
            '{"segments": [{"text": "hm"}]}',
            "entry 1: neither it nor a neighbour has times",
        ),
        (
            "a.json",
            '{"monologues": [], "speakers": 2}',
            "of another layout, with the keys 'monologues', 'speakers'; known are those of Whisper",
        ),
        ("a.json", "[[1, 2, 3]]", "a JSON of another layout, with the keys none"),
        (
            "a.json",
            '{"segments": [{"start": "soon", "text": "hm"}]}',
            "looks like the JSON of Whisper",
        ),
        ("a.json", '{"segments": ', "not valid JSON"),
        (
            "a.ctm",
            "a 1 0.5 0.3 hm",
            "a.ctm: .ctm is no kind of text file that is read; known are .json",
        ),
        ("a.TextGrid", "File type", r".textgrid is no kind of text file"),
    ],
)
def test_other_layouts_are_named(tmp_path, name, content, message) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_timed_texts(tmp_path / name)


def test_a_table_may_have_decimal_commas_and_rows_without_times(tmp_path) -> None:
    table = "sep=;\nstart;end;text\n1,0;2,0;in\n;;2014\n3;4;war\n"
    (tmp_path / "a.csv").write_text(table, encoding="utf-16")
    assert read_timed_texts(tmp_path / "a.csv") == THREE
