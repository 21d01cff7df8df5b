import html
import json
import re

import numpy as np
import pytest

from manifests.base.emotions import EMOTIONS
from models.evaluation.calibration import calibration
from models.evaluation.page import Mistake, evaluation_page, write_evaluation_page
from models.evaluation.report import evaluate_predictions, rounded
from models.evaluation.slices import agreement_level, duration_bin, slice_predictions
from tests.factories import make_entry

HOSTILE = "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{7*7}}"


def entry(**changed):
    fields = {"end": 3.0, "duration": 3.0, "votes": [], "group": "g", "split": "test"}
    return make_entry(**{**fields, **changed})


def document(entries, **changed):
    from dataclasses import asdict

    n = len(entries)
    truth = np.array([EMOTIONS.index(one.emotion) for one in entries])
    shares = np.tile([0.5, 0.3, 0.05, 0.05, 0.05, 0.05], (n, 1))
    figures = asdict(calibration(shares, truth))
    found = {
        "run": "a", "manifest": "v1", "digest": "d" * 64, "split": "test",
        "created": "2026-01-01T00:00:00Z", "warnings": [],
        "metrics": evaluate_predictions(truth, np.zeros(n, dtype=np.int64)),
        "calibration": rounded({"temperature": 1.5, **figures, "without_temperature": figures}),
        "chance": [{"name": "majority", "accuracy": 0.2, "uar": 0.2, "macro_f1": 0.1}],
        "giveaways": {
            "shallow_cues": {"uar": 0.3, "chance": 0.2, "clips": n},
            "confounding": {
                "speaker": {
                    "values": 2, "uar": 0.9, "chance": 0.17, "null_99": 0.3, "confounded": True
                }
            },
        },
        "speakers": {"known": 1, "clips_of_unknown": 0, "median_clips": n},
        "slices": slice_predictions(entries, truth, np.zeros(n, dtype=np.int64)),
    }  # fmt: skip
    return {**found, **changed}


def mistake(**changed):
    return Mistake(entry(**changed), "fear", "angry", 0.9, 0.02, "data:audio/flac;base64,AAAA")


def test_hostile_corpus_content_is_escaped():
    hostile = {"clip_id": HOSTILE, "speaker": HOSTILE, "series": HOSTILE, "text": HOSTILE,
               "source_id": HOSTILE, "votes": [(HOSTILE, "angry")]}  # fmt: skip
    entries = [entry(**hostile), entry(**hostile, emotion="fear")]
    made = document(entries, run=HOSTILE, manifest=HOSTILE, warnings=[HOSTILE])
    page = evaluation_page(made, [mistake(**hostile)])
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("</title>") == page.count("<title>")
    assert "{{7*7}}" in html.unescape(page)
    assert "onerror=alert(1)&gt;" in page


def test_the_page_loads_nothing_and_runs_nothing():
    page = evaluation_page(document([entry(), entry(emotion="fear")]), [mistake()])
    policy = html.unescape(re.search(r'Policy" content="([^"]+)"', page)[1])
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert not re.search(r"https?://|\sstyle=|\son\w+=|url\(|@import", page)
    assert re.findall(r'src="([^"]{0,16})', page) == ["data:audio/flac;"]


def test_missing_parts_are_named(tmp_path):
    none = document([entry(text="\ud800 巴适")], slices=[])
    none["giveaways"] = {"shallow_cues": None, "confounding": {}}
    silent = Mistake(entry(text="\ud800 巴适"), "fear", "angry", 0.9, 0.02, None)
    write_evaluation_page(tmp_path / "report.html", none, [silent])
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "巴适" in page
    assert "the sound can’t be read" in page
    assert "No clip was classified wrongly" in evaluation_page(none, [])


@pytest.mark.parametrize(
    ("seconds", "found"), [(1.99, "under 2 s"), (2.0, "2 to 3 s"), (5.0, "5 s and more")]
)
def test_durations_fall_into_bins(seconds, found):
    assert duration_bin(seconds) == found


@pytest.mark.parametrize(
    ("votes", "agreement", "found"),
    [
        ([], 1.0, "no votes"),
        (["angry"], 1.0, "one vote"),
        (["angry", None], 1.0, "one vote"),
        (["angry", "angry"], 1.0, "all votes agree"),
        (["angry"] * 3 + ["sad"], 0.75, "three quarters or more"),
        (["angry"] * 2 + ["sad"], 0.6667, "half or more"),
        (["angry", "fear", "sad"], 0.3333, "less than half"),
    ],
)
def test_agreement_has_levels(votes, agreement, found):
    cast = [(f"a{number:02d}", vote) for number, vote in enumerate(votes)]
    assert agreement_level(entry(votes=cast, agreement=agreement)) == found


def test_slices_are_in_their_order_and_ready_for_json():
    entries = [entry(duration=seconds) for seconds in (6.0, 1.0, 3.5, 3.5)]
    rows = slice_predictions(entries, np.array([0, 1, 0, 2]), np.zeros(4, dtype=np.int64))
    durations = [row["value"] for row in rows if row["key"] == "duration"]
    assert durations == ["under 2 s", "3 to 4 s", "5 s and more"]
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
