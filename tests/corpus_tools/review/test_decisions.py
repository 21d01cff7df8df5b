import pytest

from corpus_tools.review.decisions import read_decisions
from manifests.base.errors import DataError

HEAD = "source,clip_id,from,to,decision,note\r\n"


def read(tmp_path, data):
    path = tmp_path / "d.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return list(read_decisions(path))


def test_rows_written_by_the_page(tmp_path):
    rows = read(
        tmp_path,
        "\ufeff" + HEAD + "E,E-1,0.050,3.890,keep,\r\n"
        'E,E-2,7.770,11.640,trim,"\'=1+1, ""好"" it"\r\n',
    )
    assert [(row.line, row.action, row.start, row.end) for row in rows] == [
        (2, "keep", 0.05, 3.89),
        (3, "trim", 7.77, 11.64),
    ]
    assert (rows[0].note, rows[1].note) == (None, '=1+1, "好" it')


@pytest.mark.parametrize(
    "data",
    [
        HEAD.replace(",", ";") + "E;E-1;1:02,5;1:06;TRIM;巴适得很，莫得事\n",
        HEAD.replace(",", "\t") + "E\tE-1\t62.5\t66\ttrim\t巴适得很，莫得事\r\n",
        "note,decision,to,from,clip_id,source\n巴适得很，莫得事,trim,0:01:06,62.50, E-1 ,E\n,,,\n",
        (HEAD + "E,E-1,62.5,66,trim,巴适得很，莫得事\n").encode("gb18030"),
        (HEAD.replace(",", "\t") + "E\tE-1\t62.5\t66\ttrim\t巴适得很，莫得事\n").encode("utf-16"),
    ],
    ids=["semicolons", "tabs", "other order", "gb18030", "utf-16"],
)
def test_rows_saved_by_spreadsheets(tmp_path, data):
    (row,) = read(tmp_path, data)
    assert (row.source_id, row.clip_id, row.action) == ("E", "E-1", "trim")
    assert (row.start, row.end, row.note) == (62.5, 66.0, "巴适得很，莫得事")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("E,E-1,1,4,maybe,", "line 2: unknown decision 'maybe'; write keep, drop, trim or undo"),
        ("E,E-1,one,4,trim,", "line 2: time 'one'"),
        ("E,E-1,,4,trim,", "line 2: trim without times"),
        ("E,E-1,4,1,trim,", "line 2: ends at 1, not after its start"),
        (",E-1,1,4,keep,", "line 2: no source and clip"),
        ("E,E-1", "line 2: unknown decision ''"),
        ("E,E-1,nan,4,trim,", "line 2: time 'nan'"),
    ],
)
def test_bad_row_is_named_and_the_others_are_read(tmp_path, row, message):
    bad, good = read(tmp_path, f"{HEAD}{row}\r\nE,E-2,,,drop,\r\n")
    assert isinstance(bad, DataError)
    assert str(bad).startswith(message)
    assert (good.clip_id, good.start) == ("E-2", None)


def test_other_files_are_refused(tmp_path):
    for data in ("", "a,b\n1,2\n", b"\x00\xff\xfe\x00" * 20):
        with pytest.raises(DataError):
            read(tmp_path, data)
    with pytest.raises(DataError, match="can't be read"):
        list(read_decisions(tmp_path / "none.csv"))
