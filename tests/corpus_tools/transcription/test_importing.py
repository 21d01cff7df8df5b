from pathlib import Path
from typing import Any

import pytest

from corpus_tools.transcription.imports import import_transcripts
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.records import Transcript
from manifests.storage.shards import STAGES, read_shard

FIRST, SECOND = "drama-00000000-00003000", "drama-00003000-00007000"


def imported(workspace: Workspace) -> list[tuple[str, str | None, str]]:
    path = STAGES["transcripts"].path(workspace.root, "drama")
    rows = read_shard(path, Transcript) if path.exists() else []
    return [(row.clip_id, row.model, row.text) for row in rows if row.source == "import"]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding)
    return path


def test_json_lines_keep_scores_and_words(workspace: Workspace, tmp_path: Path) -> None:
    row = (
        f'{{"clip_id": "{FIRST}", "text": " ＯＫ，要得 ", "language": "zh", "avg_logprob": -0.2, '
        f'"words": [[0.1, 0.4, "要得", 0.9]]}}\n'
    )
    outcome = import_transcripts(workspace, write(tmp_path / "paraformer.jsonl", row + "\n"))
    path = STAGES["transcripts"].path(workspace.root, "drama")
    (record,) = read_shard(path, Transcript)
    assert record == Transcript(
        clip_id=FIRST,
        text="OK，要得",
        text_raw=" ＯＫ，要得 ",
        source="import",
        model="paraformer",
        language="zh",
        avg_logprob=-0.2,
        words=[(0.1, 0.4, "要得", 0.9)],
    )
    assert (outcome.items_in, outcome.kept, outcome.ok) == (1, 1, True)
    assert outcome.outputs == [path]


def test_the_language_of_a_row_may_be_named(workspace: Workspace, tmp_path: Path) -> None:
    rows = f"clip_id,text,language\n{FIRST},發財,chinese\n{SECOND},發財,klingonish\n"
    outcome = import_transcripts(workspace, write(tmp_path / "api.csv", rows))
    (record,) = read_shard(STAGES["transcripts"].path(workspace.root, "drama"), Transcript)
    assert (record.text, record.language) == ("发财", "zh")
    (failure,) = outcome.failures
    assert failure.item == "api.csv, line 3"
    assert "'klingonish': no known language; did you mean tlh (Klingon)?" in failure.reason


def test_the_same_file_again_changes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", f"clip_id,text\n{FIRST},要得\n", "utf-8-sig")
    import_transcripts(workspace, file, "li")
    path = STAGES["transcripts"].path(workspace.root, "drama")
    before = path.stat().st_mtime_ns
    again = import_transcripts(workspace, file, "li")
    assert path.stat().st_mtime_ns == before
    assert again.ok
    assert again.details == {"name": "li", "changed": 0}
    assert "no new texts" in again.warnings[0]


def test_a_second_file_adds_to_the_first_under_its_name(
    workspace: Workspace, tmp_path: Path
) -> None:
    head = "clip_id,text\n"
    import_transcripts(workspace, write(tmp_path / "1.csv", f"{head}{FIRST},要得\n"), "li")
    import_transcripts(workspace, write(tmp_path / "2.csv", f'{head}{SECOND},"莫得, 噻"\n'), "li")
    import_transcripts(workspace, write(tmp_path / "3.csv", f"{head}{FIRST},要不得\n"), "li")
    import_transcripts(workspace, write(tmp_path / "4.csv", f"{head}{FIRST},啥子\n"), "wu")
    assert imported(workspace) == [
        (FIRST, "li", "要不得"),
        (FIRST, "wu", "啥子"),
        (SECOND, "li", "莫得, 噻"),
    ]


def test_leftovers_of_a_killed_run_are_removed(workspace: Workspace, tmp_path: Path) -> None:
    left = workspace.root / "stages" / "transcripts" / ".0123.partial.jsonl"
    left.write_text("half")
    import_transcripts(workspace, write(tmp_path / "a.csv", f"clip_id,text\n{FIRST},要得\n"))
    assert not left.exists()


def test_every_invalid_row_is_reported_and_the_others_imported(
    workspace: Workspace, tmp_path: Path
) -> None:
    rows = [
        f'{{"clip_id": "{FIRST}", "text": "要得", "txt": 1}}',
        '{"clip_id": "nowhere", "text": "x"}',
        f'{{"clip_id": "{FIRST}", "text": "again"}}',
        f'{{"clip_id": "{SECOND}", "text": "  "}}',
        f'{{"clip_id": "{SECOND}", "text": 3}}',
        '{"text": "x"}',
        "[1]",
        "{",
        f'{{"clip_id": "{SECOND}", "text": "x", "avg_logprob": "high"}}',
        f'{{"clip_id": "{SECOND}", "text": "\\ud800好"}}',
    ]
    outcome = import_transcripts(workspace, write(tmp_path / "a.jsonl", "\n".join(rows)))
    assert imported(workspace) == [(FIRST, "a", "要得")]
    assert (outcome.items_in, outcome.kept) == (10, 1)
    found = {failure.item: failure.reason for failure in outcome.failures}
    wanted = [
        "'text'", "no clip 'nowhere'", "already has a text in a.jsonl, line 1", "empty",
        "text isn't a text", "no clip_id", "JSON object", "not valid JSON", "avg_logprob",
        "isn't valid Unicode",
    ]  # fmt: skip
    for number, reason in enumerate(wanted, start=1):
        assert reason in found[f"a.jsonl, line {number}"]
        assert "a.jsonl, line 9" not in found[f"a.jsonl, line {number}"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("clip_id,txt\na,b\n", "no column 'text'"),
        ("", "no column 'clip_id'"),
        ('clip_id,text\na,"b\n', "not valid CSV"),
        ("clip_id,text,text\na,b,c\n", "line 1: duplicate column 'text'; rename or remove one"),
        ("clip_id:text\na:b\n", "it is: 'clip_id:text'"),
    ],
)
def test_an_invalid_table_is_an_error(
    workspace: Workspace, tmp_path: Path, content: str, reason: str
) -> None:
    with pytest.raises(DataError, match=reason):
        import_transcripts(workspace, write(tmp_path / "a.csv", content))


def test_a_csv_row_with_an_unquoted_comma_is_reported(workspace: Workspace, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", f"clip_id,text\n{FIRST},要得,好\n")
    assert "quote texts" in import_transcripts(workspace, file).failures[0].reason


def test_subtitles_of_one_source(workspace: Workspace, tmp_path: Path) -> None:
    text = (
        "1\n00:00:00,500 --> 00:00:02,000\n要得\n\n2\n00:00:07,200 --> 00:00:07,900\n没人\n\n"
        "3\n00:00:02,200 --> 00:00:02,900\n莫得\n\n"
    )
    file = write(tmp_path / "fan.srt", text)
    outcome = import_transcripts(workspace, file, source_id="drama")
    assert imported(workspace) == [(FIRST, "fan", "要得 莫得")]
    assert (outcome.items_in, outcome.kept) == (3, 2)
    assert dict(outcome.rejected) == {"outside clips": 1}


@pytest.mark.parametrize(
    ("name", "more", "reason"),
    [
        ("a.srt", {}, "--source"),
        ("a.srt", {"source_id": "../../x"}, "no source"),
        ("a.csv", {"source_id": "drama"}, "--source is for subtitle files"),
        ("a.txt", {}, "unknown kind of file"),
    ],
)
def test_wrong_usage(
    workspace: Workspace, tmp_path: Path, name: str, more: Any, reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        import_transcripts(workspace, write(tmp_path / name, ""), **more)


INVENTED = [
    "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
    "对" * 30,
    "字幕由某某提供",
    "剪辑：某某",
]


@pytest.mark.parametrize("text", INVENTED)
def test_invented_texts_are_flagged_and_kept(
    workspace: Workspace, tmp_path: Path, text: str
) -> None:
    rows = f"clip_id,text\n{FIRST},{text}\n{SECOND},你啷个晓得嘛\n"
    outcome = import_transcripts(workspace, write(tmp_path / "a.csv", rows))
    first, second = read_shard(STAGES["transcripts"].path(workspace.root, "drama"), Transcript)
    assert first.text.replace(" ", "") == text.replace(" ", "")
    assert {*first.flags} & {"char_loop", "known_hallucination"}
    assert second.flags == []
    (warning,) = outcome.warnings
    assert warning.startswith("1 text of a.csv may be invented by a recogniser, or be credits")
    assert warning.endswith(f"kept with flags; check {FIRST}")


@pytest.mark.parametrize("text", INVENTED)
def test_invented_subtitles_are_flagged_and_kept(
    workspace: Workspace, tmp_path: Path, text: str
) -> None:
    line = f"1\n00:00:00,500 --> 00:00:02,900\n{text}\n"
    outcome = import_transcripts(workspace, write(tmp_path / "a.srt", line), source_id="drama")
    (record,) = read_shard(STAGES["transcripts"].path(workspace.root, "drama"), Transcript)
    assert record.text
    assert {*record.flags} & {"char_loop", "known_hallucination"}
    assert "may be invented by a recogniser, or be credits" in outcome.warnings[-1]


def test_texts_lose_labels_and_remarks_and_keep_them_raw(
    workspace: Workspace, tmp_path: Path
) -> None:
    rows = f"clip_id,text\n{FIRST},[SPEAKER_00]: (哭泣) 要得\n{SECOND},♪ 啦啦 ♪\n"
    outcome = import_transcripts(workspace, write(tmp_path / "a.csv", rows))
    first, second = read_shard(STAGES["transcripts"].path(workspace.root, "drama"), Transcript)
    assert (first.text, first.text_raw) == ("要得", "[SPEAKER_00]: (哭泣) 要得")
    assert (second.text, second.text_raw, second.flags) == ("", "♪ 啦啦 ♪", ["no_words"])
    assert f"(no words), and were kept with flags; check {SECOND}" in outcome.warnings[0]
