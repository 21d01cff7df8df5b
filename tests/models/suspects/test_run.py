import csv
import json
import re

import pytest

from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.checksums import read_checksums
from manifests.storage.store import read_jsonl, sha256_file, write_jsonl
from manifests.versions.manifest import load_manifest
from models.suspects.run import find_suspects
from tests.factories import seal_manifest


@pytest.fixture
def version(corpus):
    return corpus(takes=3)


def relabel(folder, change):
    """Give clips of a version another label as if it had been built so; None leaves a clip out."""
    path = folder / "manifest.jsonl"
    rows = [{**row, "emotion": change(row)} for row in read_jsonl(path)]
    write_jsonl(path, [row for row in rows if row["emotion"]])
    seal_manifest(folder)


def test_a_wrong_label_comes_first_and_no_label_is_changed(version, quick):
    wrong = "source2-00030000-00030500"
    relabel(version, lambda row: "angry" if row["clip_id"] == wrong else row["emotion"])
    before = (version / "manifest.jsonl").read_bytes()
    out = version.parent.parent / "runs" / "suspects-v1"
    outcome = find_suspects(version, out, quick, shown=5)
    assert (version / "manifest.jsonl").read_bytes() == before
    assert outcome.kept == 72
    assert not outcome.warnings
    assert set(read_checksums(out)) == {"report.html", "suspects.csv", "suspects.json"}
    rows = list(csv.DictReader((out / "suspects.csv").open(encoding="utf-8")))
    assert len(rows) == 72
    assert [row["rank"] for row in rows[:3]] == ["1", "2", "3"]
    first = rows[0]
    assert (first["clip_id"], first["emotion"], first["predicted"]) == (wrong, "angry", "neutral")
    doubts = [float(row["doubt"]) for row in rows]
    assert doubts == sorted(doubts, reverse=True)
    document = json.loads((out / "suspects.json").read_text(encoding="utf-8"))
    assert [row["clip_id"] for row in document["suspects"]] == [row["clip_id"] for row in rows[:5]]
    assert document["folds"] == 4
    assert document["uar"] > 0.8
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.count("data:audio/flac;base64,") == 5
    assert 'labelled <b class="wrong">angry</b>' in page
    assert wrong in page
    assert not re.search(r"<script|https?://|<link|@import", page)


def test_results_are_replaced_and_are_the_same_again(version, quick):
    out = version.parent.parent / "runs" / "suspects-v1"
    find_suspects(version, out, quick)
    first = sha256_file(out / "suspects.csv")
    (out / "left.txt").write_text("")
    find_suspects(version, out, quick)
    assert sha256_file(out / "suspects.csv") == first
    assert not (out / "left.txt").exists()


def test_a_folder_of_something_else_is_left_alone(version, quick):
    out = version.parent.parent / "runs" / "suspects-v1"
    out.mkdir(parents=True)
    (out / "thesis.tex").write_text("")
    with pytest.raises(ConfigurationError, match="holds something else; move it elsewhere"):
        find_suspects(version, out, quick)


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (
            lambda row: row["emotion"] if row["speaker"] == "s0" else None,
            "all clips are of one speaker or source, so that each is only compared with others of",
        ),
        (
            lambda row: (
                None if row["emotion"] == "sad" and row["speaker"] != "s0" else row["emotion"]
            ),
            "3 clips of sad can't be judged and come last: no other speaker, or no other clip, has",
        ),
        (
            lambda row: ["angry", "fear"][int(row["clip_id"][-8:-4]) % 2 ^ (row["speaker"] < "s2")],
            "models of other speakers agree with the labels no better than chance (UAR 0.",
        ),
    ],
)
def test_what_cannot_be_judged_is_said(version, quick, change, warning):
    relabel(version, change)
    outcome = find_suspects(version, version.parent.parent / "runs" / "suspects-v1", quick)
    assert [one for one in outcome.warnings if one.startswith(warning)] == outcome.warnings
    assert outcome.warnings
    page = (outcome.outputs[0] / "report.html").read_text(encoding="utf-8")
    assert page.count('class="warning"') == 1


def test_unknown_speakers_are_kept_together_by_their_source(version, quick):
    path = version / "manifest.jsonl"
    write_jsonl(path, [{**row, "speaker": None} for row in read_jsonl(path)])
    seal_manifest(version)
    assert {entry.speaker for entry in load_manifest(version).entries} == {None}
    out = version.parent.parent / "runs" / "suspects-v1"
    assert find_suspects(version, out, quick).details["folds"] == 4


def test_too_few_clips_are_refused(version, quick):
    relabel(version, lambda row: "sad" if row["speaker"] == "s0" else None)
    with pytest.raises(DataError, match="18 clips of 1 class say too little about each other"):
        find_suspects(version, version.parent.parent / "runs" / "suspects-v1", quick)


def test_a_clip_that_cannot_be_read_is_left_out_and_reported(version, quick):
    entry = load_manifest(version).entries[0]
    (version.parent.parent / entry.path).unlink()
    outcome = find_suspects(version, version.parent.parent / "runs" / "suspects-v1", quick)
    assert [failure.item for failure in outcome.failures] == [entry.clip_id]
    assert outcome.details["clips"] == 71
