"""Time and memory of an annotation campaign of 100,000 clips.

A constructed corpus of 100,000 accepted clips with texts. `corpus export-tasks` gives each clip to
three of five annotators, with gold clips; answers are generated in the format of Label Studio's
exports, one file for each annotator; `corpus import-annotations` imports them twice; `corpus
agreement` reports. Each command is a separate process on two cores.

    python benchmarks/annotation/annotation_scale.py

The bar: each under 60 s and 2 GiB.
"""

import argparse
import json
import os
import random
import sys
import tempfile
from pathlib import Path

from benchmarks.annotation.agreement_volume import CPUS, MOST_MEBIBYTES, MOST_SECONDS, PER_SOURCE
from benchmarks.common.processes import CORPUS, Run, measure
from manifests.base.emotions import EMOTIONS
from manifests.storage.records import Clip, Screen, Transcript
from manifests.storage.shards import STAGES, write_shard

CLIPS, GOLD_EVERY, PER_CLIP, BATCH = 100_000, 100, 3, "batch-0001"
ANNOTATORS = ["a01", "a02", "a03", "a04", "a05"]
RIGHT = 0.75


def make_corpus(root: Path, clips: int) -> None:
    """Write a corpus in the state before the first export of tasks."""
    root.mkdir()
    (root / "corpus.toml").write_text('[corpus]\nname = "scale"\n', encoding="utf-8")
    names = [
        clip_id
        for start in range(0, clips, PER_SOURCE)
        for clip_id in write_source(root, start, min(PER_SOURCE, clips - start))
    ]
    (root / "annotations").mkdir()
    gold = [f"{name},{true_class(name)}" for name in names[::GOLD_EVERY]]
    path = root / "annotations" / "gold.csv"
    path.write_text("\n".join(["clip_id,emotion", *gold, ""]), encoding="utf-8")


def write_source(root: Path, start: int, clips: int) -> list[str]:
    """Write one source's clips, their texts and empty sound files; return the clips' ids."""
    source = f"source-{start:012d}"
    folder = root / "clips" / source
    folder.mkdir(parents=True)
    ids = [f"{source}-{n * 4000:08d}-{n * 4000 + 4000:08d}" for n in range(clips)]
    rows = [
        Clip(
            clip_id=clip_id,
            source_id=source,
            path=f"clips/{source}/{clip_id}.wav",
            start=number * 4.0,
            end=number * 4.0 + 4,
            duration=4.0,
            sha256="0" * 64,
            file_sha256="0" * 64,
            rms_db=-20.0,
            peak_db=-3.0,
            speech_ratio=0.9,
        )
        for number, clip_id in enumerate(ids)
    ]
    for clip_id in ids:
        (folder / f"{clip_id}.wav").touch()
    text = "今天天气巴适得很"
    texts = [
        Transcript(clip_id=one, text=text, text_raw=text, source="whisper", model="small")
        for one in ids
    ]
    write_shard(root, STAGES["segments"], source, rows, {})
    screens = [Screen(clip_id=one, accepted=True) for one in ids]
    write_shard(root, STAGES["screen"], source, screens, {})
    write_shard(root, STAGES["transcripts"], source, texts, {})
    return ids


def true_class(clip_id: str) -> str:
    """Return the hidden true class of a clip."""
    return random.Random(clip_id).choice(EMOTIONS)


def answer(root: Path, folder: Path) -> list[Path]:
    """Answer every annotator's tasks; return one export for each in Label Studio's format."""
    paths, last = [], 0
    for number, name in enumerate(ANNOTATORS, start=1):
        rows = json.loads((root / "annotations/tasks" / BATCH / f"{name}.json").read_bytes())
        path = folder / f"{name}.json"
        with path.open("w", encoding="utf-8") as out:
            for place, row in enumerate(rows):
                last += 1
                task = export_row(last, number, place, row["data"])
                out.write(("," if place else "[") + json.dumps(task, ensure_ascii=False))
            out.write("]")
        paths.append(path)
    return paths


def export_row(last: int, user: int, place: int, data: dict[str, object]) -> dict[str, object]:
    """Return an answered task in the shape of Label Studio 1.23's JSON export."""
    chance = random.Random(last)
    truth = true_class(str(data["clip_id"]))
    said = truth if chance.random() < RIGHT else chance.choice(EMOTIONS)
    minute, second = divmod(place * 8, 60)
    moment = f"2026-01-{1 + minute // 1440:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}"
    moment += f":{second:02d}.000000Z"
    answers = {
        "emotion": ("choices", {"choices": [said]}),
        "confidence": ("rating", {"rating": 2}),
        "transcript": ("textarea", {"text": [data["asr_text"]]}),
    }
    annotation = {
        "id": last,
        "completed_by": user,
        "result": [
            {"from_name": name, "to_name": "audio", "type": kind, "value": value, "id": f"{last}"}
            for name, (kind, value) in answers.items()
        ],
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": moment,
        "updated_at": moment,
        "draft_created_at": None,
        "lead_time": round(chance.lognormvariate(2, 0.5), 3),
        "prediction": {},
        "result_count": len(answers),
        "unique_id": f"a5cfbd20-2fd0-406b-859a-{last:012d}",
        "import_id": None,
        "last_action": None,
        "bulk_created": False,
        "task": last,
        "project": user,
        "updated_by": user,
        "parent_prediction": None,
        "parent_annotation": None,
        "last_created_by": None,
    }
    return {
        "id": last,
        "annotations": [annotation],
        "drafts": [],
        "predictions": [],
        "data": data,
        "meta": {},
        "created_at": moment,
        "updated_at": moment,
        "inner_id": place + 1,
        "total_annotations": 1,
        "cancelled_annotations": 0,
        "project": user,
        "updated_by": user,
        "comment_authors": [],
    }


def campaign(folder: Path, clips: int) -> tuple[dict[str, Run], int]:
    """Return time and memory of each command, and the imported bytes."""
    root = folder / "corpus"
    make_corpus(root, clips)
    export = ["export-tasks", "--no-context", "--batch", BATCH, "--gold-rate", "0.01"]
    export += ["--annotators", ",".join(ANNOTATORS), "--per-clip", str(PER_CLIP)]
    at = ["--corpus", str(root)]
    runs = {"corpus export-tasks": measure([*CORPUS, *export, *at])}
    paths = answer(root, folder)
    importing = [*CORPUS, "import-annotations", *map(str, paths), *at]
    runs["corpus import-annotations"] = measure(importing)
    runs["the same again"] = measure(importing)
    page = str(folder / "agreement.html")
    runs["corpus agreement --html"] = measure([*CORPUS, "agreement", "--html", page, *at])
    return runs, sum(path.stat().st_size for path in paths)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=CLIPS)
    options = parser.parse_args()
    os.sched_setaffinity(0, CPUS & os.sched_getaffinity(0) or os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        runs, size = campaign(Path(folder), options.clips)
    print(f"{options.clips} clips to {PER_CLIP} of {len(ANNOTATORS)} annotators each;")
    print(f"exports of {size / 1e6:.0f} MB in {len(ANNOTATORS)} files\n")
    print("| | seconds | of a processor | peak memory |\n| --- | ---: | ---: | ---: |")
    for name, run in runs.items():
        print(f"| {name} | {run.seconds:.1f} | {run.processor:.1f} | {run.mebibytes:.0f} MiB |")
    held = all(
        run.seconds < MOST_SECONDS and run.mebibytes < MOST_MEBIBYTES for run in runs.values()
    )
    print(f"\nbar {'held' if held else 'missed'}")
    sys.exit(not held)


if __name__ == "__main__":
    main()
