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


def test_it_reports_the_whole_path(demo):
    document = demo.document
    assert document["ok"]
    assert document["counts"]["failed"] == 0
    assert set(document["table"]["train"]) == set(EMOTIONS)
    test = document["metrics"]["test"]
    low, high = test["uar_interval"]
    assert low <= test["uar"] <= high
    assert test["n"] > 0
    assert 0 < test["chance_uar"] < 0.2


def test_everything_it_names_is_there_and_pictures_are_pictures(demo):
    outputs = [demo.folder / path for path in demo.document["outputs"]]
    pictures = [path for path in outputs if path.suffix == ".png"]
    assert len(pictures) >= 5
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
    assert all(path.is_file() for path in outputs)


def test_every_clip_is_16_khz_mono_16_bit_and_as_its_record_says(demo):
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


def test_no_speaker_or_source_is_on_two_sides(demo):
    sides = defaultdict(set)
    for entry in entries_of(demo):
        sides["source", entry["source_id"]].add(entry["split"])
        if entry["speaker"]:
            sides["speaker", entry["speaker"]].add(entry["split"])
    assert {split for found in sides.values() for split in found} == {"train", "val", "test"}
    assert all(len(found) == 1 for found in sides.values())


def test_sides_truly_share_no_speaker_where_the_truth_knows_more_than_the_tool(demo, sample):
    """Clips of unknown speakers: the cast of their series must be on their side only."""
    cast = defaultdict(set)
    for row in rows(sample / "episodes" / "truth.jsonl"):
        cast[row["file"].split("/")[0]].add(row["speaker"])
    sides = defaultdict(set)
    for entry in entries_of(demo):
        for speaker in {entry["speaker"]} if entry["speaker"] else cast[entry["series"]]:
            sides[speaker].add(entry["split"])
    assert all(len(found) == 1 for found in sides.values())


def test_the_same_demo_gives_the_same_bytes(demo, second_demo):
    first = tree(demo.folder, "clips", "stages")
    second = tree(second_demo.folder, "clips", "stages")
    assert first == second
    path = "manifests/v1/manifest.jsonl"
    assert (demo.folder / path).read_bytes() == (second_demo.folder / path).read_bytes()


def test_intended_emotions_never_reach_the_corpus(demo):
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


def test_clips_named_by_tasks_survive_other_parameters(second_demo, sample, corpus_command):
    before = tree(second_demo.folder, "clips", "stages/segments")
    done = corpus_command(
        "segment", sample / "episodes", "--aggressiveness", 3, "--corpus", second_demo.folder
    )
    assert done.returncode == 1
    assert "batch-0001" in done.stderr
    assert tree(second_demo.folder, "clips", "stages/segments") == before


def test_building_again_makes_no_version(second_demo, corpus_command):
    done = corpus_command("build-manifest", "--json", "--corpus", second_demo.folder)
    assert done.returncode == 0
    assert not json.loads(done.stdout)["manifest"]["new"]
    assert [path.name for path in (second_demo.folder / "manifests").glob("v*")] == ["v1"]


def test_a_version_is_verified_and_compared(demo, corpus_command):
    done = corpus_command("verify-manifest", "--json", cwd=demo.folder)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["clips"] == len(entries_of(demo))
    assert document["counts"]["in"] == document["counts"]["kept"]
    done = corpus_command("diff-manifests", "v1", "--json", cwd=demo.folder)
    assert json.loads(done.stdout)["same"] == len(entries_of(demo))
    assert (
        "## v1 to v1" in corpus_command("diff-manifests", "1", "--markdown", cwd=demo.folder).stdout
    )
    done = corpus_command("diff-manifests", "v1", "v9", cwd=demo.folder)
    assert done.returncode == 1
    assert "there is: v1" in done.stderr


def test_why_tells_a_clips_whole_story(demo, corpus_command):
    entry = entries_of(demo)[0]
    done = corpus_command("why", entry["clip_id"], "--json", "--corpus", demo.folder)
    assert done.returncode == 0, done.stderr
    story = json.loads(done.stdout)
    assert story["manifests"]["v1"] == entry
    assert story["text"] == {"text": entry["text"], "source": entry["text_source"]}
    assert [[row["annotator"], row["emotion"]] for row in story["votes"]["counting"]] == entry[
        "votes"
    ]
    assert story["votes"]["label"]["emotion"] == entry["emotion"]
    assert story["clip"]["sha256"] == entry["sha256"]
    assert story["screen"]["accepted"]
    assert story["next_build"] == "in"
    assert sum(story["predictions"]["demo"]["shares"].values()) == pytest.approx(1, abs=1e-3)
    told = corpus_command("why", entry["clip_id"][:-3], "--corpus", demo.folder).stdout
    for word in (entry["clip_id"], entry["text"], entry["group"], "takes it"):
        assert word in told
    rejected = next(
        row
        for path in (demo.folder / "stages" / "screen").glob("*.jsonl")
        for row in rows(path)[1:]
        if not row["accepted"]
    )
    done = corpus_command("why", rejected["clip_id"], "--corpus", demo.folder)
    assert f"rejected: {', '.join(rejected['reasons'])}" in done.stdout
    assert "leaves it out: not accepted" in done.stdout
    done = corpus_command("why", "E01-", "--corpus", demo.folder)
    assert done.returncode == 2
    assert "say which" in done.stderr


def test_predict_and_evaluate_read_what_train_wrote(demo, sample, corpus_command):
    done = corpus_command("evaluate", "demo", "--json", "--corpus", demo.folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["metrics"]["uar"] == demo.document["metrics"]["test"]["uar"]
    episode = sample / "episodes" / "harbour" / "E01.mp4"
    short = next((sample / "recordings" / "audio").rglob("*.opus"))
    done = corpus_command("predict", episode, short, "--json", "--corpus", demo.folder)
    assert done.returncode == 0, done.stderr
    long, one = json.loads(done.stdout)["files"]
    assert len(long["clips"]) > 5
    assert len(one["clips"]) == 1
    for clip in long["clips"] + one["clips"]:
        assert list(clip["probabilities"]) == EMOTIONS
        assert abs(sum(clip["probabilities"].values()) - 1) < 1e-4


def test_the_folder_of_an_earlier_demo_is_kept_unless_told(second_demo, corpus_command):
    done = corpus_command("demo", second_demo.folder)
    assert done.returncode == 2
    assert "--again" in done.stderr
    assert (second_demo.folder / "manifests" / "v1").is_dir()


def test_somebody_elses_folder_is_never_replaced(tmp_path, corpus_command):
    (tmp_path / "thesis.txt").write_text("years of work")
    done = corpus_command("demo", tmp_path, "--again")
    assert done.returncode == 2
    assert (tmp_path / "thesis.txt").is_file()
