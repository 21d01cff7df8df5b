"""Tables of predictions and takes, in which texts of films are no formulas for a spreadsheet."""

import csv
from dataclasses import fields

import pytest

from corpus_tools.prediction.tables import write_predictions
from corpus_tools.recordings.takes.match_table import TableRow, read_table, write_table
from manifests.base.csv_tables import read_rows
from manifests.base.emotions import EMOTIONS
from manifests.base.errors import DataError

TEXTS = ["=1+1", "- No, no.", "＝1", " @sum(1)", "\r=2", "'=1"]


def test_predictions(tmp_path):
    shares = dict.fromkeys(EMOTIONS, 1 / 6)
    clips = [
        {"start": 0.0, "end": 1.0, "text": text, "emotion": "sad", "probabilities": shares}
        for text in TEXTS
    ]
    write_predictions(tmp_path / "out", [{"file": "-1+1.wav", "clips": clips}], "run")
    for name in ("predictions.csv", "timelines/1_1_wav.csv"):
        path = next((tmp_path / "out").glob(name.replace("1_1", "*1*1")))
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert [row["text"] for row in rows] == [f"'{text}" for text in TEXTS]
        assert {row["file"] for row in rows} == {"'-1+1.wav"}
        assert [row[-1] for _, row in read_rows(path)][1:] == [text.strip() for text in TEXTS]


def test_matches_of_a_take(tmp_path):
    names = [field.name for field in fields(TableRow)]
    rows = [TableRow(**{**dict.fromkeys(names, "1"), "text": text}) for text in TEXTS]
    path = tmp_path / "x.matches.csv"
    write_table(path, rows)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfspeaker,line,")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        assert [row["text"] for row in csv.DictReader(stream)] == [f"'{text}" for text in TEXTS]
    assert [row[4] for _, row in read_rows(path)][1:] == [text.strip() for text in TEXTS]
    with pytest.raises(DataError, match="was changed since it was written"):
        read_table(path, [], {})
