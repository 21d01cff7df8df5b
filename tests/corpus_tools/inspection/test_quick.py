"""What `why` and `status` load and read: they are called often, on large corpora."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from annotation.batches.batches import write_batch
from corpus_tools.inspection.status import survey
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.frozen import frozen_clips
from manifests.storage.records import Screen
from manifests.storage.shards import STAGES, write_shard
from manifests.storage.store import write_jsonl
from tests.factories import make_clip, make_judgement, make_source, make_transcript

SOURCE = "茶馆-0123456789ab"
CLIPS = [f"{SOURCE}-{n * 4000:08d}-{n * 4000 + 4000:08d}" for n in range(2)]
HEAVY = {
    *("torch", "whisper", "librosa", "pandas", "numpy", "scipy", "av", "soundfile"),
    *("label_studio_sdk", "filelock", "corpus_tools.api.corpus"),
}


@pytest.fixture
def workspace(tmp_path):
    """Two clips with votes in two files, the first one in a task, too."""
    workspace = Workspace.create(tmp_path / "corpus", "c")
    root = workspace.root
    for stage, rows in (
        ("sources", [make_source(SOURCE, duration=8.0)]),
        ("segments", [make_clip(SOURCE, 4 * n, 4 * n + 4) for n in range(2)]),
        ("screen", [Screen(clip_id=clip_id, accepted=True) for clip_id in CLIPS]),
        ("transcripts", [make_transcript(CLIPS[0], "要得")]),
    ):
        write_shard(root, STAGES[stage], SOURCE, rows, {})
    for number, clip_id in enumerate(CLIPS):
        vote = make_judgement(clip_id, "a01", number, "sad")
        write_jsonl(root / f"annotations/judgements/{number}.jsonl", [vote.row()])
    task = {"data": {"clip_id": CLIPS[0], "audio": "/a.wav", "asr_text": "要得"}}
    write_batch(root / "annotations/tasks/batch-0001.json", [task])
    return workspace


@pytest.mark.parametrize("arguments", [["status"], ["why", CLIPS[0]], ["why", "00000000"]])
def test_only_what_the_command_needs_is_imported(workspace, arguments):
    code = (
        "import sys\n"
        "from corpus_tools.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *arguments, "--json", "--corpus", workspace.root]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = set(process.stderr.splitlines()[-1].split())
    assert not HEAVY & loaded
    verbs = {path.stem for path in Path("corpus_tools/cli").glob("*.py")}
    assert (
        {name.rpartition(".")[2] for name in loaded if name.startswith("corpus_tools.cli.")}
        == {*("app", "options", "session", arguments[0])}
        < verbs
    )


def test_status_reads_each_file_once(workspace, monkeypatch):
    times = Counter()
    read = Path.read_bytes

    def counted(path):
        times[path.relative_to(workspace.root).as_posix()] += 1
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    found = survey(workspace)
    assert found["clips"]["frozen"] == 2
    assert found["annotation"] == {"tasks": 1, "answered": 2, "skipped": 0, "annotators": 1}
    assert (
        times["annotations/judgements/1.jsonl"] == times["annotations/tasks/batch-0001.json"] == 1
    )
    assert times[f"stages/segments/{SOURCE}.jsonl"] == 1


def test_status_counts_the_files_of_judgements_that_can_be_read(workspace):
    path = workspace.root / "annotations/judgements/0.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    found = survey(workspace)
    assert found["annotation"]["answered"] == 1
    assert found["labels"]["sad"]["clips"] == 1
    (problem,) = found["problems"]
    assert problem.startswith(f"{path}, line 1: not valid JSON (truncated or edited)")


@pytest.mark.parametrize("folder", ["annotations/judgements/2.jsonl", "annotations/tasks/b.json"])
def test_a_clip_named_with_escaped_characters_is_found(workspace, folder):
    import json

    row = make_judgement(CLIPS[1], "a02", 7, "angry").row()
    text = json.dumps([{"data": row}] if folder.endswith(".json") else row, ensure_ascii=True)
    assert "\\u8336" in text
    for path in (workspace.root / "annotations/judgements").iterdir():
        path.unlink()
    (workspace.root / folder).write_text(text + "\n")
    assert frozen_clips(workspace.root, naming=CLIPS[1]) == {CLIPS[1]: folder}
