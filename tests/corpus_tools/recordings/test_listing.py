"""Speakers of a script: nobody is refused, spellings of an id are one person."""

import pytest

from corpus_tools.recordings.listing import list_files
from manifests.base.outcome import Outcome


def listed(tmp_path, *speakers, known=()):
    rows = [f"{number}.wav,{name},male,hm {number}" for number, name in enumerate(speakers)]
    for number in range(len(speakers)):
        (tmp_path / f"{number}.wav").touch()
    script = tmp_path / "script.csv"
    script.write_text("\n".join(["file,speaker,gender,text", *rows]), encoding="utf-8")
    outcome = Outcome()
    listing = list_files(script, tmp_path, False, outcome, known=known)
    return [one.row.speaker.speaker_id for one in listing.recordings], outcome


def test_the_spelling_of_the_corpus_is_used_and_said(tmp_path):
    names, outcome = listed(tmp_path, "m03", "Ｍ０３", "F01", known=["M03", "F02"])
    assert names == ["M03", "M03", "F01"]
    assert outcome.warnings == [
        "speakers written in several ways count as one: M03 (also m03, Ｍ０３)"
    ]


def test_ids_that_are_nearly_equal_are_named(tmp_path):
    names, outcome = listed(tmp_path, "M-3", "F01", known=["M03", "F1-1"])
    assert names == ["M-3", "F01"]
    assert len(outcome.warnings) == 1
    assert outcome.warnings[0].startswith("M-3 and M03 count as different speakers")


@pytest.mark.parametrize("name", ["unknown", "UNK", "未知", "nobody", "none"])
def test_nobody_is_no_speaker_of_a_script(tmp_path, name):
    names, outcome = listed(tmp_path, "M03", name)
    assert names == ["M03"]
    assert f"speaker '{name}' is nobody; give each person a pseudonym" in outcome.failures[0].reason
