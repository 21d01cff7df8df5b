import hashlib
import json
from collections import defaultdict

import pytest
import soundfile

EMOTIONS = ["angry", "fear", "happy", "neutral", "surprise", "sad"]


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def entries_of(demo):
    return rows(demo.folder / "manifests" / "v1" / "manifest.jsonl")


def tree(folder, *names):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for name in names
        for path in sorted((folder / name).rglob("*"))
        if path.is_file()
    }


def test_report_of_the_whole_pipeline(demo):
    document = demo.document
    assert document["ok"]
    assert document["counts"]["failed"] == 0
    assert set(document["table"]["train"]) == set(EMOTIONS)
    test = document["metrics"]["test"]
    low, high = test["uar_interval"]
    assert low <= test["uar"] <= high
    assert test["n"] > 0
    assert 0 < test["chance_uar"] < 0.2


def test_outputs_exist_and_plots_are_png(demo):
    outputs = [demo.folder / path for path in demo.document["outputs"]]
    pictures = [path for path in outputs if path.suffix == ".png"]
    assert len(pictures) >= 5
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
    assert all(path.is_file() for path in outputs)


def test_clips_are_16_khz_mono_16_bit_and_match_their_records(demo):
    kinds = {
        row["source_id"]: row["kind"]
        for path in (demo.folder / "stages" / "sources").glob("*.jsonl")
        for row in rows(path)[1:]
    }
    seen = defaultdict(int)
    for shard in (demo.folder / "stages" / "segments").glob("*.jsonl"):
        for clip in rows(shard)[1:]:
            path = demo.folder / clip["path"]
            info = soundfile.info(path)
            assert (info.samplerate, info.channels, info.subtype) == (16000, 1, "PCM_16")
            samples, _ = soundfile.read(path, dtype="int16")
            assert hashlib.sha256(samples.tobytes()).hexdigest() == clip["sha256"]
            assert hashlib.sha256(path.read_bytes()).hexdigest() == clip["file_sha256"]
            kind = kinds[clip["source_id"]]
            if kind == "drama":
                assert 3.0 <= len(samples) / 16000 <= 5.0
            seen[kind] += 1
    assert seen["drama"] >= 80
    assert seen["scripted"] >= 300
    files = list((demo.folder / "clips").rglob("*.wav"))
    assert len(files) == sum(seen.values())


def test_no_speaker_or_source_is_in_two_splits(demo):
    splits = defaultdict(set)
    for entry in entries_of(demo):
        splits["source", entry["source_id"]].add(entry["split"])
        if entry["speaker"]:
            splits["speaker", entry["speaker"]].add(entry["split"])
    assert {split for found in splits.values() for split in found} == {"train", "val", "test"}
    assert all(len(found) == 1 for found in splits.values())


def test_splits_share_no_speaker_of_the_ground_truth(demo, sample):
    """Clips of unknown speakers: all speakers of their series must be in the same split."""
    speakers = defaultdict(set)
    for row in rows(sample / "episodes" / "truth.jsonl"):
        speakers[row["file"].split("/")[0]].add(row["speaker"])
    splits = defaultdict(set)
    for entry in entries_of(demo):
        for speaker in {entry["speaker"]} if entry["speaker"] else speakers[entry["series"]]:
            splits[speaker].add(entry["split"])
    assert all(len(found) == 1 for found in splits.values())


def test_demo_is_reproducible(demo, second_demo):
    first = tree(demo.folder, "clips", "stages")
    second = tree(second_demo.folder, "clips", "stages")
    assert first == second
    path = "manifests/v1/manifest.jsonl"
    assert (demo.folder / path).read_bytes() == (second_demo.folder / path).read_bytes()


def test_intended_emotions_are_not_in_the_corpus(demo):
    for path in (demo.folder / "annotations" / "tasks").glob("*.json"):
        for task in json.loads(path.read_text(encoding="utf-8")):
            assert set(task["data"]) == {
                "clip_id",
                "audio",
                "asr_text",
                "asr_flags",
                "context",
                "batch",
                "votes",
                "cast",
            }
    for path in (demo.folder / "stages").rglob("*.jsonl"):
        assert "intended_emotion" not in path.read_text(encoding="utf-8")


def test_frozen_clips_survive_other_parameters(second_demo, sample, corpus_command):
    before = tree(second_demo.folder, "clips", "stages/segments")
    process = corpus_command(
        "segment", sample / "episodes", "--aggressiveness", 3, "--corpus", second_demo.folder
    )
    assert process.returncode == 1
    assert "batch-0001" in process.stderr
    assert tree(second_demo.folder, "clips", "stages/segments") == before


def test_rebuilding_makes_no_version(second_demo, corpus_command):
    process = corpus_command("build-manifest", "--json", "--corpus", second_demo.folder)
    assert process.returncode == 0
    assert not json.loads(process.stdout)["manifest"]["new"]
    assert [path.name for path in (second_demo.folder / "manifests").glob("v*")] == ["v1"]


def test_a_version_is_verified_and_compared(demo, corpus_command):
    process = corpus_command("verify-manifest", "--json", cwd=demo.folder)
    assert process.returncode == 0, process.stderr
    document = json.loads(process.stdout)
    assert document["clips"] == len(entries_of(demo))
    assert document["counts"]["in"] == document["counts"]["kept"]
    process = corpus_command("diff-manifests", "v1", "--json", cwd=demo.folder)
    assert json.loads(process.stdout)["same"] == len(entries_of(demo))
    assert (
        "## v1 to v1" in corpus_command("diff-manifests", "1", "--markdown", cwd=demo.folder).stdout
    )
    process = corpus_command("diff-manifests", "v1", "v9", cwd=demo.folder)
    assert process.returncode == 1
    assert "there is: v1" in process.stderr


def test_why_shows_a_clips_history(demo, corpus_command):
    entry = entries_of(demo)[0]
    process = corpus_command("why", entry["clip_id"], "--json", "--corpus", demo.folder)
    assert process.returncode == 0, process.stderr
    history = json.loads(process.stdout)
    assert history["manifests"]["v1"] == entry
    assert history["text"] == {"text": entry["text"], "source": entry["text_source"]}
    assert [[row["annotator"], row["emotion"]] for row in history["votes"]["counting"]] == entry[
        "votes"
    ]
    assert history["votes"]["label"]["emotion"] == entry["emotion"]
    assert history["clip"]["sha256"] == entry["sha256"]
    assert history["screen"]["accepted"]
    assert history["next_build"] == "in"
    assert sum(history["predictions"]["demo"]["shares"].values()) == pytest.approx(1, abs=1e-3)
    printed = corpus_command("why", entry["clip_id"][:-3], "--corpus", demo.folder).stdout
    for word in (entry["clip_id"], entry["text"], entry["group"], "included"):
        assert word in printed
    rejected = next(
        row
        for path in (demo.folder / "stages" / "screen").glob("*.jsonl")
        for row in rows(path)[1:]
        if not row["accepted"]
    )
    process = corpus_command("why", rejected["clip_id"], "--corpus", demo.folder)
    assert f"rejected: {', '.join(rejected['reasons'])}" in process.stdout
    assert "left out: not accepted" in process.stdout
    process = corpus_command("why", "E01-", "--corpus", demo.folder)
    assert process.returncode == 2
    assert "choose one" in process.stderr


def test_predict_and_evaluate_read_what_train_wrote(demo, sample, corpus_command):
    process = corpus_command("evaluate", "demo", "--json", "--corpus", demo.folder)
    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout)["metrics"]["uar"] == demo.document["metrics"]["test"]["uar"]
    episode = sample / "episodes" / "harbour" / "E01.mp4"
    short = next((sample / "recordings" / "audio").rglob("*.opus"))
    process = corpus_command("predict", episode, short, "--json", "--corpus", demo.folder)
    assert process.returncode == 0, process.stderr
    long, one = json.loads(process.stdout)["files"]
    assert len(long["clips"]) > 5
    assert len(one["clips"]) == 1
    for clip in long["clips"] + one["clips"]:
        assert list(clip["probabilities"]) == EMOTIONS
        assert abs(sum(clip["probabilities"].values()) - 1) < 1e-4


def test_earlier_demo_is_kept_without_again(second_demo, corpus_command):
    process = corpus_command("demo", second_demo.folder)
    assert process.returncode == 2
    assert "--again" in process.stderr
    assert (second_demo.folder / "manifests" / "v1").is_dir()


def test_other_folders_are_never_replaced(tmp_path, corpus_command):
    (tmp_path / "thesis.txt").write_text("years of work")
    process = corpus_command("demo", tmp_path, "--again")
    assert process.returncode == 2
    assert (tmp_path / "thesis.txt").is_file()
