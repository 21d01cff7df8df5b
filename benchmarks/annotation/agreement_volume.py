"""Time and memory of agreement and aggregation on a large campaign.

A constructed corpus of 100,000 clips, each judged by three of five simulated annotators, one in a
hundred gold, with answering times. `corpus agreement` and the aggregation by each method are
measured, each as a separate process on two cores.

    python benchmarks/annotation/agreement_volume.py

The bar: each under 60 s and 2 GiB.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from annotation.judgements.store import judgements_folder
from annotation.labels.votes import MISSING
from benchmarks.annotation.panels import annotators, truths, vote
from benchmarks.common.processes import CORPUS, measure
from manifests.base.emotions import EMOTIONS
from manifests.storage.records import Clip, Judgement
from manifests.storage.shards import STAGES, write_shard
from manifests.storage.store import write_jsonl

CLIPS, PER_SOURCE = 100_000, 1000
MOST_SECONDS, MOST_MEBIBYTES = 60.0, 2048.0
CPUS = {0, 1}


def make_corpus(root: Path, clips: int) -> None:
    """Write the configuration, segments, gold clips and judgements of a constructed campaign."""
    root.mkdir()
    (root / "corpus.toml").write_text('[corpus]\nname = "volume"\n', encoding="utf-8")
    ids = [_write_source(root, start, clips) for start in range(0, clips, PER_SOURCE)]
    names = [name for some in ids for name in some]
    generator = np.random.default_rng(0)
    truth = generator.permutation(truths(clips))
    codes = vote(truth, annotators(generator), generator, unclear=0.02).codes
    write_jsonl(judgements_folder(root) / "1.jsonl", _judgements(names, codes, generator))
    gold = [f"{names[place]},{EMOTIONS[truth[place]]}" for place in range(0, clips, 100)]
    path = root / "annotations" / "gold.csv"
    path.write_text("\n".join(["clip_id,emotion", *gold, ""]), encoding="utf-8")


def _write_source(root: Path, start: int, clips: int) -> list[str]:
    source = f"source-{start:012d}"
    rows = []
    for number in range(min(PER_SOURCE, clips - start)):
        left = number * 4.0
        clip_id = f"{source}-{number * 4000:08d}-{number * 4000 + 4000:08d}"
        rows.append(
            Clip(
                clip_id=clip_id,
                source_id=source,
                path=f"clips/{source}/{clip_id}.wav",
                start=left,
                end=left + 4,
                duration=4.0,
                sha256="0" * 64,
                file_sha256="0" * 64,
                rms_db=-20.0,
                peak_db=-3.0,
                speech_ratio=0.9,
            )
        )
    write_shard(root, STAGES["segments"], source, rows, {})
    return [row.clip_id for row in rows]


def _judgements(names, codes, generator):
    who, where = np.nonzero(codes != MISSING)
    seconds = generator.lognormal(2, 0.5, len(who)).round(3)
    for number, place in enumerate(generator.permutation(len(who))):
        moment = f"2026-01-{1 + number // 10_000:02d}T{number % 10_000 // 600:02d}"
        moment += f":{number % 600 // 10:02d}:{number % 10:02d}.000000Z"
        yield Judgement(
            clip_id=names[where[place]],
            annotator=f"a{who[place] + 1:02d}",
            server="label-studio",
            project_id=int(who[place]) + 1,
            task_id=number + 1,
            annotation_id=number + 1,
            unique_id=f"a5cfbd20-2fd0-406b-859a-{number:012d}",
            created_at=moment,
            updated_at=moment,
            status="answered",
            emotion=EMOTIONS[codes[who[place], where[place]]],
            confidence=2,
            transcript="今天天气巴适得很",
            lead_time=float(seconds[place]),
            batch="batch-0001",
            import_sha256="0" * 64,
        ).row()


DECIDE = (
    "import sys; from pathlib import Path; "
    "from annotation.labels.aggregate import aggregate_votes; "
    "from annotation.scheme.settings import LabelSettings; "
    "print(len(aggregate_votes(Path(sys.argv[1]), LabelSettings(method=sys.argv[2])).labels))"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=CLIPS)
    options = parser.parse_args()
    os.sched_setaffinity(0, CPUS & os.sched_getaffinity(0) or os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "corpus"
        make_corpus(root, options.clips)
        page = str(Path(folder) / "agreement.html")
        command = [*CORPUS, "agreement", "--html", page, "--corpus", str(root)]
        runs = {"corpus agreement --html": measure(command)}
        for method in ("majority", "weighted", "dawid_skene"):
            runs[f"labels, {method}"] = measure([sys.executable, "-c", DECIDE, str(root), method])
    print(f"{options.clips} clips with three votes\n")
    print("| | seconds | of a processor | peak memory |\n| --- | ---: | ---: | ---: |")
    for name, run in runs.items():
        print(f"| {name} | {run.seconds:.1f} | {run.processor:.1f} | {run.mebibytes:.0f} MiB |")
    slowest = max(run.seconds for run in runs.values())
    held = slowest < MOST_SECONDS and max(run.mebibytes for run in runs.values()) < MOST_MEBIBYTES
    print(f"\nbar {'held' if held else 'missed'}")
    sys.exit(not held)


if __name__ == "__main__":
    main()
