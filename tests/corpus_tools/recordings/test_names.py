"""Files of a script, and media given by name, in other Unicode forms, cases and linked folders."""

import unicodedata
from pathlib import Path

import pytest

from corpus_tools.recordings.listing import Listing, list_files
from corpus_tools.segmentation.intake.identify import find_media
from manifests.base.outcome import Outcome

NFC, NFD = (unicodedata.normalize(form, "Zoë/é1.wav") for form in ("NFC", "NFD"))


def listed(folder: Path, *names: str) -> tuple[Listing, Outcome]:
    script = folder.parent / "script.csv"
    rows = [f"{name},{unicodedata.normalize('NFD', 'Zoë')},female,text {name}" for name in names]
    script.write_text("\n".join(["file,speaker,gender,text", *rows]), encoding="utf-8")
    outcome = Outcome()
    return list_files(script, folder, False, outcome), outcome


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize(("stored", "given"), [(NFC, NFD), (NFD, NFC)])
def test_a_script_may_write_names_in_another_form(tmp_path: Path, stored: str, given: str) -> None:
    make(tmp_path / "r", stored)
    listing, outcome = listed(tmp_path / "r", given)
    assert [one.path for one in listing.recordings] == [tmp_path / "r" / stored]
    assert listing.recordings[0].row.speaker.speaker_id == "Zoë"
    assert outcome.ok


def test_another_case_is_refused_with_the_name_that_is_there(tmp_path: Path) -> None:
    make(tmp_path / "r", "S1/Line1.WAV")
    _, outcome = listed(tmp_path / "r", "s1/line1.wav")
    assert [failure.reason for failure in outcome.failures] == [
        f"line 2: no such file in {tmp_path / 'r'}; did you mean 'S1/Line1.WAV'?",
        "not in the script; add a row for it, or remove it",
    ]


def test_files_in_linked_folders_are_listed_and_used(tmp_path: Path) -> None:
    make(tmp_path / "disk", "a.wav", "b.wav")
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "S2").symlink_to(tmp_path / "disk")
    listing, outcome = listed(tmp_path / "r", "S2/a.wav")
    assert [one.row.file for one in listing.recordings] == ["S2/a.wav"]
    assert [failure.item for failure in outcome.failures] == ["S2/b.wav"]
    assert outcome.warnings == [f"{tmp_path / 'r'}: entered 1 linked folder that lies outside: S2"]


def test_media_may_be_given_in_another_form_and_not_in_another_case(tmp_path: Path) -> None:
    make(tmp_path, NFD)
    outcome = Outcome()
    wrong = tmp_path / NFC.upper()
    assert find_media([tmp_path / NFC, wrong], tmp_path / "c", outcome) == [tmp_path / NFD]
    (failure,) = outcome.failures
    assert failure.item == str(wrong)
    assert failure.reason == f"no such file; did you mean {tmp_path / NFD}?"
    assert outcome.failed == 1
