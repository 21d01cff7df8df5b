import pytest

from corpus_tools.recordings.readings.script import read_script, sentence_id
from manifests.base.errors import ConfigurationError, DataError

HEAD = "file,speaker,gender,text"


def rows(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "SCRIPT.csv"
    path.write_bytes(text.encode(encoding))
    return list(read_script(path))


def test_rows_are_read_with_their_speakers(tmp_path):
    (row,) = rows(
        tmp_path, f'{HEAD},age,region,intended_emotion\na.wav,S1,女,"要得，走",31,成都,happy\n'
    )
    assert (row.file, row.text, row.line) == ("a.wav", "要得，走", 2)
    assert row.speaker.row() == {
        "speaker_id": "S1", "gender": "female", "age": 31, "region": "成都", "native": None,
        "consent": None,
    }  # fmt: skip
    assert row.sentence == sentence_id("要得 走！")
    assert "happy" not in repr(row)


@pytest.mark.parametrize(
    "text",
    [f"\ufeff{HEAD}\r\na.wav,S1,F,hm\r\n", f"{HEAD}\n\n,,,\na.wav,S1,f,hm".replace(",", ";")],
)
def test_csv_of_spreadsheets_is_read(tmp_path, text):
    (row,) = rows(tmp_path, text)
    assert row.speaker.gender == "female"


def test_a_given_sentence_id_is_kept(tmp_path):
    (row,) = rows(tmp_path, f"{HEAD},sentence\na.wav,S1,male,hm,07\n")
    assert row.sentence == "07"


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (HEAD + ",sentnce", "unknown column 'sentnce'; did you mean 'sentence'"),
        ("file,speaker,text", "'gender' is missing"),
        (HEAD + ",text", "duplicate column"),
        ("", "'file' is missing"),
        ("file,,speaker,gender,text", "column 2 has no name"),
    ],
)
def test_wrong_columns_are_refused(tmp_path, header, named):
    with pytest.raises(ConfigurationError, match=named):
        rows(tmp_path, header + "\n")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (",S1,male,hm", "line 2 has no file"),
        ("a.wav,,male,hm", "no speaker"),
        ("a.wav,S1,male,", "no text"),
        ("a.wav,S1,woman,hm", "gender 'woman'"),
        ("a.wav,S1,male,hm,ho", "more fields"),
        ('a.wav,S1,male,"hm\nhm"', "line 2: text spans several lines"),
        ("a\0.wav,S1,male,hm", "file has control characters"),
    ],
)
def test_an_invalid_row_fails_alone(tmp_path, line, named):
    bad, good = rows(tmp_path, f"{HEAD}\n{line}\nb.wav,S1,male,hm\n")
    assert isinstance(bad, DataError)
    assert named in str(bad)
    assert (good.file, good.line) == ("b.wav", 3 + line.count("\n"))


def test_an_invalid_age_is_shown(tmp_path):
    (bad,) = rows(tmp_path, f"{HEAD},age\na.wav,S1,male,hm,thirty\n")
    assert str(bad) == "line 2: age 'thirty' isn't a whole number of years"


def test_trailing_empty_columns_and_leading_empty_lines_are_ignored(tmp_path):
    (row,) = rows(tmp_path, f"\n{HEAD},,\na.wav,S1,male,hm,,\n")
    assert (row.text, row.line) == ("hm", 3)


def test_a_spreadsheet_file_is_an_error(tmp_path):
    (tmp_path / "SCRIPT.xlsx").write_bytes(b"PK\x03\x04 and so on")
    with pytest.raises(DataError, match="save it as CSV"):
        list(read_script(tmp_path / "SCRIPT.xlsx"))


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig", "big5"])
def test_csv_of_spreadsheets_is_read_in_its_encoding(tmp_path, encoding):
    text = f"{HEAD}\r\n" + "a.wav,S1,女,今天的天氣真的很好\r\n" * 3
    if encoding == "utf-16":
        text = text.replace(",", "\t")
    assert [row.text for row in rows(tmp_path, text, encoding)] == ["今天的天氣真的很好"] * 3


def test_binary_files_are_errors(tmp_path):
    (tmp_path / "SCRIPT.csv").write_bytes(bytes(range(128, 256)) * 3)
    with pytest.raises(DataError, match="encoding"):
        list(read_script(tmp_path / "SCRIPT.csv"))
    with pytest.raises(ConfigurationError, match="check the path"):
        list(read_script(tmp_path / "none.csv"))
