"""Every table, setting and word list is read as people save it: encodings and separators."""

from pathlib import Path

import pytest

from annotation.batches.gold import gold_path, read_gold
from annotation.judgements.annotators import Annotators
from corpus_tools.importing.tables import read_corpus_tables
from corpus_tools.recordings.readings.script import RowError, read_script
from corpus_tools.review.decisions import read_decisions
from corpus_tools.segmentation.intake.regions import read_regions
from corpus_tools.transcription.guards.hallucinations import KnownHallucinations
from corpus_tools.transcription.imports import read_imported_texts
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.outcome import Outcome
from manifests.storage.speakers import read_speakers
from models.config.overrides import apply_overrides
from models.config.train import TrainSettings
from models.text.lexicon import read_lexicon


def speakers(path: Path) -> object:
    return [(one.speaker_id, one.region) for one in read_speakers(path).values()]


def gold(path: Path) -> object:
    gold_path(path.parent).parent.mkdir(exist_ok=True)
    path.rename(gold_path(path.parent))
    return read_gold(path.parent)


def annotators(path: Path) -> object:
    folder = path.parent / "annotations"
    folder.mkdir(exist_ok=True)
    path.rename(folder / "annotators.csv")
    return Annotators(path.parent).names()


def script(path: Path) -> object:
    return [(row.file, row.text) for row in read_script(path) if not isinstance(row, RowError)]


def regions(path: Path) -> object:
    return [(row.source, row.choice.start, row.choice.note) for row in read_regions(path)]


def imported(path: Path) -> object:
    return [(row.clip_id, row.fields["text"]) for row in read_imported_texts(path, Outcome())]


def corpus_table(path: Path) -> object:
    rows = read_corpus_tables(path, path.parent).rows
    return [(row.cells["file"], row.cells["speaker"]) for row in rows]


READERS = {
    speakers: ([["speaker_id", "gender", "region"], ["王伟", "male", "成都"]], [("王伟", "成都")]),
    gold: ([["clip_id", "emotion"], ["巴适-1", "sad"]], {"巴适-1": "sad"}),
    annotators: (
        [["annotator", "server", "number", "email"], ["a01", "s", "1", "王@x.cn"]], ["a01"],
    ),
    script: (
        [["file", "speaker", "gender", "text"], ["1.wav", "王", "f", "巴适, 得很"]],
        [("1.wav", "巴适, 得很")],
    ),
    regions: (
        [["source", "from", "to", "decision", "note"], ["第一集", "1,5", "9", "keep", "要得"]],
        [("第一集", 1.5, "要得")],
    ),
    imported: ([["clip_id", "text"], ["第一集-1", "莫得\n事"]], [("第一集-1", "莫得\n事")]),
    corpus_table: ([["file", "speaker"], ["a.wav", "刘婷婷"]], [("a.wav", "刘婷婷")]),
}  # fmt: skip


def table(rows: list[list[str]], separator: str) -> str:
    quoted = [separator.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    return "\r\n".join(quoted) + "\r\n"


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("encoding", "separator", "head"),
    [
        ("utf-8-sig", ";", ""), ("utf-16", "\t", ""), ("utf-16-le", ",", ""), ("gb18030", ";", ""),
        ("utf-8", ";", "sep=;\r\n"), ("gbk", ",", "\r\n,,\r\n"), ("utf-8", "|", ""),
    ],
)  # fmt: skip
def test_every_table_is_read_as_spreadsheets_save_it(
    tmp_path, read, encoding, separator, head
) -> None:
    rows, expected = READERS[read]
    path = tmp_path / "table.csv"
    path.write_bytes((head + table(rows, separator)).encode(encoding))
    assert read(path) == expected


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda rows: [*rows, ["第一集"]],
            r"line [34]: isn't in UTF-8 as other lines are; save the whole file",
        ),
        (lambda rows: [[*rows[0], rows[0][0]], *rows[1:]], "duplicate|columns must be|two columns"),
    ],
)
def test_a_table_of_two_encodings_or_with_a_column_twice_is_refused(
    tmp_path, read, change, message
) -> None:
    path = tmp_path / "table.csv"
    first, *more = [table([row], ",") for row in change(READERS[read][0])]
    last = more.pop() if len(more) > 1 else ""
    path.write_bytes((first + "".join(more)).encode() + last.encode("gb18030"))
    with pytest.raises((DataError, ConfigurationError), match=message):
        read(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "utf-16-be", "big5"])
def test_settings_and_word_lists_are_read_in_any_encoding(tmp_path, encoding) -> None:
    root = tmp_path / "corpus"
    Workspace.create(root, "x")
    (root / "corpus.toml").write_bytes('[corpus]\r\nname = "四川話"\r\n'.encode(encoding))
    assert Workspace(root).configuration.corpus.name == "四川話"
    words = tmp_path / "words.txt"
    words.write_bytes("巴適\r\n沒有 12 n\r\n".encode(encoding))
    assert [entry.word for entry in read_lexicon(words)] == ["巴適", "沒有"]
    words.write_bytes("我們的頻道\r\n".encode(encoding))
    assert KnownHallucinations.read(words).holds("我们的频道")
    words.write_bytes("# 注釋\r\n[audio]\r\nhidden = 32\r\n".encode(encoding))
    assert apply_overrides(TrainSettings(), file=words).audio.hidden == 32


def test_settings_in_two_encodings_are_refused_with_the_line(tmp_path) -> None:
    Workspace.create(tmp_path / "c", "x")
    data = '# 四川\n[corpus]\nname = "'.encode() + "四川".encode("gb18030") + b'"\n'
    (tmp_path / "c" / "corpus.toml").write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"corpus\.toml, line 3: isn't in UTF-8"):
        Workspace(tmp_path / "c").configuration  # noqa: B018


@pytest.mark.parametrize("text", ["file,emotion\n", "file;emotion\n\n;;\n", "\n"])
def test_a_corpus_table_without_rows_is_refused(tmp_path, text) -> None:
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(DataError, match=r"table\.csv: (has no rows; is it|empty; give a table)"):
        corpus_table(tmp_path / "table.csv")


def test_a_review_decision_with_surplus_fields_is_named(tmp_path) -> None:
    head = "source,clip_id,from,to,decision,note\n"
    rows = "E01,E01-1,1,2,drop,a loud, long quarrel\nE01,E01-2,2,3,keep,fine,\n"
    (tmp_path / "decisions.csv").write_text(head + rows)
    bad, good = read_decisions(tmp_path / "decisions.csv")
    assert str(bad) == ("line 2: has more fields than columns; quote texts with separators in them")
    assert good.note == "fine"
