"""Simulated annotators answer the same every time, as their noise model says."""

import hashlib
import json
import random
import subprocess
import sys
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from itertools import combinations, product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SAMPLE = Path(__file__).parents[2] / "examples"
SCRIPT = SAMPLE / "simulate_annotators.py"
README = (SAMPLE / "README.md").read_text(encoding="utf-8")
Task = dict[str, Any]


def load() -> ModuleType:
    spec = spec_from_file_location("simulate_annotators", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


simulator = load()
EMOTIONS: tuple[str, ...] = simulator.EMOTIONS


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def task(path: Path, start: float, end: float) -> Task:
    clip_id = f"{path.stem}-{digest(path)}-{round(start * 1000):08}-{round(end * 1000):08}"
    return {"data": {"clip_id": clip_id, "audio": f"/data/{clip_id}.wav", "asr_text": "字"}}


@pytest.fixture(scope="module")
def truth() -> list[Task]:
    lines = (SAMPLE / "episodes" / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def tasks(truth: list[Task]) -> list[Task]:
    spoken = [task(SAMPLE / "episodes" / r["file"], r["start"], r["end"]) for r in truth]
    read = [task(p, 0, 2) for p in sorted((SAMPLE / "recordings/audio").rglob("*.opus"))]
    return spoken + read


def export(tasks: list[Task], seed: int = 7) -> list[Task]:
    return simulator.simulate([t["data"] for t in tasks], SAMPLE, 3, seed)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def exported(tasks: list[Task]) -> list[Task]:
    return export(tasks)


def given(annotation: Task) -> str | None:
    if annotation["was_cancelled"]:
        return None
    items = [i for i in annotation["result"] if i["from_name"] == "emotion"]
    return str(items[0]["value"]["choices"][0])


def test_needs_the_standard_library_only(
    tasks: list[Task], exported: list[Task], tmp_path: Path
) -> None:
    (tmp_path / "tasks.json").write_text(json.dumps(tasks), encoding="utf-8")
    command: list[str | Path] = [sys.executable, "-I", "-S", SCRIPT, tmp_path / "tasks.json"]
    command += ["--sample", SAMPLE, "--out", tmp_path / "export.json"]
    subprocess.run(command, check=True, capture_output=True)
    assert json.loads((tmp_path / "export.json").read_text(encoding="utf-8")) == exported


def test_order_of_tasks_does_not_matter(tasks: list[Task], exported: list[Task]) -> None:
    def by_clip(rows: list[Task]) -> dict[str, list[Task]]:
        return {row["data"]["clip_id"]: row["annotations"] for row in rows}

    everything = by_clip(exported)
    for clip, annotations in by_clip(export(tasks[::-5])).items():
        assert annotations == everything[clip]


def test_another_seed_answers_otherwise(tasks: list[Task], exported: list[Task]) -> None:
    def answers(rows: list[Task]) -> list[str | None]:
        return [given(a) for row in rows for a in row["annotations"]]

    assert answers(exported[:60]) != answers(export(tasks[:60], seed=8))


def test_export_has_label_studios_shape(exported: list[Task]) -> None:
    row = exported[0]
    assert {"id", "annotations", "drafts", "predictions", "data", "meta", "inner_id", "project",
            "created_at", "updated_at", "total_annotations", "cancelled_annotations",
            "comment_authors"} <= set(row)  # fmt: skip
    ids = [a["id"] for r in exported for a in r["annotations"]]
    assert len(set(ids)) == len(ids) == 3 * len(exported)
    for row in exported:
        assert [a["completed_by"] for a in row["annotations"]] == [1, 2, 3]
        assert row["total_annotations"] + row["cancelled_annotations"] == 3
        for annotation in row["annotations"]:
            assert annotation["task"] == row["id"]
            assert annotation["lead_time"] > 0
            assert annotation["result_count"] == len(annotation["result"])
            for item in annotation["result"]:
                assert set(item) == {"value", "id", "from_name", "to_name", "type", "origin"}
                assert item["to_name"] == "audio"


def test_every_class_is_given_and_skips_and_unclear_too(exported: list[Task]) -> None:
    answers = Counter(given(a) for row in exported for a in row["annotations"])
    assert set(answers) == {*EMOTIONS, "unclear", None}


def test_truth_of_a_clip_is_the_utterance_that_it_overlaps_most(truth: list[Task]) -> None:
    media = simulator.read_episodes(SAMPLE / "episodes")
    for row in truth:
        clip = task(SAMPLE / "episodes" / row["file"], row["start"] - 0.1, row["end"] + 0.1)
        found = simulator.clip_truth(clip["data"]["clip_id"], media)
        assert found.emotion == row["emotion"]
        assert set(found.problems) == {row["condition"]} & {"music", "noise"}
        assert not found.two_speakers


def test_a_clip_of_another_file_is_refused() -> None:
    with pytest.raises(ValueError, match="no file in the sample"):
        simulator.clip_truth("film-0123456789ab-00000000-00001000", {})


@pytest.mark.parametrize("profile", simulator.PROFILES, ids=lambda p: p.name)
def test_answers_follow_the_noise_model(profile: Any) -> None:
    rng = random.Random(profile.name)
    n = 4000
    for emotion in EMOTIONS:
        truth = simulator.ClipTruth(emotion, ("music",))
        answers = [simulator.answer(profile, truth, rng) for _ in range(n)]
        classes = Counter(a.emotion for a in answers)
        sure = n - classes["unclear"]
        for other, p in profile.confusion(emotion).items():
            assert classes[other] / sure == pytest.approx(p, abs=0.03)
        assert classes["unclear"] / n == pytest.approx(profile.unclear, abs=0.012)
        assert sum(a.skipped for a in answers) / n == pytest.approx(profile.skips, abs=0.012)
        assert sum(bool(a.problems) for a in answers) / n == pytest.approx(
            profile.notices, abs=0.03
        )


def test_annotators_of_the_sample_are_as_right_as_stated(exported: list[Task]) -> None:
    media = simulator.read_episodes(SAMPLE / "episodes")
    media |= simulator.read_recordings(SAMPLE / "recordings")
    acted = [simulator.clip_truth(row["data"]["clip_id"], media).emotion for row in exported]
    for number, profile in enumerate(simulator.PROFILES):
        answers = [given(row["annotations"][number]) for row in exported]
        classes = [(a, t) for a, t in zip(answers, acted, strict=True) if a in EMOTIONS]
        right = sum(a == t for a, t in classes) / len(classes)
        assert right == pytest.approx(profile.accuracy, abs=0.05)


def expected_agreement() -> tuple[list[float], float, float, float]:
    """Return each pair's agreement, α, and P(majority right), P(all three differ).

    For classes that are equally frequent, where all three give a class.
    """
    rows = [[p.confusion(t) for p in simulator.PROFILES] for t in EMOTIONS]
    n = len(EMOTIONS)
    pairs = [
        sum(row[a][e] * row[b][e] for row in rows for e in EMOTIONS) / n
        for a, b in combinations(range(3), 2)
    ]
    pooled = [sum(row[a][e] for row in rows for a in range(3)) / (3 * n) for e in EMOTIONS]
    alpha = 1 - (1 - sum(pairs) / 3) / (1 - sum(p * p for p in pooled))
    right = split = 0.0
    for true, row in zip(EMOTIONS, rows, strict=True):
        for votes in product(EMOTIONS, repeat=3):
            p = row[0][votes[0]] * row[1][votes[1]] * row[2][votes[2]] / n
            split += p * (len(set(votes)) == 3)
            right += p * (votes.count(true) >= 2)
    return pairs, alpha, right, split


def readme_rows() -> list[str]:
    profiles = simulator.PROFILES
    pairs, alpha, right, split = expected_agreement()
    rows = [
        f"| {n} ({p.name}) | {p.accuracy:.2f} | {p.skips:.2f} | {p.unclear:.2f} "
        f"| {p.notices:.2f} | {p.seconds:g} |"
        for n, p in enumerate(profiles, 1)
    ]
    for true in EMOTIONS:
        wrong = simulator.CONFUSABLE[true]
        rows.append(
            f"| {true} | {' | '.join(f'{wrong[e]:.2f}' if e in wrong else '–' for e in EMOTIONS)} |"
        )
    rows += [
        f"| {profiles[a].name} and {profiles[b].name} agree | {p:.2f} |"
        for (a, b), p in zip(combinations(range(3), 2), pairs, strict=True)
    ]
    return [
        *rows,
        f"| Krippendorff's α (nominal) | {alpha:.2f} |",
        f"| the majority is right | {right:.2f} |",
        f"| all three differ | {split:.2f} |",
    ]


def test_readme_states_the_noise_model() -> None:
    for row in readme_rows():
        assert row in README.splitlines()


def test_confusions_are_distributions() -> None:
    for emotion in EMOTIONS:
        wrong = simulator.CONFUSABLE[emotion]
        assert set(wrong) == set(EMOTIONS) - {emotion}
        assert sum(wrong.values()) == pytest.approx(1)
