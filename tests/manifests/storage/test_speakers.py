import pytest

from manifests.base.errors import DataError
from manifests.base.outcome import Outcome
from manifests.storage.records import Speaker
from manifests.storage.speakers import merge_speakers, read_speakers

HEAD = "speaker_id,gender,age,region,native,consent\n"


def test_new_speakers_and_new_fields_are_merged(tmp_path):
    path = tmp_path / "speakers.csv"
    path.write_text(HEAD + "S2,male,,成都,,2026-01\n", encoding="utf-8")
    outcome = Outcome()
    found = [Speaker(speaker_id="S2", age=40), Speaker(speaker_id="S1", gender="female")]
    merge_speakers(path, found * 2, outcome)
    assert outcome.ok
    assert path.read_text(encoding="utf-8") == HEAD + "S1,female,,,,\nS2,male,40,成都,,2026-01\n"


def test_a_contradiction_is_reported_once_and_changes_nothing(tmp_path):
    path = tmp_path / "speakers.csv"
    path.write_text(HEAD + "S1,male,,,,\n")
    outcome = Outcome()
    merge_speakers(path, [Speaker(speaker_id="S1", gender="female")] * 3, outcome)
    (failure,) = outcome.failures
    assert failure.item == "speaker S1"
    assert "'male' in speakers.csv and 'female' in the table" in failure.reason
    assert path.read_text() == HEAD + "S1,male,,,,\n"


@pytest.mark.parametrize("row", ["S1,woman,,,,", "S1,male,,,,,x", "S1,,,,,\nS1,,,,,", "S1,,x,,,"])
def test_a_damaged_table_is_an_error(tmp_path, row):
    (tmp_path / "speakers.csv").write_text(HEAD + row + "\n")
    with pytest.raises(DataError, match=r"speakers\.csv"):
        read_speakers(tmp_path / "speakers.csv")


def test_a_table_in_gb18030_is_read(tmp_path):
    path = tmp_path / "speakers.csv"
    path.write_bytes((HEAD + "S1,female,,成都,,\n").encode("gb18030"))
    assert read_speakers(path)["S1"].region == "成都"
