"""Names of files in another Unicode normal form, or in another case."""

import unicodedata
from pathlib import Path

import pytest

from manifests.base.errors import DataError
from manifests.storage.file_names import as_on_disk, did_you_mean

NFC, NFD = (unicodedata.normalize(form, "Żółw/déjà vu.wav") for form in ("NFC", "NFD"))


def make(folder: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.touch()


@pytest.mark.parametrize(("stored", "given"), [(NFC, NFD), (NFD, NFC)])
def test_a_name_in_another_form_is_found(tmp_path: Path, stored: str, given: str) -> None:
    make(tmp_path, stored)
    assert as_on_disk(tmp_path, given) == stored
    assert as_on_disk(tmp_path, stored) == stored
    assert as_on_disk(tmp_path, "Żółw/autre.wav") == "Żółw/autre.wav"


def test_the_exact_name_comes_first_and_two_others_are_refused(tmp_path: Path) -> None:
    forms = ["\u1e69.wav", "s\u0323\u0307.wav", "s\u0307\u0323.wav"]
    for name in forms[1:]:
        make(tmp_path, name)
    assert as_on_disk(tmp_path, forms[1]) == forms[1]
    with pytest.raises(DataError, match=r"may be any of 2 files in .* rename all but one"):
        as_on_disk(tmp_path, forms[0])


def test_new_files_are_seen(tmp_path: Path) -> None:
    make(tmp_path, "x.wav")
    assert did_you_mean(tmp_path, "é.wav") is None
    make(tmp_path, "É.WAV")
    assert did_you_mean(tmp_path, "é.wav") == "É.WAV"
    assert as_on_disk(tmp_path, "é.wav") == "é.wav"


@pytest.mark.parametrize("hostile", ["../x", "/etc/passwd", "a\0b", "x" * 5000, ""])
def test_hostile_names_are_left_as_they_are(tmp_path: Path, hostile: str) -> None:
    assert as_on_disk(tmp_path, hostile) == hostile
    assert did_you_mean(tmp_path, hostile) in (None, "")
