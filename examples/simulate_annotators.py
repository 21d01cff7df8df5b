"""Simulate annotators for the demo: SIMULATED answers, not human judgements.

    python simulate_annotators.py TASKS.json [TASKS.json ...] --sample DIR --out EXPORT.json

Read Label Studio tasks with a `clip_id`, look up the acted emotion of each clip in the sample's
ground truth, answer as three simulated annotators with the noise model below, and write a JSON
export as Label Studio 1.23 does. Needs the standard library only.

The true class of a clip is the emotion of the utterance that overlaps it most; for a scripted
recording it is the `intended_emotion`.

The noise model
    An annotator first skips the clip or calls it `unclear` with the given probabilities, then gives
    the true class with probability `accuracy`, else another class drawn from CONFUSABLE (mainly
    fear with surprise, neutral with sad). An answer depends only on (seed, annotator, clip_id), not
    on the order of the tasks.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
import re
import sys
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

EMOTIONS = ("angry", "fear", "happy", "neutral", "surprise", "sad")
EPOCH = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CLIP_ID = re.compile(
    r".+-(?P<sha>[0-9a-f]{12})(?:-t\d+)?-(?P<start>\d{8})-(?P<end>\d{8})", re.DOTALL
)
SECOND_SPEAKER_SECONDS = 0.3

# P(given class | true class, wrong): each row sums to 1.
CONFUSABLE: dict[str, dict[str, float]] = {
    "angry": {"fear": 0.15, "happy": 0.20, "neutral": 0.25, "surprise": 0.30, "sad": 0.10},
    "fear": {"angry": 0.10, "happy": 0.05, "neutral": 0.10, "surprise": 0.50, "sad": 0.25},
    "happy": {"angry": 0.20, "fear": 0.05, "neutral": 0.30, "surprise": 0.40, "sad": 0.05},
    "neutral": {"angry": 0.15, "fear": 0.05, "happy": 0.20, "surprise": 0.05, "sad": 0.55},
    "surprise": {"angry": 0.15, "fear": 0.45, "happy": 0.30, "neutral": 0.05, "sad": 0.05},
    "sad": {"angry": 0.05, "fear": 0.30, "happy": 0.05, "neutral": 0.55, "surprise": 0.05},
}
CONFIDENCE_IF_RIGHT = (0.10, 0.35, 0.55)  # P(1), P(2), P(3) stars
CONFIDENCE_IF_WRONG = (0.45, 0.40, 0.15)


@dataclass(frozen=True)
class Profile:
    """Rates of one annotator; `notices` is P(marks present music or noise)."""

    name: str
    accuracy: float
    skips: float
    unclear: float
    notices: float
    seconds: float

    def confusion(self, true: str) -> dict[str, float]:
        """Return P(given class | true class), given that the annotator gives a class."""
        wrong = CONFUSABLE[true]
        return {e: self.accuracy if e == true else (1 - self.accuracy) * wrong[e] for e in EMOTIONS}


PROFILES = (
    Profile("careful", accuracy=0.92, skips=0.01, unclear=0.03, notices=0.90, seconds=14.0),
    Profile("good", accuracy=0.85, skips=0.01, unclear=0.02, notices=0.75, seconds=9.0),
    Profile("hasty", accuracy=0.72, skips=0.03, unclear=0.01, notices=0.40, seconds=5.0),
)


@dataclass(frozen=True)
class Utterance:
    """True utterance; times in seconds of its file."""

    start: float
    end: float
    speaker: str
    emotion: str
    condition: str = "clean"

    def overlap(self, start: float, end: float) -> float:
        return min(self.end, end) - max(self.start, start)


@dataclass(frozen=True)
class ClipTruth:
    """Ground truth of a clip; no emotion without speech."""

    emotion: str | None = None
    problems: tuple[str, ...] = ()
    two_speakers: bool = False


@dataclass
class Answer:
    """Answer of one annotator to one clip."""

    skipped: bool
    emotion: str
    confidence: int
    problems: list[str] = field(default_factory=list)


def media_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def read_episodes(folder: Path) -> dict[str, list[Utterance]]:
    """Return the true utterances of each episode, by the prefix of its file's sha256."""
    by_file: dict[str, list[Utterance]] = {}
    for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        utterance = Utterance(
            *(row[k] for k in ("start", "end", "speaker", "emotion", "condition"))
        )
        by_file.setdefault(row["file"], []).append(utterance)
    return {media_digest(folder / file): utterances for file, utterances in by_file.items()}


def read_recordings(folder: Path) -> dict[str, list[Utterance]]:
    """Return each recording as one utterance of the whole file."""
    with (folder / "SCRIPT.csv").open(encoding="utf-8", newline="") as lines:
        return {
            media_digest(folder / "audio" / row["file"]): [
                Utterance(0.0, float("inf"), row["speaker"], row["intended_emotion"])
            ]
            for row in csv.DictReader(lines)
        }


def clip_truth(clip_id: str, media: dict[str, list[Utterance]]) -> ClipTruth:
    match = CLIP_ID.fullmatch(clip_id)
    if match is None:
        raise ValueError(
            f"{clip_id!r} is not a clip_id: <name>-<12 hex>[-t<N>]-<start ms>-<end ms>"
        )
    if match["sha"] not in media:
        raise ValueError(
            f"{clip_id!r} is from no file of the sample: no sha256 starts with {match['sha']}"
        )
    start, end = int(match["start"]) / 1000, int(match["end"]) / 1000
    overlaps = [(u.overlap(start, end), u) for u in media[match["sha"]]]
    overlaps = [(seconds, u) for seconds, u in overlaps if seconds > 0]
    if not overlaps:
        return ClipTruth()
    _, main = max(overlaps, key=lambda pair: pair[0])
    others = sum(seconds for seconds, u in overlaps if u.speaker != main.speaker)
    problems = (main.condition,) if main.condition in ("music", "noise") else ()
    return ClipTruth(main.emotion, problems, others >= SECOND_SPEAKER_SECONDS)


def draw(weights: dict[str, float], rng: random.Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def answer(profile: Profile, truth: ClipTruth, rng: random.Random) -> Answer:
    skipped = rng.random() < profile.skips
    unclear = rng.random() < profile.unclear or truth.emotion is None
    emotion = "unclear" if unclear else draw(profile.confusion(str(truth.emotion)), rng)
    odds = CONFIDENCE_IF_RIGHT if emotion == truth.emotion else CONFIDENCE_IF_WRONG
    confidence = rng.choices((1, 2, 3), odds)[0]
    problems = [p for p in truth.problems if rng.random() < profile.notices]
    if truth.two_speakers:
        problems.append("speakers")
    return Answer(skipped, emotion, confidence, problems)


def control(name: str, kind: str, value: dict[str, Any], key: str) -> dict[str, Any]:
    return {
        "value": value,
        "id": hashlib.sha256(f"{key}|{name}".encode()).hexdigest()[:10],
        "from_name": name,
        "to_name": "audio",
        "type": kind,
        "origin": "manual",
    }


def result_items(given: Answer, text: str, key: str) -> list[dict[str, Any]]:
    """Return the filled-in controls; a skipped task has the pre-filled ones only."""
    transcript = [control("transcript", "textarea", {"text": [text]}, key)] if text else []
    confidence = control("confidence", "rating", {"rating": given.confidence}, key)
    if given.skipped:
        return transcript or [confidence]
    items = [control("emotion", "choices", {"choices": [given.emotion]}, key), confidence]
    items += transcript
    if given.problems:
        items.append(control("problems", "choices", {"choices": given.problems}, key))
    return items


def stable_number(key: str) -> int:
    """Return a stable number for `key`."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:12], 16)


def utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def annotate(
    data: dict[str, Any], truth: ClipTruth, annotator: int, seed: int, task: int
) -> dict[str, Any]:
    """Return one annotation as Label Studio exports it."""
    profile = PROFILES[annotator % len(PROFILES)]
    key = f"{seed}|{annotator + 1}|{data['clip_id']}"
    rng = random.Random(key)
    given = answer(profile, truth, rng)
    lead_time = round(profile.seconds * rng.lognormvariate(0, 0.4), 3)
    created = EPOCH + timedelta(
        seconds=rng.randrange(14 * 86_400), microseconds=rng.randrange(10**6)
    )
    result = result_items(given, data.get("asr_text") or "", key)
    return {
        "id": stable_number(key),
        "completed_by": annotator + 1,
        "result": result,
        "was_cancelled": given.skipped,
        "ground_truth": False,
        "created_at": utc(created),
        "updated_at": utc(created + timedelta(microseconds=57)),
        "draft_created_at": None,
        "lead_time": lead_time,
        "prediction": {},
        "result_count": len(result),
        "unique_id": str(uuid.uuid5(uuid.NAMESPACE_URL, key)),
        "import_id": None,
        "last_action": None,
        "bulk_created": False,
        "task": task,
        "project": 1,
        "updated_by": annotator + 1,
        "parent_prediction": None,
        "parent_annotation": None,
        "last_created_by": None,
    }


def export_task(
    data: dict[str, Any], truth: ClipTruth, inner_id: int, annotators: int, seed: int
) -> dict[str, Any]:
    """Return one task with its annotations as Label Studio exports it."""
    task = stable_number(f"{seed}|{data['clip_id']}")
    annotations = [annotate(data, truth, n, seed, task) for n in range(annotators)]
    skips = sum(a["was_cancelled"] for a in annotations)
    last = max(annotations, key=lambda a: a["updated_at"])
    return {
        "id": task,
        "annotations": annotations,
        "drafts": [],
        "predictions": [],
        "data": data,
        "meta": {},
        "created_at": utc(EPOCH - timedelta(days=1)),
        "updated_at": last["updated_at"],
        "allow_skip": True,
        "inner_id": inner_id,
        "total_annotations": len(annotations) - skips,
        "cancelled_annotations": skips,
        "total_predictions": 0,
        "comment_count": 0,
        "unresolved_comment_count": 0,
        "last_comment_updated_at": None,
        "project": 1,
        "updated_by": last["updated_by"],
        "comment_authors": [],
    }


def read_tasks(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the tasks' data, one task per clip."""
    by_clip: dict[str, dict[str, Any]] = {}
    for path in paths:
        for task in json.loads(path.read_text(encoding="utf-8")):
            by_clip.setdefault(task["data"]["clip_id"], task["data"])
    return list(by_clip.values())


def simulate(
    tasks: list[dict[str, Any]], sample: Path, annotators: int, seed: int
) -> list[dict[str, Any]]:
    media = read_episodes(sample / "episodes") | read_recordings(sample / "recordings")
    return [
        export_task(data, clip_truth(data["clip_id"], media), n, annotators, seed)
        for n, data in enumerate(tasks, 1)
    ]


def positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Simulate annotators (no human judgements).")
    parser.add_argument("tasks", type=Path, nargs="+", help="Label Studio tasks, JSON")
    parser.add_argument("--sample", type=Path, required=True, help="the examples folder")
    parser.add_argument("--out", type=Path, required=True, help="the JSON export to write")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--annotators", type=positive, default=3)
    args = parser.parse_args(argv)
    try:
        export = simulate(read_tasks(args.tasks), args.sample, args.annotators, args.seed)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"simulate_annotators: {error}", file=sys.stderr)
        return 1
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(
        json.dumps(export, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n"
    )
    n = sum(len(task["annotations"]) for task in export)
    print(f"{n} simulated annotations of {len(export)} clips in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
