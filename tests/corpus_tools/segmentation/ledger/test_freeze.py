"""Labels survive every change of settings: a hundred judged clips keep their samples."""

import json

import pytest
import soundfile
from typer.testing import CliRunner

from annotation.judgements.store import read_judgements
from corpus_tools.cli.app import app
from corpus_tools.media.wav import pcm_sha256
from manifests.storage.records import Clip
from manifests.storage.shards import STAGES, read_stage

BEFORE = """
[corpus]
name = "试"

[screen]
max_music = 1
max_clipping = 1
min_snr_db = -99
min_speech_ratio = 0
"""
AFTER = """
[corpus]
name = "试"

[segment]
aggressiveness = 0
margin_seconds = 0.05

[screen]
min_snr_db = 25
max_clipping = 0.001
min_speech_ratio = 0.7
"""


def corpus_command(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def films(tmp_path, make_babble, make_media):
    for seed in range(3):
        make_media(tmp_path / f"E0{seed}.flac", make_babble(200, seed) / 32768)
    return sorted(tmp_path.glob("*.flac"))


def label_studio_export(tasks):
    result = [
        {
            "from_name": "emotion",
            "to_name": "audio",
            "type": "choices",
            "value": {"choices": ["happy"]},
        }
    ]
    return [
        {
            "id": number,
            "data": task["data"],
            "annotations": [
                {
                    "id": number,
                    "completed_by": 1,
                    "result": result,
                    "was_cancelled": False,
                    "created_at": "2026-11-22T14:00:52Z",
                    "updated_at": "2026-11-22T14:00:52Z",
                    "unique_id": f"a5cfbd20-2fd0-406b-859a-{number:012d}",
                    "task": number,
                    "project": 1,
                }
            ],
        }
        for number, task in enumerate(tasks, start=1)
    ]


def test_judgements_keep_their_samples(tmp_path, films):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "corpus.toml").write_text(BEFORE, encoding="utf-8")
    assert corpus_command("segment", *films, "--corpus", corpus).exit_code == 0
    done = corpus_command("export-tasks", "--limit", 100, "--corpus", corpus)
    assert done.exit_code == 0, done.output
    (tasks,) = (corpus / "annotations" / "tasks").glob("*.json")
    export = tmp_path / "export.json"
    export.write_text(
        json.dumps(label_studio_export(json.loads(tasks.read_text(encoding="utf-8"))))
    )
    done = corpus_command("import-annotations", export, "--corpus", corpus)
    assert done.exit_code == 0, done.output
    before = {clip.clip_id: clip for clip in read_stage(corpus, STAGES["segments"], Clip)}
    judged = {row.clip_id for row in read_judgements(corpus)}
    assert len(judged) == 100

    (corpus / "corpus.toml").write_text(AFTER, encoding="utf-8")
    again = corpus_command("segment", *films, "--corpus", corpus)
    assert again.exit_code == 1
    assert "frozen" in again.output
    screened = corpus_command("screen", "--corpus", corpus)
    assert screened.exit_code == 0, screened.output
    after = {clip.clip_id: clip for clip in read_stage(corpus, STAGES["segments"], Clip)}
    for name in judged:
        samples, rate = soundfile.read(corpus / after[name].path, dtype="int16")
        assert rate == 16_000
        assert pcm_sha256(samples) == before[name].sha256 == after[name].sha256
