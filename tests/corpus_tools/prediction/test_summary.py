import io
import re
from pathlib import Path

import numpy as np
import pytest

from corpus_tools.cli.predict import _tables
from corpus_tools.prediction.summary import summarise
from corpus_tools.prediction.tables import write_predictions
from manifests.base.emotions import EMOTIONS


def film(name, emotions, seconds=4.0):
    """Return the row of a file with a clip of each emotion in turn, ever surer."""
    clips = []
    for place, emotion in enumerate(emotions):
        sure = 0.5 + 0.4 * place / len(emotions)
        shares = {own: sure if own == emotion else (1 - sure) / 5 for own in EMOTIONS}
        start = place * (seconds + 1)
        clip = {"start": start, "end": start + seconds, "text": "", "emotion": emotion}
        clips.append({**clip, "probabilities": shares})
    return {"file": name, "clips": clips, "normalisation": ""}


@pytest.fixture
def printed():
    """Return a function that returns what is printed for files."""
    from rich.console import Console

    def run(rows, out=None):
        console = Console(width=120, record=True, file=io.StringIO())
        for table in _tables(rows, out):
            console.print(table)
        return console.export_text()

    return run


def test_a_summary_counts_clips_and_time_by_class():
    clips = film("E1.mkv", ["sad", "angry", "angry", "sad"])["clips"]
    rows = {row.emotion: row for row in summarise([*clips, {**clips[0], "end": 12.0}])}
    assert list(rows) == list(EMOTIONS)
    assert (rows["angry"].clips, rows["angry"].seconds) == (2, 8.0)
    assert rows["sad"].share == pytest.approx(20 / 28)
    assert rows["sad"].surest == 15.0
    assert rows["angry"].probability == pytest.approx(np.mean([0.6, 0.7]))
    assert rows["fear"].cells == ("fear", "0", "0 s", "0 %", "–", "–")


def test_a_film_is_summed_up_and_a_short_file_is_listed(printed):
    emotions = [EMOTIONS[place % 2] for place in range(324)]
    text = printed([film("E04.mkv", emotions)])
    assert len(text.splitlines()) < 15
    assert re.search(r"angry\W+162\W+648 s\W+50 %\W+0.70\W+26:50", text)
    assert "all 324 clips: --out FOLDER, with a picture, or --json" in text
    assert "all 324 clips: out" in printed([film("E04.mkv", emotions)], Path("out"))
    short = printed([film("a.wav", emotions[:12])])
    assert short.count("angry") + short.count("fear") >= 12
    assert "surest" not in short


def test_many_files_end_with_a_summary_of_all(printed):
    text = printed([film(f"{number}.wav", ["happy"]) for number in range(60)])
    assert "and 20 more, see --out or --json" in text
    assert re.search(r"happy\W+60\W+240 s\W+100 %", text)


def test_the_page_has_picture_and_summary_and_escapes_names(tmp_path):
    name = "<script>alert(1)</script>.mkv"
    rows = [film(name, ["sad", "fear"]), film("one.wav", ["sad"])]
    write_predictions(tmp_path / "out", rows, "v1-default-0")
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count('src="data:image/png;base64,') == 1
    assert "&lt;script&gt;alert(1)" in page
    assert not re.search(r"<script|https?://", page)
    assert "3 clips; every one is in" in page
    (table,) = re.findall(r'href="(timelines/[^"]+)"', page)
    assert (tmp_path / "out" / table).is_file()
