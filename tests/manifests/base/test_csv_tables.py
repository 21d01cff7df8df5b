"""Tables in any separator and encoding, quoted, ragged or damaged."""

import csv
import io

import pytest

from manifests.base.csv_tables import Ragged, csv_text, parse_rows, parse_table, read_rows
from manifests.base.encodings import decode_text
from manifests.base.errors import DataError


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("cp1252", "a;Zoë\n"), ("cp1252", "a,Renée Müller\n"), ("cp1251", "Привет, как дела\n")],
)
def test_a_european_encoding_is_read_where_the_bytes_tell_which(encoding, text) -> None:
    assert decode_text(text.encode(encoding), "x") == text


@pytest.mark.parametrize(
    ("encoding", "text"), [("cp1250", "a\nnie mogę się\n"), ("cp1252", "a\noù étais-tu\n")]
)
def test_an_ambiguous_encoding_is_refused_but_for_the_language(encoding, text) -> None:
    with pytest.raises(DataError, match=r"x, line 2: its character encoding isn't recognised"):
        decode_text(text.encode(encoding), "x")
    assert (
        decode_text(text.encode(encoding), "x", {"cp1250": "pl", "cp1252": "fr"}[encoding]) == text
    )


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("a,b\n1,2,3\n", ["a", "b"], [Ragged({"a": "1", "b": "2"})]),
        ("a,b,,\n1,2,,\n3\n", ["a", "b"], [{"a": "1", "b": "2"}, {"a": "3", "b": ""}]),
        ("a\tb\n\n\t\n1\t2;3,4,5\n", ["a", "b"], [{"a": "1", "b": "2;3,4,5"}]),
        ('"a,b,c";d\n1;2\n', ["a,b,c", "d"], [{"a,b,c": "1", "d": "2"}]),
        ("a;b\n", ["a", "b"], []),
        ("", [], []),
        ("a,b\r1,2\r", ["a", "b"], [{"a": "1", "b": "2"}]),
    ],
)
def test_tables_are_parsed(text, columns, rows) -> None:
    found, parsed = parse_table(text, "x")
    assert (found, [row for _, row in parsed]) == (columns, rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,a\n", "x, line 1: duplicate column 'a'; rename or remove one"),
        ("\na,,b\n", "x, line 2: column 2 has no name; name or remove it"),
        ('a,b\n1,"2\n3,4\n', "x, line 2: not valid CSV .*; close or double its quotes"),
    ],
)
def test_damaged_tables_are_refused_with_the_line(text, message) -> None:
    with pytest.raises(DataError, match=message):
        list(parse_table(text, "x")[1])


def test_a_row_over_several_lines_is_named_by_its_first(tmp_path) -> None:
    (tmp_path / "a.csv").write_text('a,b\n1,"x\ny"\n2,z\n')
    assert list(read_rows(tmp_path / "a.csv"))[1:] == [(2, ["1", "x\ny"]), (4, ["2", "z"])]


@pytest.mark.parametrize("data", [b"PK\x03\x04\0\0", b"\xd0\xcf\x11\xe0\xa1\xb1"])
def test_a_spreadsheet_is_named(data) -> None:
    with pytest.raises(DataError, match="x: is a spreadsheet; save it as CSV in UTF-8"):
        decode_text(data, "x")


FORMULAS = [
    *("=1+1", "+cmd|' /C calc'!A0", "-1+1", "@SUM(1,1)", "- No.", "-", "=", "+"),
    *("  =1+1", "\u3000=1+1", "\xa0@x", "\t=1+1", "\r=1+1", "\tx", "\n=1+1", "-12x"),
    *("＝1+1", "＋1+1", "－1+1", "＠SUM(1)", "\u3000＝1", '=HYPERLINK("http://x";"y")'),
    *("'=1", "''", "'tis", "''tis", "'", "' =1", "'" * 3 + "=1"),
]
PLAIN = ["", "x", "巴适", "a=b", "x-1", "don't", "-12.5", "+3", "-1,5", "-1e-05", " -2 ", "x;=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_and_reading_gives_it_back(text) -> None:
    written = csv_text([["clip", "text"], ["a", text]])
    assert list(csv.reader(io.StringIO(written, newline="")))[1] == ["a", f"'{text}"]
    assert list(parse_rows(written, "x"))[1] == (2, ["a", text.strip()])


@pytest.mark.parametrize("value", [*PLAIN, -1, -0.5, None, True])
def test_other_texts_and_numbers_are_written_as_they_are(value) -> None:
    written = csv_text([["clip", "text"], ["a", value]])
    text = "" if value is None else str(value)
    assert list(csv.reader(io.StringIO(written)))[1] == ["a", text]
    assert list(parse_rows(written, "x"))[1] == (2, ["a", text.strip()])
