"""Corpus for withdrawals: a film of several speakers, and a recording."""

import json
import shutil

import numpy as np
import pytest

from annotation.batches.batches import Plan
from annotation.judgements.store import judgements_folder
from corpus_tools.assembly.manifest import build_from_corpus
from corpus_tools.burned_in.srt import srt_path, to_srt
from corpus_tools.configuration.segment import ScreenSettings
from corpus_tools.media.wav import write_wav
from corpus_tools.segmentation.ledger.commit import SourceResult, commit, write_result
from corpus_tools.segmentation.ledger.decisions import decide
from corpus_tools.segmentation.screening.rules import drama_rules
from corpus_tools.workspace.workspace import Workspace
from manifests.storage.checksums import write_checksums
from manifests.storage.records import (
    Choice,
    Fingerprint,
    SubtitleLine,
    Transcript,
)
from manifests.storage.sections import SplitSettings
from manifests.storage.shards import STAGES, write_shard
from manifests.storage.store import canonical_json, sha256_file, write_jsonl, write_text
from models.features.packs import write_pack
from models.loading import cache_folder
from tests.factories import make_clip, make_judgement, make_source

FILM, READ = "E01-0123456789ab", "r1-ba9876543210"
SPEAKERS = ("f01", "m02", None, "f01", "m02", "m03")
CLIPS = [f"{FILM}-{n * 4000:08d}-{n * 4000 + 3000:08d}" for n in range(len(SPEAKERS))]
RECORDED = f"{READ}-00000000-00003000"


def source(name, kind, digest):
    return make_source(
        name,
        series="剧",
        kind=kind,
        sha256=digest * 64,
        duration=24.0 if kind == "drama" else 3.0,
    )


def clip(root, name, owner, number, speaker):
    path = root / "clips" / owner / f"{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, np.random.default_rng(number).normal(0, 0.1, 48000).astype(np.float32))
    start = int(name.split("-")[-2]) / 1000
    return make_clip(
        owner,
        start,
        start + 3,
        sha256=f"{number:064d}",
        file_sha256=sha256_file(path),
        snr_db=30.0,
        music=0.0,
        speaker=speaker,
        speaker_source="subtitle" if speaker else None,
    )


def judgement(number, clip_id, annotator, emotion="angry", **changes):
    transcript = f"said by {annotator} on {number}"
    return make_judgement(
        clip_id, annotator, number, emotion, **{"transcript": transcript, **changes}
    )


def publish_all(root):
    rules = drama_rules(ScreenSettings())
    for name, kind, digest, named in (
        (FILM, "drama", "a", list(zip(CLIPS, SPEAKERS, strict=True))),
        (READ, "scripted", "b", [(RECORDED, "m03")]),
    ):
        clips = [
            clip(root, one, name, 10 * (kind == "drama") + number, speaker)
            for number, (one, speaker) in enumerate(named)
        ]
        lines = [
            SubtitleLine(source_id=name, start=c.start, end=c.end, text=f"line {c.clip_id}")
            for c in clips
        ]
        inputs = {"media": digest, "speaker": None if kind == "drama" else "m03"}
        left = 24000 - 18000 if kind == "drama" else 0
        film = source(name, kind, digest)
        prints = [Fingerprint(clip_id=c.clip_id, hashes="") for c in clips]
        result = SourceResult(film, clips, lines, {"silence": left}, inputs, prints)
        write_result(root, result, rules)
        commit(root, [decide(root, film, rules, clips)])
        in_picture = [line.changed(origin="ocr", confidence=0.9) for line in lines]
        write_shard(root, STAGES["burned_in"], name, in_picture, {"media": digest})
        write_text(srt_path(root, name), to_srt(in_picture))
        texts = [
            Transcript(clip_id=c.clip_id, text=f"词 {c.clip_id}", text_raw="词", source="subtitle")
            for c in clips
        ]
        inputs_of_texts = {"subtitle": {"lines": [[t.clip_id, t.text] for t in texts]}}
        write_shard(root, STAGES["transcripts"], name, texts, inputs_of_texts)
        cached = {(one.file_sha256, 1.0): np.ones((2, 3), dtype=np.float32) for one in clips}
        write_pack(cache_folder(root) / "k" / f"{name}.safetensors", cached)


def write_people(root):
    write_text(root / "speakers.csv", "speaker_id,gender\nf01,female\nm02,male\nm03,male\n")
    annotators = "annotator,server,number,email\n"
    annotators += "".join(f"a0{n},label-studio,{n},p{n}@lab.example\n" for n in (1, 2))
    write_text(root / "annotations" / "annotators.csv", annotators)
    (root / "annotations" / "annotators.csv").chmod(0o600)
    write_text(root / "annotations" / "gold.csv", f"clip_id,emotion\n{CLIPS[0]},angry\n")
    answers = [
        judgement(2 * n + m, one, f"a0{m + 1}", ("angry", "sad")[n % 2])
        for n, one in enumerate([*CLIPS, RECORDED])
        for m in range(2)
    ]
    write_jsonl(judgements_folder(root) / "20261122T140000Z-00000000.jsonl",
                [row.row() for row in answers])  # fmt: skip
    folder = root / "annotations" / "tasks" / "batch-0001"
    for name in ("a01", "a02"):
        rows = [
            canonical_json(
                {
                    "data": {
                        "clip_id": one,
                        "asr_text": f"词 {one}",
                        "cast": [{"value": "f01"}, {"value": "m02"}],
                        "context": f"clips/{FILM}/context/{one}.wav",
                    }
                }
            )
            for one in CLIPS
        ]
        write_text(folder / f"{name}.json", "[\n" + ",\n".join(rows) + "\n]\n")
    plan = Plan(
        kind="label", batch="batch-0001", seed=0, per_clip=2, annotators=["a01", "a02"],
        gold=[CLIPS[0]],
    )  # fmt: skip
    write_text(folder / "plan.json", canonical_json(plan.row()) + "\n")
    write_checksums(folder)
    projects = {"a01": {"project_id": 1}, "a02": {"project_id": 2}}
    servers = {"servers": {"label-studio": {"url": "http://localhost", "projects": projects}}}
    write_text(root / "annotations" / "server.json", json.dumps(servers))


def write_products(root):
    for number, one in enumerate(CLIPS):
        path = root / "clips" / FILM / "context" / f"{one}.wav"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"RIFF" + bytes([number]))
    write_text(root / "review" / f"{FILM}.html", f"<p>词 {CLIPS[0]}</p>")
    choices = [
        Choice(
            source_id=FILM,
            start=0.0,
            end=3.0,
            decision="keep",
            origin="review",
            clip_id=CLIPS[0],
            note="a note",
        )
    ]
    write_jsonl(root / "choices" / f"{FILM}.jsonl", [row.row() for row in choices])
    inputs_of_texts = "".join(f"{one},train,angry,angry\n" for one in [*CLIPS, RECORDED])
    write_text(
        root / "runs" / "r" / "predictions.csv",
        f"clip_id,split,emotion,predicted\n{inputs_of_texts}",
    )
    write_text(root / "runs" / "r" / "config.toml", "")
    write_checksums(root / "runs" / "r")


EPOCH = "1780000000"


@pytest.fixture(scope="module")
def template(tmp_path_factory, no_plots):
    """The corpus, made once; tests change copies of it."""
    workspace = Workspace.create(tmp_path_factory.mktemp("template") / "corpus", "c")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
        publish_all(workspace.root)
        write_people(workspace.root)
        build(workspace)
        write_products(workspace.root)
    return workspace.root


@pytest.fixture
def workspace(template, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    return Workspace(shutil.copytree(template, tmp_path / "corpus"))


@pytest.fixture(name="build")
def build_fixture():
    return build


def build(workspace):
    labels = workspace.configuration.labels.model_copy(update={"min_votes": 1})
    outcome = build_from_corpus(workspace, SplitSettings(group_by=["none"]), labels)
    assert outcome.ok, outcome.failures
    return outcome
