"""The bundled sample matches its README."""

from __future__ import annotations

import csv
import importlib.util
import itertools
import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import pytest
import soundfile as sf

SAMPLE = Path(__file__).parents[2] / "examples"
EPISODES = SAMPLE / "episodes"
RECORDINGS = SAMPLE / "recordings"
EMOTIONS = {"angry", "fear", "happy", "neutral", "surprise", "sad"}
CONTROLS = {
    "emotion": "choices",
    "confidence": "rating",
    "transcript": "textarea",
    "problems": "choices",
}


def load_simulator() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "simulate_annotators", SAMPLE / "simulate_annotators.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


simulator = load_simulator()


@pytest.fixture(scope="module")
def truth() -> list[dict[str, Any]]:
    lines = (EPISODES / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def script() -> list[dict[str, str]]:
    with (RECORDINGS / "SCRIPT.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def media_files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in {".mp4", ".mkv", ".mp3", ".m4a"})


def by_file(truth: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    files = defaultdict(list)
    for row in truth:
        files[row["file"]].append(row)
    return files


def duration(path: Path) -> float:
    with av.open(str(path)) as media:
        return media.duration / 1_000_000


class TestEpisodes:
    def test_the_sample_is_small_enough_to_ship(self) -> None:
        files = [p for p in SAMPLE.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
        assert sum(p.stat().st_size for p in files) <= 12_000_000

    def test_truth_names_every_media_file_and_only_those(self, truth: list[dict[str, Any]]) -> None:
        found = {p.relative_to(EPISODES).as_posix() for p in media_files(EPISODES)}
        assert set(by_file(truth)) == found
        assert len(found) >= 7

    def test_episodes_last_five_to_eight_minutes(self) -> None:
        assert 300 <= sum(map(duration, media_files(EPISODES))) <= 480

    def test_utterances_lie_in_order_within_their_file(self, truth: list[dict[str, Any]]) -> None:
        for file, rows in by_file(truth).items():
            assert rows[0]["start"] >= 0
            assert rows[-1]["end"] <= duration(EPISODES / file)
            assert all(r["start"] < r["end"] for r in rows)
            pauses = [b["start"] - a["end"] for a, b in itertools.pairwise(rows)]
            assert min(pauses) >= 0.199

    def test_speech_matches_the_ground_truth(self, truth: list[dict[str, Any]]) -> None:
        file = "harbour/E01.mp4"
        with av.open(str(EPISODES / file)) as media:
            levels = [(f.time, float(abs(f.to_ndarray()).max())) for f in media.decode(audio=0)]
        rows = by_file(truth)[file]
        for row in rows:
            assert max(v for t, v in levels if row["start"] <= t <= row["end"]) > 0.05
        for a, b in itertools.pairwise(rows):
            quiet = [v for t, v in levels if a["end"] + 0.03 <= t <= b["start"] - 0.05]
            assert max(quiet, default=0.0) < 0.01

    def test_videos_have_a_picture_and_the_others_do_not(self) -> None:
        for path in media_files(EPISODES):
            with av.open(str(path)) as media:
                assert len(media.streams.audio) == 1
                assert bool(media.streams.video) == (path.suffix in {".mp4", ".mkv"})

    def test_a_scene_has_one_emotion_and_one_condition(self, truth: list[dict[str, Any]]) -> None:
        scenes = defaultdict(set)
        for row in truth:
            scenes[row["file"], row["scene"]].add((row["emotion"], row["condition"], row["snr_db"]))
        assert all(len(found) == 1 for found in scenes.values())

    def test_every_class_occurs_in_each_series(self, truth: list[dict[str, Any]]) -> None:
        counts = Counter((row["file"].split("/")[0], row["emotion"]) for row in truth)
        assert set(counts) == set(itertools.product(("teahouse", "harbour"), EMOTIONS))
        assert min(counts.values()) >= 8

    def test_all_conditions_occur(self, truth: list[dict[str, Any]]) -> None:
        assert {row["condition"] for row in truth} == {"clean", "music", "noise", "clipped"}
        for row in truth:
            assert (row["snr_db"] is not None) == (row["condition"] in {"music", "noise"})

    def test_a_name_has_chinese_characters_and_a_space(self) -> None:
        assert any(re.search("[一-龥].* ", p.name) for p in media_files(EPISODES))

    def test_subtitles_match_the_ground_truth_within_a_tenth_of_a_second(
        self, truth: list[dict[str, Any]]
    ) -> None:
        for file, rows in by_file(truth).items():
            path = (EPISODES / file).with_suffix(".srt")
            assert path.exists() == (rows[0]["subtitle_text"] is not None)
            if not path.exists():
                continue
            cues = path.read_text(encoding="utf-8").strip().split("\n\n")
            assert len(cues) == len(rows)
            for cue, row in zip(cues, rows, strict=True):
                _, times, shown = cue.split("\n")
                assert shown == f"{row['speaker']}: {row['subtitle_text']}"
                start, end = (seconds(t) for t in times.split(" --> "))
                assert start == pytest.approx(row["start"], abs=0.102)
                assert end == pytest.approx(row["end"], abs=0.102)

    def test_two_episodes_have_no_subtitles_and_one_has_chinese(
        self, truth: list[dict[str, Any]]
    ) -> None:
        first = [rows[0]["subtitle_text"] for rows in by_file(truth).values()]
        assert first.count(None) == 2
        assert sum(bool(re.search("[一-龥]", text or "")) for text in first) == 1


def seconds(stamp: str) -> float:
    hours, minutes, rest = stamp.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


class TestRecordings:
    def test_the_script_is_balanced(self, script: list[dict[str, str]]) -> None:
        counts = Counter((r["speaker"], r["gender"], r["intended_emotion"]) for r in script)
        assert len(counts) == 36
        assert set(counts.values()) == {12}
        assert Counter(r["gender"] for r in script) == {"female": 216, "male": 216}
        assert {r["intended_emotion"] for r in script} == EMOTIONS

    def test_the_script_names_every_file_and_only_those(self, script: list[dict[str, str]]) -> None:
        audio = RECORDINGS / "audio"
        found = {p.relative_to(audio).as_posix() for p in audio.rglob("*.opus")}
        assert sorted(found) == [r["file"] for r in script]

    def test_both_decoders_read_the_recordings(self, script: list[dict[str, str]]) -> None:
        for row in script[::20]:
            path = RECORDINGS / "audio" / row["file"]
            samples, rate = sf.read(path)
            assert rate == 16_000
            assert samples.ndim == 1
            assert 0.03 < abs(samples).max() < 1.0
            assert duration(path) == pytest.approx(len(samples) / rate, abs=0.05)

    def test_numbers_do_not_reveal_the_emotion(self, script: list[dict[str, str]]) -> None:
        numbers = defaultdict(list)
        for row in script:
            numbers[row["intended_emotion"]].append(int(row["file"].split("/")[1][:3]))
        assert all(abs(sum(n) / len(n) - 36.5) < 9 for n in numbers.values())


def test_parts_share_no_sentence(truth: list[dict[str, Any]], script: list[dict[str, str]]) -> None:
    assert not {row["text"] for row in truth} & {row["text"] for row in script}
    assert len({row["nemo_file"] for row in truth}) == len(truth)


def test_two_speakers_of_the_recordings_are_in_no_episode(
    truth: list[dict[str, Any]], script: list[dict[str, str]]
) -> None:
    casts = defaultdict(set)
    for row in truth:
        casts[row["file"].split("/")[0]].add((row["speaker"], row["gender"]))
    teahouse, harbour = casts["teahouse"], casts["harbour"]
    assert not teahouse & harbour
    assert all({g for _, g in cast} == {"female", "male"} for cast in (teahouse, harbour))
    rest = {(r["speaker"], r["gender"]) for r in script} - teahouse - harbour
    assert sorted(g for _, g in rest) == ["female", "male"]


def test_no_file_name_reveals_an_emotion() -> None:
    words = EMOTIONS | {"anger", "happiness", "sadness", "surprised"}
    for path in [*media_files(EPISODES), *RECORDINGS.rglob("*.opus")]:
        name = path.relative_to(SAMPLE).as_posix().lower()
        assert not any(word in name for word in words)


def task(clip_id: str, text: str = "tekst") -> dict[str, Any]:
    data = {
        "clip_id": clip_id,
        "audio": f"/data/{clip_id}.wav",
        "asr_text": text,
        "asr_flags": "",
        "context": "",
        "batch": "b1",
    }
    return {"data": data}


def clip_id(file: str, start: float, end: float, track: str = "") -> str:
    digest = simulator.media_digest(EPISODES / file)
    slug = re.sub(r"[\s/.]+", "-", file)
    return f"{slug}-{digest}{track}-{round(start * 1000):08}-{round(end * 1000):08}"


def run(folder: Path, tasks: list[dict[str, Any]], *options: str) -> list[dict[str, Any]]:
    source, out = folder / "tasks.json", folder / "export.json"
    source.write_text(json.dumps(tasks), encoding="utf-8")
    assert simulator.main([*options, str(source), "--sample", str(SAMPLE), "--out", str(out)]) == 0
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tasks(truth: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [task(clip_id(r["file"], r["start"], r["end"])) for r in truth]


def choices(annotation: dict[str, Any], control: str) -> list[str]:
    return [
        choice
        for item in annotation["result"]
        if item["from_name"] == control
        for choice in item["value"]["choices"]
    ]


class TestSimulatedAnnotators:
    def test_export_has_label_studios_format(
        self, tmp_path: Path, tasks: list[dict[str, Any]]
    ) -> None:
        export = run(tmp_path, tasks)
        assert [t["data"] for t in export] == [t["data"] for t in tasks]
        annotations = [a for t in export for a in t["annotations"]]
        for key in ("id", "unique_id"):
            assert len({a[key] for a in annotations}) == 3 * len(tasks)
        for item in export:
            done = item["annotations"]
            assert [a["completed_by"] for a in done] == [1, 2, 3]
            assert item["cancelled_annotations"] == sum(a["was_cancelled"] for a in done)
            assert item["total_annotations"] + item["cancelled_annotations"] == 3
            assert {a["task"] for a in done} == {item["id"]}
            assert item["drafts"] == item["predictions"] == []
        for a in annotations:
            assert a["result_count"] == len(a["result"]) > 0
            assert re.fullmatch(r"2026-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", a["created_at"])
            assert a["created_at"] < a["updated_at"]
            for item in a["result"]:
                assert CONTROLS[item["from_name"]] == item["type"]
                assert item["to_name"] == "audio"

    def test_answers_fill_in_the_controls_and_skips_leave_the_text(
        self, tmp_path: Path, tasks: list[dict[str, Any]]
    ) -> None:
        annotations = [a for t in run(tmp_path, tasks) for a in t["annotations"]]
        assert any(a["was_cancelled"] for a in annotations)
        for a in annotations:
            names = [item["from_name"] for item in a["result"]]
            assert names[-1] == "problems" or "problems" not in names
            wanted = (
                ["transcript"] if a["was_cancelled"] else ["emotion", "confidence", "transcript"]
            )
            assert [n for n in names if n != "problems"] == wanted
            assert set(choices(a, "emotion")) <= EMOTIONS | {"unclear"}

    def test_export_is_reproducible(self, tmp_path: Path, tasks: list[dict[str, Any]]) -> None:
        run(tmp_path, tasks)
        first = (tmp_path / "export.json").read_bytes()
        run(tmp_path, tasks)
        assert (tmp_path / "export.json").read_bytes() == first
        run(tmp_path, tasks, "--seed", "8")
        assert (tmp_path / "export.json").read_bytes() != first

    def test_the_order_of_tasks_does_not_matter(
        self, tmp_path: Path, tasks: list[dict[str, Any]]
    ) -> None:
        def by_clip(export: list[dict[str, Any]]) -> dict[str, Any]:
            return {t["data"]["clip_id"]: t["annotations"] for t in export}

        forwards = by_clip(run(tmp_path, tasks))
        some = by_clip(run(tmp_path, tasks[:40:-1]))
        assert some == {clip: forwards[clip] for clip in some}

    def test_every_class_is_given(self, tmp_path: Path, tasks: list[dict[str, Any]]) -> None:
        given = {
            c for t in run(tmp_path, tasks) for a in t["annotations"] for c in choices(a, "emotion")
        }
        assert given >= EMOTIONS

    def test_majorities_are_mostly_right(
        self, tmp_path: Path, tasks: list[dict[str, Any]], truth: list[dict[str, Any]]
    ) -> None:
        right = sum(
            [c for a in t["annotations"] for c in choices(a, "emotion")].count(row["emotion"]) >= 2
            for t, row in zip(run(tmp_path, tasks), truth, strict=True)
        )
        assert right / len(truth) > 0.83

    def test_a_scripted_recording_has_its_intended_emotion(
        self, script: list[dict[str, str]]
    ) -> None:
        row = script[0]
        digest = simulator.media_digest(RECORDINGS / "audio" / row["file"])
        media = simulator.read_recordings(RECORDINGS)
        truth = simulator.clip_truth(f"001-{digest}-00000000-00002000", media)
        assert truth.emotion == row["intended_emotion"]

    def test_clip_without_speech_is_unclear(
        self, tmp_path: Path, truth: list[dict[str, Any]]
    ) -> None:
        silent = task(clip_id("harbour/E01.mp4", 0.0, 0.2))
        given = [
            c
            for a in run(tmp_path, [silent])[0]["annotations"]
            if not a["was_cancelled"]
            for c in choices(a, "emotion")
        ]
        assert given
        assert set(given) == {"unclear"}

    def test_two_speakers_are_marked_by_all(
        self, tmp_path: Path, truth: list[dict[str, Any]]
    ) -> None:
        a, b = next(
            (a, b)
            for a, b in itertools.pairwise(truth)
            if a["scene"] == b["scene"] and a["speaker"] != b["speaker"]
        )
        both = task(clip_id(a["file"], a["start"], b["end"], track="-t2"))
        for annotation in run(tmp_path, [both])[0]["annotations"]:
            assert annotation["was_cancelled"] or "speakers" in choices(annotation, "problems")

    def test_music_and_noise_are_marked_only_where_present(
        self, tmp_path: Path, tasks: list[dict[str, Any]], truth: list[dict[str, Any]]
    ) -> None:
        marked: Counter[str] = Counter()
        for done, row in zip(run(tmp_path, tasks), truth, strict=True):
            for annotation in done["annotations"]:
                problems = set(choices(annotation, "problems")) & {"music", "noise"}
                assert problems <= {row["condition"]}
                marked.update(problems)
        assert marked["music"] > 20
        assert marked["noise"] > 10

    def test_skip_without_text_is_not_empty(self) -> None:
        given = simulator.Answer(skipped=True, emotion="sad", confidence=2)
        assert [i["from_name"] for i in simulator.result_items(given, "", "k")] == ["confidence"]

    def test_clip_in_two_files_is_one_task(
        self, tmp_path: Path, tasks: list[dict[str, Any]]
    ) -> None:
        again = tmp_path / "again.json"
        again.write_text(json.dumps(tasks[:2]), encoding="utf-8")
        assert len(run(tmp_path, tasks[:3], str(again))) == 3

    def test_a_clip_of_another_film_is_an_error(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        source = tmp_path / "tasks.json"
        source.write_text(json.dumps([task("x-0123456789ab-00000000-00003000")]), encoding="utf-8")
        argv = [str(source), "--sample", str(SAMPLE), "--out", str(tmp_path / "out.json")]
        assert simulator.main(argv) == 1
        assert "0123456789ab" in capsys.readouterr().err


class TestNoiseModel:
    def test_rows_sum_to_one(self) -> None:
        for profile, emotion in itertools.product(simulator.PROFILES, sorted(EMOTIONS)):
            row = profile.confusion(emotion)
            assert list(row) == list(simulator.EMOTIONS)
            assert sum(row.values()) == pytest.approx(1)
            assert row[emotion] == profile.accuracy

    def test_most_frequent_confusions(self) -> None:
        for a, b in (("fear", "surprise"), ("neutral", "sad")):
            assert max(simulator.CONFUSABLE[a], key=simulator.CONFUSABLE[a].__getitem__) == b
            assert max(simulator.CONFUSABLE[b], key=simulator.CONFUSABLE[b].__getitem__) == a

    @pytest.mark.parametrize("annotator", [0, 1, 2])
    def test_rates_match_the_profiles(self, annotator: int) -> None:
        profile = simulator.PROFILES[annotator]
        truth = simulator.ClipTruth("fear", ("noise",))
        n = 6000
        rng = simulator.random.Random(annotator)
        answers = [simulator.answer(profile, truth, rng) for _ in range(n)]
        classes = [a.emotion for a in answers if a.emotion != "unclear"]
        for emotion, p in profile.confusion("fear").items():
            assert classes.count(emotion) / len(classes) == pytest.approx(p, abs=0.02)
        assert sum(a.skipped for a in answers) / n == pytest.approx(profile.skips, abs=0.01)
        assert 1 - len(classes) / n == pytest.approx(profile.unclear, abs=0.01)
        noticed = sum("noise" in a.problems for a in answers) / n
        assert noticed == pytest.approx(profile.notices, abs=0.03)
