"""Fuzz test of the import of annotations: no crash and no silent loss of judgements.

10,000 exports of a constructed corpus, each corrupted by one to eight seeded mutations (fields
missing, of other types, swapped or repeated; unknown annotators; deleted clips; duplicate ids; deep
nesting; paths outside the corpus; markup and scripts; bytes cut off or changed), are imported
twice. For each, nothing raises, every annotation is imported or listed with a reason, the second
import adds nothing, nothing outside annotations/ changes, no e-mail address is shown, and imported
judgements are readable. For one in a hundred the agreement page and the clip histories are made,
too, and the page is searched for markup. Finally an export of 100 MB with one corrupted annotation
in ten is imported by a separate process.

    python benchmarks/manifests/import_fuzz.py
"""

import argparse
import copy
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotation.judgements.importing import import_annotations
from annotation.judgements.store import judgements_folder, read_judgements
from annotation.reliability.measure import measure_agreement
from annotation.reliability.page import agreement_page
from benchmarks.common.processes import Run, measure
from corpus_tools.inspection.clip_history import clip_history
from corpus_tools.workspace.workspace import Workspace
from manifests.base.emotions import EMOTIONS
from manifests.base.outcome import Outcome
from manifests.storage.records import Clip, Screen, Source
from manifests.storage.shards import STAGES, write_shard

RUNS, PAGES_EVERY, MEGABYTES, MOST_MEBIBYTES = 10_000, 100, 100, 2048.0
SOURCE, CLIPS = "剧-0123456789ab", 4
EMAIL = "rater1@lab.example"
MARKUP = "<script>alert(1)</script><img src=x onerror=alert(2)>"
JUNK: list[Any] = [
    None,
    True,
    -1,
    0,
    10**30,
    1e308,
    float("nan"),
    float("-inf"),
    "",
    "../../x",
    "clips/../../../etc/passwd",
    "/etc/passwd",
    MARKUP,
    "\x1b[2J\x00\u202e",
    "\ud800",
    EMAIL,
    "长" * 3000,
    [],
    {},
    [[[[]]]],
    {"id": 2, "email": EMAIL},
    {"id": 99, "email": MARKUP},
    {"text": [EMAIL]},
    {"text": [MARKUP]},
    {"choices": ["NOT_A_CLASS"]},
    {"choices": [MARKUP, "sad"]},
    "2026-11-22T14:00:52Z",
    "9999-12-31T23:59:59-12:00",
    json.loads("[" * 300 + "]" * 300),
]


def make_corpus(root: Path) -> Workspace:
    """Make a corpus of four accepted clips, and a file outside it that must not change."""
    workspace = Workspace.create(root, "fuzz")
    (root.parent / "x").write_text("not yours", encoding="utf-8")
    digest = "0" * 64
    source = Source(
        source_id=SOURCE,
        series=None,
        episode=None,
        title="剧",
        kind="drama",
        media_path="剧.mp4",
        sha256=digest,
        size=1,
        duration=60.0,
        track=0,
        sample_rate=48000,
        channels=2,
    )
    clips = [
        Clip(
            clip_id=clip_id,
            source_id=SOURCE,
            path=f"clips/{SOURCE}/{clip_id}.wav",
            start=number * 4.0,
            end=number * 4.0 + 4,
            duration=4.0,
            sha256=digest,
            file_sha256=digest,
            rms_db=-20.0,
            peak_db=-3.0,
            speech_ratio=0.9,
        )
        for number, clip_id in enumerate(clip_ids())
    ]
    write_shard(root, STAGES["sources"], SOURCE, [source], {})
    write_shard(root, STAGES["segments"], SOURCE, clips, {})
    screens = [Screen(clip_id=clip_id, accepted=True) for clip_id in clip_ids()]
    write_shard(root, STAGES["screen"], SOURCE, screens, {})
    return workspace


def clip_ids() -> list[str]:
    """Return the ids of the corpus's clips."""
    return [f"{SOURCE}-{n * 4000:08d}-{n * 4000 + 4000:08d}" for n in range(CLIPS)]


def whole_export(chance: random.Random) -> list[Any]:
    """Return a valid export: two annotations of each of three clips."""
    tasks, last = [], 0
    for clip_id in clip_ids()[:3]:
        annotations = []
        for _ in range(2):
            last += 1
            annotations.append(annotation(last, chance))
        data = {"clip_id": clip_id, "audio": "/data/local-files/?d=x", "batch": "batch-0001"}
        task = {"id": last // 2, "annotations": annotations, "data": data, "project": 1}
        tasks.append(task | {"drafts": [], "predictions": [], "meta": {}})
    return tasks


def annotation(number: int, chance: random.Random) -> dict[str, Any]:
    """Return an annotation in Label Studio 1.23's export format."""
    answers = {
        "emotion": ("choices", {"choices": [chance.choice(EMOTIONS)]}),
        "confidence": ("rating", {"rating": 2}),
        "transcript": ("textarea", {"text": ["巴适"]}),
        "problems": ("choices", {"choices": ["music"]}),
    }
    return {
        "id": number,
        "completed_by": chance.choice([1, {"id": 2, "email": EMAIL}]),
        "result": [
            {"from_name": name, "to_name": "audio", "type": kind, "value": value}
            for name, (kind, value) in answers.items()
        ],
        "was_cancelled": chance.random() < 0.2,
        "ground_truth": False,
        "created_at": "2026-11-22T14:00:52.043371Z",
        "updated_at": "2026-11-22T14:00:52.043428Z",
        "lead_time": 7.5,
        "unique_id": f"a5cfbd20-2fd0-406b-859a-{number:012d}",
        "task": number // 2,
        "project": 1,
    }


def mutate(tasks: list[Any], chance: random.Random) -> None:
    """Corrupt one value: replace, remove, repeat or swap it, or refer to a deleted clip."""
    paths = [path for path in places(tasks) if path]
    if not paths:
        return
    path = chance.choice(paths)
    parent: Any = tasks
    for key in path[:-1]:
        parent = parent[key]
    kind = chance.choice(["replace", "remove", "repeat", "swap", "aimed"])
    if kind == "remove":
        del parent[path[-1]]
    elif kind == "repeat" and isinstance(parent, list):
        parent.append(copy.deepcopy(parent[path[-1]]))
    elif kind == "swap":
        other = chance.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
        parent[path[-1]], parent[other] = parent[other], parent[path[-1]]
    elif kind == "aimed":
        aimed(tasks, chance)
    else:
        parent[path[-1]] = copy.deepcopy(chance.choice(JUNK))


def aimed(tasks: list[Any], chance: random.Random) -> None:
    """Put invalid values into the most critical fields only."""
    found = [
        task for task in tasks if isinstance(task, dict) and isinstance(task.get("data"), dict)
    ]
    rows = [row for task in found for row in _annotations(task) or () if isinstance(row, dict)]
    if not rows:
        return
    junk = copy.deepcopy(chance.choice(JUNK))
    if chance.random() < 0.4:
        name = chance.choice(["clip_id", "batch", "audio"])
        gone = f"{SOURCE}-00090000-00094000"
        chance.choice(found)["data"][name] = chance.choice([junk, gone, MARKUP, "../../x"])
        return
    row = chance.choice(rows)
    name = chance.choice(["id", "completed_by", "updated_at", "result", "text", "control"])
    items = row.get("result")
    if name in ("text", "control"):
        items = [item for item in items if isinstance(item, dict)] if _is_list(items) else []
        for item in items:
            if name == "control" or item.get("from_name") == "transcript":
                key = "from_name" if name == "control" else "value"
                item[key] = MARKUP if name == "control" else {"text": [MARKUP, "x"]}
    else:
        row[name] = chance.choice(rows).get(name) if chance.random() < 0.5 else junk


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the keys that lead to each part of a value."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        if isinstance(entry, dict | list):
            yield from places(entry, (*path, key))
        else:
            yield (*path, key)


def spoil_bytes(data: bytes, chance: random.Random) -> bytes:
    """Truncate, change or nest the bytes of some exports."""
    kind = chance.randrange(20)
    place = chance.randrange(len(data) + 1)
    if kind == 0:
        return data[:place]
    if kind == 1:
        return data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]
    if kind == 2:
        return b"[" * 100_000 + data + b"]" * 100_000
    if kind == 3:
        return b"\xef\xbb\xbf" + data.replace(b",", b",\r\n")
    return data


def annotations_in(data: bytes) -> int | None:
    """Return the number of judgements in an export; None if it isn't a list of tasks.

    What is no task, or a task without a list of annotations, counts as one that is to be listed.
    """
    try:
        tasks = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    if isinstance(tasks, dict):
        tasks = [tasks]
    if not _is_list(tasks):
        return None
    lists = [_annotations(task) for task in tasks]
    return sum(1 if found is None else len(found) for found in lists)


def _annotations(task: Any) -> Any:
    found = task.get("annotations") if isinstance(task, dict) else None
    return found if _is_list(found) else None


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


@dataclass
class Fuzz:
    """Corpus for importing corrupted exports one after the other, each separately.

    Attributes:
        folder: that holds the corpus and the exports.
        totals: annotations by what became of them.
        refused: those refused, by the reason's kind.
    """

    folder: Path
    totals: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.workspace = make_corpus(self.folder / "corpus")

    def run(self, seed: int, *, pages: bool = False) -> None:
        """Import one corrupted export and check the invariants.

        Raises:
            AssertionError: saying what doesn't.
        """
        chance = random.Random(seed)
        root = self.workspace.root
        shutil.rmtree(root / "annotations", ignore_errors=True)
        tasks = whole_export(chance)
        for _ in range(chance.randint(1, 8)):
            mutate(tasks, chance)
        path = self.folder / "export.json"
        path.write_bytes(spoil_bytes(json.dumps(tasks).encode("ascii"), chance))
        before = self._outside()
        outcome = import_annotations(root, [path])
        self._check(path, outcome)
        assert self._outside() == before, "something outside annotations/ changed"
        again = import_annotations(root, [path])
        assert (again.kept, again.outputs) == (0, []), "the second import added something"
        assert again.failures == outcome.failures, "the second import lists other failures"
        if pages:
            self._check_pages()

    def _check(self, path: Path, outcome: Outcome) -> None:
        rows = list(read_judgements(self.workspace.root))
        assert outcome.kept == len(rows), "kept isn't what was written"
        listed = outcome.rejected.total() + len(outcome.failures)
        assert outcome.items_in == outcome.kept + listed, "some are neither taken nor listed"
        assert all(failure.reason for failure in outcome.failures), "a failure has no reason"
        whole_file = any(failure.item == str(path) for failure in outcome.failures)
        held = annotations_in(path.read_bytes())
        if held is None:
            assert whole_file, "a file that is no list of tasks was taken"
        else:
            assert outcome.items_in == (1 if whole_file else held), "annotations were lost"
        assert all(row.clip_id in clip_ids() for row in rows), "a clip came in that isn't there"
        shown = [outcome.failures, outcome.warnings, outcome.details]
        shown += [
            row.row() for row in rows if row.transcript is None or EMAIL not in row.transcript
        ]
        assert EMAIL not in repr(shown), "an e-mail address is shown"
        self.totals.update(files=whole_file, taken=outcome.kept, known=outcome.rejected.total())
        self.totals["refused"] += len(outcome.failures) - whole_file
        self.refused.update(outcome.details["refused"])

    def _check_pages(self) -> None:
        report, _ = measure_agreement(self.workspace.root, resamples=20, seed=0)
        page = agreement_page(report, "fuzz")
        assert "<script" not in page, "markup of an export is in the page"
        assert "<img" not in page, "markup of an export is in the page"
        for clip_id in clip_ids():
            json.dumps(clip_history(self.workspace, clip_id)).encode("utf-8")

    def _outside(self) -> dict[str, tuple[int, int]]:
        mine = judgements_folder(self.workspace.root).parent
        return {
            str(path): (path.stat().st_size, path.stat().st_mtime_ns)
            for path in self.folder.rglob("*")
            if path.is_file() and not path.is_relative_to(mine)
        }


def import_large(folder: Path, megabytes: int) -> tuple[Run, Counter[str]]:
    """Import an export of a given size, a tenth of it corrupted; return time, memory and result."""
    workspace = make_corpus(folder / "corpus")
    chance = random.Random(0)
    path, held, written = folder / "large.json", 0, 0
    with path.open("w", encoding="utf-8") as out:
        while written < megabytes * 1_000_000:
            held += 1
            row = annotation(held, chance)
            if held % 10 == 0:
                row[chance.choice(["id", "completed_by", "result"])] = chance.choice(JUNK[-4:])
            data = {"clip_id": chance.choice(clip_ids()), "batch": "batch-0001"}
            task = {"id": held, "annotations": [row], "data": data, "project": 1}
            written += out.write((",\n" if held > 1 else "[") + json.dumps(task))
        out.write("]")
    root = workspace.root
    script = "import sys; from import_fuzz import large_in_process; large_in_process(*sys.argv[1:])"
    result = folder / "result.json"
    run = measure([sys.executable, "-c", script, root, path, result], Path(__file__).parent)
    counts = json.loads(result.read_text(encoding="utf-8"))
    assert counts["in"] == held == counts["kept"] + counts["listed"], "annotations were lost"
    assert counts["kept"] == sum(1 for _ in read_judgements(root)), "kept isn't what was written"
    return run, Counter(counts)


def large_in_process(root: str, path: str, result: str) -> None:
    """Import a file and write down the counts."""
    outcome = import_annotations(Path(root), [Path(path)])
    counts = {"in": outcome.items_in, "kept": outcome.kept}
    counts["listed"] = len(outcome.failures) + outcome.rejected.total()
    Path(result).write_text(json.dumps(counts), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seed", type=int, default=0, help="of the first run")
    parser.add_argument("--megabytes", type=int, default=MEGABYTES, help="of the large export")
    options = parser.parse_args()
    broken: list[str] = []
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        fuzz = Fuzz(Path(folder))
        for number in range(options.runs):
            try:
                fuzz.run(options.seed + number, pages=number % PAGES_EVERY == 0)
            except Exception as error:  # whatever it is, it is what is looked for
                broken.append(f"seed {options.seed + number}: {type(error).__name__}: {error}")
    spent = time.process_time() - start
    print(f"{options.runs} exports, {spent:.0f} s of a processor\n")
    print("| | |\n| --- | ---: |")
    for name, count in [*fuzz.totals.items(), *fuzz.refused.most_common()]:
        print(f"| {name} | {count} |")
    print(f"| broken runs | {len(broken)} |")
    for line in broken[:10]:
        print(line[:300])
    with tempfile.TemporaryDirectory() as folder:
        run, counts = import_large(Path(folder), options.megabytes)
    print(f"\nan export of {options.megabytes} MB: {counts['in']} annotations,")
    print(f"{counts['kept']} taken, {counts['listed']} listed; {run.seconds:.1f} s,")
    print(f"{run.processor:.1f} s of a processor,")
    print(f"peak memory {run.mebibytes:.0f} MiB")
    sys.exit(bool(broken) or run.mebibytes > MOST_MEBIBYTES)


if __name__ == "__main__":
    main()
