"""Each kind of file that commands write: whatever happens to one, its readers and verify notice."""

import json
import re
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from annotation.batches.batches import Plan, read_batches, read_plans, write_assigned, write_batch
from annotation.judgements.store import read_judgements, write_judgements
from corpus_tools.api.corpus import Corpus
from corpus_tools.assembly.manifest import build_from_corpus
from corpus_tools.burned_in.srt import srt_path, to_srt
from corpus_tools.cli.app import app
from corpus_tools.inspection.status import survey
from corpus_tools.inspection.verify import verify_corpus
from corpus_tools.media.wav import pcm_sha256, write_wav
from corpus_tools.segmentation.intake.selections import put_reviews, read_choices
from corpus_tools.withdrawal.withdraw import withdraw
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import DataError
from manifests.exports.export import export_manifest
from manifests.storage.checksums import write_checksums
from manifests.storage.frozen import frozen_clips
from manifests.storage.records import (
    Choice,
    Fingerprint,
    LedgerEntry,
    Screen,
    SubtitleLine,
    Transcript,
)
from manifests.storage.sections import SplitSettings
from manifests.storage.shards import STAGES, read_header, read_shard, shard_bytes, write_shard
from manifests.storage.store import write_text
from manifests.storage.tombstones import Tombstone, Withdrawn, put_tombstone
from manifests.versions.index import open_manifest
from tests.factories import make_clip, make_judgement, make_source

SOURCE = "E01-0123456789ab"


def write_corpus(root, seed):
    """Write a corpus with each kind of file; another seed writes others of the same names."""
    workspace = Workspace.create(root, "c")
    rng = np.random.default_rng(seed)
    clips = []
    for number in range(3):
        samples = rng.integers(-9999, 9999, 1600).astype(np.int16)
        start, speaker = 10 * number + seed, f"f0{number}"
        clip = make_clip(SOURCE, start, start + 4, snr_db=20.125, speaker=speaker)
        file_sha256 = write_wav(root / clip.path, samples)
        clips.append(clip.changed(sha256=pcm_sha256(samples), file_sha256=file_sha256))
    ids = [clip.clip_id for clip in clips]
    lines = [
        SubtitleLine(source_id=SOURCE, start=c.start, end=c.end, text=f"{c.start}") for c in clips
    ]
    texts = [
        Transcript(clip_id=one, text=f"第{seed}{n}", text_raw="", source="subtitle")
        for n, one in enumerate(ids)
    ]
    ledger = [
        LedgerEntry(source_id=SOURCE, reason=reason, seconds=seconds + seed)
        for reason, seconds in (("accepted", 12.0), ("silence", 20.5), ("short", 3.5))
    ]
    for stage, records in {
        "sources": [make_source(SOURCE, duration=36.0 + seed)],
        "segments": clips,
        "fingerprints": [Fingerprint(clip_id=one, hashes=f"{seed}0") for one in ids],
        "screen": [Screen(clip_id=one, accepted=True) for one in ids],
        "ledger": ledger,
        "transcripts": texts,
        "subtitles": lines,
        "burned_in": lines,
    }.items():
        write_shard(root, STAGES[stage], SOURCE, records, {"mode": 3})
    write_text(srt_path(root, SOURCE), to_srt(lines))
    times = {"start": clips[0].start, "end": clips[0].end}
    reviews = [
        Choice(source_id=SOURCE, decision="keep", origin="review", clip_id=one, **times)
        for one in ids[:2]
    ]
    put_reviews(root, SOURCE, reviews)
    for name in ("f8", "f9"):
        put_tombstone(
            root, Tombstone(kind="speaker", id=name, created=f"2026-01-1{seed}", finished=True)
        )
    answers = [make_judgement(one, "a01", n, "sad") for n, one in enumerate(ids, start=1)]
    write_judgements(root, answers)
    rows = [{"data": {"clip_id": one, "asr_text": f"{seed}"}} for one in ids]
    write_batch(root / "annotations" / "tasks" / "batch-0001.json", rows)
    plan = Plan(kind="label", batch="batch-0002", seed=seed, per_clip=1, annotators=["a01"])
    write_assigned(root, plan, {"a01": rows}, "<View/>")
    labels = workspace.configuration.labels.model_copy(update={"min_votes": 1})
    outcome = build_from_corpus(workspace, SplitSettings(group_by="none"), labels)
    assert outcome.ok, outcome.failures
    version = open_manifest(root / "manifests" / "v1")
    export_manifest(version, {}, root / "exports" / "table", format_name="csv", audio="copy")
    run = root / "runs" / "r"
    (run / "plots").mkdir(parents=True)
    for name, text in {
        "config.toml": f'[run]\nmanifest = "v1"\nseed = {seed}\n[train]\nepochs = 20\n',
        "model.json": f'{{"schema":3,"temperature":2.9{seed}}}\n',
        "metrics.json": f'{{\n  "uar": 0.5{seed},\n  "n": 3\n}}\n',
        "predictions.csv": f"clip_id,split,emotion,predicted\n{ids[0]},test,sad,sad\n{seed},,,\n",
        "plots/loss.png": f"picture {seed}\n",
    }.items():
        (run / name).write_text(text)
    write_checksums(run)
    return workspace


@pytest.fixture(scope="module")
def templates(tmp_path_factory, no_plots):
    made = [tmp_path_factory.mktemp(f"corpus{seed}") / "c" for seed in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1780000000")
        for seed, root in enumerate(made):
            write_corpus(root, seed)
    return made


@pytest.fixture
def workspace(templates, tmp_path):
    return Workspace(shutil.copytree(templates[0], tmp_path / "c"))


def flip(data, other):
    place = next(n for n in range(len(data) // 2, len(data)) if chr(data[n]).isdigit())
    return data[:place] + b"%d" % ((data[place] - 48 + 5) % 10) + data[place + 1 :]


def swap(data, other):
    lines = data.splitlines(keepends=True)
    return b"".join([*lines[:-2], lines[-1], *lines[-2:-1]]) if len(lines) > 1 else b"\n" + data


DAMAGES = {
    "digit": flip,
    "last line cut": lambda data, other: b"".join(data.splitlines(keepends=True)[:-1]),
    "last byte cut": lambda data, other: data[:-1],
    "line twice": lambda data, other: data + data.splitlines(keepends=True)[-1],
    "lines swapped": swap,
    "another corpus's": lambda data, other: other,
    "empty": lambda data, other: b"",
}


def read_model_of(root):
    from models.checkpoint import read_model

    return read_model(root / "runs" / "r")


def trained_on_of(root):
    from models.runs import trained_on

    return trained_on(root / "runs" / "r")


def stage(name):
    return f"stages/{name}/*.jsonl", lambda root: read_shard(
        STAGES[name].path(root, SOURCE), STAGES[name].record
    )


KINDS = {
    **{name: stage(name) for name in STAGES},
    "lines to watch": ("stages/burned_in/*.srt", None),
    "choices": ("choices/*.jsonl", lambda root: read_choices(root, SOURCE)),
    "tombstones": ("withdrawn.jsonl", Withdrawn.of),
    "judgements": ("annotations/judgements/*.jsonl", lambda root: list(read_judgements(root))),
    "judgements, frozen": ("annotations/judgements/*.jsonl", frozen_clips),
    "tasks": ("annotations/tasks/*.json", lambda root: list(read_batches(root))),
    "tasks, frozen": ("annotations/tasks/*.json", frozen_clips),
    "assigned tasks": ("annotations/tasks/*/a01.json", lambda root: list(read_batches(root))),
    "plan": ("annotations/tasks/*/plan.json", read_plans),
    "entries": ("manifests/v1/manifest.jsonl", lambda root: open_manifest(root / "manifests/v1")),
    "header": ("manifests/v1/manifest.json", None),
    "card": ("manifests/v1/card.md", None),
    "model": ("runs/r/model.json", read_model_of),
    "configuration": ("runs/r/config.toml", trained_on_of),
    "metrics": ("runs/r/metrics.json", None),
    "predictions": ("runs/r/predictions.csv", None),
    "plot": ("runs/r/plots/loss.png", None),
    "export": ("exports/table/*.csv", None),
    "exported clip": ("exports/table/**/*.wav", None),
}
WHOLE_IN_ITSELF = {*STAGES, "choices", "tombstones"}
"""Files that another corpus with the same film may have as they are."""
CORRUPT = (
    r"changed|cut off|missing|not valid JSON|no stage header|has the (records|choices)|doesn't"
)


def test_an_undamaged_corpus_fits(workspace):
    outcome = verify_corpus(workspace)
    assert (outcome.failures, outcome.warnings) == ([], [])
    assert outcome.kept == outcome.items_in > 25
    assert survey(workspace)["problems"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_noticed_by_readers_and_verify(workspace, templates, kind):
    pattern, read = KINDS[kind]
    root = workspace.root
    path = sorted(root.glob(pattern))[0]
    of_other = sorted(templates[1].glob(pattern))[0]
    whole, other = path.read_bytes(), of_other.read_bytes()
    assert whole != other
    for name, damage in DAMAGES.items():
        if "another" in name and kind in WHOLE_IN_ITSELF:
            continue
        damaged = damage(whole, other)
        assert damaged != whole
        path.write_bytes(damaged)
        if read is not None:
            with pytest.raises(DataError, match=rf"(?s){path.stem}.*({CORRUPT})"):
                read(root)
        found = verify_corpus(workspace, quick=True).failures
        own = [one for one in found if one.item == path.relative_to(root).as_posix()]
        assert own, (name, found)
        assert re.search(rf"({CORRUPT}).*; .*(restore|copy)", own[0].reason), (name, own)
    path.write_bytes(whole)
    assert verify_corpus(workspace, quick=True).ok


def test_shards_of_another_corpus_do_not_fit_the_clips(workspace, templates):
    path = STAGES["segments"].path(workspace.root, SOURCE)
    path.write_bytes(STAGES["segments"].path(templates[1], SOURCE).read_bytes())
    outcome = verify_corpus(workspace)
    missing = [one.item for one in outcome.failures if one.reason.startswith("is missing")]
    assert [one.rsplit("/", 1)[0] for one in missing] == [f"clips/{SOURCE}"] * 3
    named = [
        one.item for one in outcome.failures if "names 3 clips that are in no shard" in one.reason
    ]
    assert len(named) == 3


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda path: path.unlink(), "is missing; restore it from a copy, or delete it and run"),
        (
            lambda path: path.write_bytes(path.read_bytes()[:-2]),
            "changed since it was cut; restore",
        ),
        (
            lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\x7f"),
            "changed since it was cut; restore",
        ),
    ],
)
def test_the_sound_of_a_clip(workspace, damage, reason):
    path = min((workspace.root / "clips" / SOURCE).glob("*.wav"))
    damage(path)
    [failure] = verify_corpus(workspace).failures
    assert failure.item == f"clips/{SOURCE}/{path.name}"
    assert failure.reason.startswith(reason)
    assert "corpus segment" in failure.reason
    assert verify_corpus(workspace, quick=True).ok


def test_a_record_of_other_sound_in_an_older_shard(workspace):
    """Without a hash in the header, the sound itself contradicts a changed record."""
    path = STAGES["segments"].path(workspace.root, SOURCE)
    clips = read_shard(path, STAGES["segments"].record)
    changed = [clips[0].changed(sha256="0" * 64), *clips[1:]]
    path.write_bytes(shard_bytes(read_header(path), changed, hashed=False))
    [failure] = verify_corpus(workspace).failures
    assert failure.item == clips[0].path
    assert failure.reason.startswith("is not the sound of its record; restore")


def test_a_film_at_the_path_of_the_corpus_itself(workspace):
    path = next((workspace.root / "stages" / "sources").glob("*.jsonl"))
    header = read_header(path)
    films = [film.changed(media_path=".") for film in read_shard(path, STAGES["sources"].record)]
    path.write_bytes(shard_bytes(header, films))
    assert verify_corpus(workspace, quick=True).ok


def test_what_is_lost_or_foreign_is_named(workspace):
    root = workspace.root
    (root / "annotations" / "tasks" / "batch-0001.json").unlink()
    (root / "runs" / "r" / "predictions.csv").unlink()
    (root / "runs" / "r" / "notes.txt").write_text("mine")
    (root / "clips" / SOURCE / "spare.wav").write_bytes(b"RIFF")
    (root / "stages" / "old").mkdir()
    (root / "stages" / "old" / "x.txt").write_text("")
    (root / "my films").mkdir()
    (root / "runs" / "before").mkdir()
    (root / "runs" / "before" / "metrics.json").write_text("{}")
    outcome = verify_corpus(workspace)
    reasons = {one.item: one.reason for one in outcome.failures}
    assert reasons.keys() == {
        "annotations/tasks/batch-0001.json",
        "runs/r/predictions.csv",
        "runs/r/notes.txt",
    }
    assert reasons["annotations/tasks/batch-0001.json"].startswith("is missing; restore it")
    assert reasons["runs/r/notes.txt"].startswith("is not listed in SHA256SUMS of its folder; move")
    assert outcome.details["unknown"] == [
        f"clips/{SOURCE}/spare.wav",
        "my films",
        "stages/old/x.txt",
    ]
    assert outcome.warnings == [
        f"no command writes or reads clips/{SOURCE}/spare.wav, stages/old/x.txt; move what doesn't "
        f"belong there",
        "not checked, since earlier versions wrote no SHA256SUMS: runs/before",
    ]


@pytest.mark.parametrize(("kind", "name"), [("speaker", "f01"), ("annotator", "a01")])
def test_all_fits_after_a_withdrawal(workspace, kind, name):
    root = workspace.root
    before = {path.name for path in (root / "annotations" / "judgements").iterdir()}
    assert withdraw(root, kind, name).ok
    outcome = verify_corpus(workspace)
    assert [one.item for one in outcome.failures] == []
    after = {path.name for path in (root / "annotations" / "judgements").iterdir()}
    assert after == set() if kind == "annotator" else len(after) == 1
    assert before.isdisjoint(after)
    assert not withdraw(root, "speaker", "f02").failures
    assert verify_corpus(workspace).ok


def test_a_cut_list_of_checksums(workspace):
    sums = workspace.root / "runs" / "r" / "SHA256SUMS"
    sums.write_text("".join(sums.read_text().splitlines(keepends=True)[:-1]))
    [failure] = verify_corpus(workspace).failures
    assert failure.item == "runs/r/predictions.csv"
    assert "restore the list from a copy" in failure.reason
    sums.write_text(sums.read_text()[:-1])
    [failure] = verify_corpus(workspace).failures
    assert failure.item == "runs/r/SHA256SUMS"


def test_status_counts_the_rest_and_names_what_does_not_fit(workspace):
    root = workspace.root
    path = next((root / "annotations" / "judgements").iterdir())
    path.write_bytes(flip(path.read_bytes(), b""))
    screen = STAGES["screen"].path(root, SOURCE)
    screen.write_bytes(screen.read_bytes()[:-1])
    result = CliRunner().invoke(app, ["status", "--corpus", str(root)])
    assert result.exit_code == 1
    assert "clips        3 cut, 0 accepted" in result.stdout
    assert "doesn't fit  some files, named below and not counted" in result.stdout
    assert f"error: {path}: changed or cut off after it was written; restore it" in result.stderr
    assert f"error: {screen}: " in result.stderr
    again = CliRunner().invoke(app, ["status", "--json", "--corpus", str(root)])
    assert len(json.loads(again.stdout)["problems"]) == 2


def test_the_command(workspace):
    root = workspace.root
    result = CliRunner().invoke(app, ["verify", "--corpus", str(root)])
    assert result.exit_code == 0, result.output
    assert "files are as they were written" in result.stdout
    path = root / "runs" / "r" / "metrics.json"
    path.write_bytes(flip(path.read_bytes(), b""))
    result = CliRunner().invoke(app, ["verify", "--quick", "--json", "--corpus", str(root)])
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert not Corpus(workspace).verify(quick=True).ok
    assert [one["item"] for one in document["failures"]] == ["runs/r/metrics.json"]
    assert document["counts"]["failed"] == 1
