"""Reports of a build on bad input: one sentence per problem, and nothing half-written."""

import json

import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from corpus_tools.workspace.workspace import Workspace
from manifests.base.emotions import EMOTIONS
from manifests.storage.records import Screen
from manifests.storage.shards import STAGES, write_shard
from manifests.storage.store import write_jsonl
from tests.factories import make_judgement

JUDGEMENTS = "annotations/judgements/x.jsonl"


def store(corpus, left_out=()):
    """Write synthetic stage records and labels."""
    Workspace.create(corpus.root, "bad")
    speakers = "".join(f"{one.speaker_id},{one.gender}\n" for one in corpus.speakers.values())
    (corpus.root / "speakers.csv").write_text(f"speaker_id,gender\n{speakers}", encoding="utf-8")
    for name, source in corpus.sources.items():
        clips = [clip for clip in corpus.clips if clip.source_id == name]
        screens = [Screen(clip_id=clip.clip_id, accepted=True) for clip in clips]
        for stage, rows in {"sources": [source], "segments": clips, "screen": screens}.items():
            write_shard(corpus.root, STAGES[stage], name, rows, {})
    answers = [
        make_judgement(clip_id, "a01", number, label.emotion)
        for number, (clip_id, label) in enumerate(corpus.labels.items())
        if label.emotion not in left_out
    ]
    write_jsonl(corpus.root / JUDGEMENTS, [answer.row() for answer in answers])


@pytest.fixture
def build(filled):
    """Return a function that runs the build command and returns its JSON output."""

    def build(code=0, *arguments):
        command = ["build-manifest", "--corpus", str(filled.root), "--json", *arguments]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return json.loads(result.stdout)

    return build


def versions(corpus):
    folder = corpus.root / "manifests"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def one_failure(result):
    [failure] = result["failures"]
    assert "\n" not in failure["reason"]
    return failure


def test_label_outside_the_six_classes(filled, build):
    store(filled)
    path = filled.root / JUDGEMENTS
    path.write_text(path.read_text().replace('"emotion":"sad"', '"emotion":"joy"', 1))
    failure = one_failure(build(1))
    assert "x.jsonl" in failure["item"] + failure["reason"]
    assert "emotion" in failure["reason"]
    assert versions(filled) == []


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda path: path.unlink(), "is missing; restore it from a copy"),
        (lambda path: path.write_bytes(path.read_bytes() + b"\0"), "changed since it was cut"),
        (lambda path: path.write_bytes(b""), "changed since it was cut"),
    ],
)
def test_clip_missing_or_changed(filled, build, harm, sentence):
    store(filled)
    clip = filled.clips[20].clip_id
    harm(filled.path(clip))
    failure = one_failure(build(1))
    assert failure["item"] == clip
    assert sentence in failure["reason"]
    assert versions(filled) == []


def test_empty_class(filled, build):
    store(filled, left_out=["fear"])
    result = build()
    assert "no clip is labelled fear" in result["warnings"]
    assert versions(filled) == ["v1"]


def test_parent_from_a_newer_schema(filled, build):
    store(filled)
    build()
    header = filled.root / "manifests" / "v1" / "manifest.json"
    row = json.loads(header.read_text())
    header.write_text(json.dumps(row | {"schema": 99}))
    assert "written by a newer corpus-tools (schema 99" in one_failure(build(1))["reason"]
    assert versions(filled) == ["v1"]


def test_shard_from_a_newer_schema(filled, build):
    store(filled)
    path = STAGES["segments"].path(filled.root, filled.clips[0].source_id)
    path.write_text(path.read_text().replace('"schema":1', '"schema":99', 1))
    failure = one_failure(build(1))
    assert "newer" in failure["reason"]
    assert versions(filled) == []


def test_shard_cut_short(filled, build):
    store(filled)
    path = STAGES["segments"].path(filled.root, filled.clips[0].source_id)
    path.write_bytes(path.read_bytes()[:-20])
    assert path.name in one_failure(build(1))["reason"]
    assert versions(filled) == []


@pytest.fixture
def single(corpus):
    for number in range(12):
        corpus.add(f"s{number % 4}", EMOTIONS[number % 6], "m1")
    store(corpus)
    return corpus


def test_one_speaker_only(single):
    command = ["build-manifest", "--corpus", str(single.root), "--json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    reason = one_failure(json.loads(result.stdout))["reason"]
    assert "12 of 12 clips (100 %) are connected" in reason
    assert "--group-by source" in reason
    assert versions(single) == []
    assert CliRunner().invoke(app, [*command, "--group-by", "source"]).exit_code == 0
    assert versions(single) == ["v1"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_hardly_any_clips(corpus, count):
    for number in range(count):
        corpus.add(f"s{number}", EMOTIONS[number], f"m{number}")
    store(corpus)
    command = ["build-manifest", "--corpus", str(corpus.root), "--json", "--group-by", "none"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    sides = json.loads(result.stdout)["manifest"]["counts"]
    filled = {side for side, row in sides.items() if sum(row.values())}
    assert filled == {"train", "test", "val"} - set(["val", "test"][: 3 - count])
