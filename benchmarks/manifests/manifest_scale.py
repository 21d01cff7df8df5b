"""Time and memory of each command on a manifest of a million clips.

    python benchmarks/manifests/manifest_scale.py [--entries 1000000] [--quick]

Records are generated, there is no audio, and clips' files are not read (``check_files=False``):
sources of 200 clips, a speaker for two sources, three votes a clip, each text another. Each step is
a process of its own; the seconds are of the step alone, the memory is the peak of the process
(``ru_maxrss``). ``records`` is what it takes to make the records that a build is given, which a
build holds all the while; ``build`` writes v1 from them, ``build next`` v2, in which a hundredth of
the clips have another class and none moves; ``diff`` compares the two; ``open`` is the opening for
training, and ``go through`` comes to each entry after it. Plain ``json.loads`` of each line is the
peer of both.

For 1,000,000 clips the bar is: build 120 s, diff 40 s, open 1 s, each below 3 GB. Exit code 0 if it
is held; with fewer clips the seconds are in proportion.
"""

import argparse
import hashlib
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common.generated_corpus import make_source
from manifests.base.emotions import EMOTIONS
from manifests.base.outcome import Outcome
from manifests.building.build import build_manifest
from manifests.storage.records import Clip, Label, Speaker
from manifests.storage.sections import SplitSettings
from manifests.versions.diff import diff_manifests
from manifests.versions.index import open_manifest

BARS = {
    "build": 120.0,
    "build next": 120.0,
    "diff": 40.0,
    "open": 1.0,
}  # seconds for a million clips
GIGABYTES = 3.0
CLIPS_OF_A_SOURCE = 200
RELABELLED = 100  # one of so many has another class in the second version
STEPS = ("records", "build", "build next", "diff", "open", "go through", "json.loads")


def source_name(number: int) -> str:
    return f"e{number:05d}-0123456789ab"


def make_clip(number: int) -> Clip:
    source, place = divmod(number, CLIPS_OF_A_SOURCE)
    name = source_name(source)
    clip_id = f"{name}-{place * 4000:08d}-{place * 4000 + 4000:08d}"
    sha256 = hashlib.sha256(clip_id.encode()).hexdigest()
    return Clip(
        clip_id=clip_id,
        source_id=name,
        path=f"clips/{name}/{clip_id}.wav",
        start=place * 4.0,
        end=place * 4.0 + 4,
        duration=4.0,
        sha256=sha256,
        file_sha256=sha256[::-1],
        rms_db=-25.0 - number % 7,
        peak_db=-3,
        snr_db=20,
        speech_ratio=0.9,
        speaker=f"p{source // 2}",
        speaker_source="subtitle",
    )


def make_label(clip_id: str, rng: random.Random) -> Label:
    emotion = rng.choice(EMOTIONS)
    votes = [(f"a{who + 1:02d}", emotion if who < 2 else rng.choice(EMOTIONS)) for who in range(3)]
    soft = [sum(vote == name for _, vote in votes) / 3 for name in EMOTIONS]
    return Label(clip_id=clip_id, emotion=emotion, soft=soft, votes=votes, agreement=0.8)


def build(corpus: Path, entries: int, *, write: bool, relabelled: bool = False) -> float:
    """Make the records and, if requested, a version of them; return the seconds of the latter."""
    began = time.perf_counter()
    rng = random.Random(0)
    clips = [make_clip(number) for number in range(entries)]
    labels = {clip.clip_id: make_label(clip.clip_id, rng) for clip in clips}
    for clip in clips[::RELABELLED] if relabelled else ():
        label = labels[clip.clip_id]
        other = EMOTIONS[EMOTIONS.index(label.emotion or EMOTIONS[0]) - 1]
        labels[clip.clip_id] = label.changed(emotion=other)
    texts = {clip.clip_id: (f"第{place}句话", "whisper") for place, clip in enumerate(clips)}
    sources = [
        make_source(source_name(number), f"series {number % 50}")
        for number in range(-(-entries // CLIPS_OF_A_SOURCE))
    ]
    speakers = {name: Speaker(speaker_id=name) for name in {str(clip.speaker) for clip in clips}}
    made = time.perf_counter()
    if not write:
        return made - began
    outcome: Outcome = build_manifest(
        corpus,
        clips,
        labels,
        texts,
        speakers,
        {source.source_id: source for source in sources},
        SplitSettings(),
        {},
        check_files=False,
    )
    if not outcome.ok:
        raise SystemExit(str(outcome.failures))
    return time.perf_counter() - made


def step(name: str, corpus: Path, entries: int) -> float:
    """Return the seconds of one step."""
    if name in ("records", "build", "build next"):
        return build(corpus, entries, write=name != "records", relabelled=name == "build next")
    v1, v2 = (corpus / "manifests" / version for version in ("v1", "v2"))
    import pyarrow.parquet  # noqa: F401  (the seconds are of the file, not of the package)

    began = time.perf_counter()
    if name == "diff":
        found = diff_manifests(v1, v2)
        assert found.kinds["relabelled"] == -(-entries // RELABELLED)
    elif name == "json.loads":
        with (v1 / "manifest.jsonl").open(encoding="utf-8") as lines:
            assert len([json.loads(line) for line in lines]) == entries
    else:
        manifest = open_manifest(v1)
        assert len(manifest.entries) == entries
        if name == "go through":
            assert sum(1 for _ in manifest.entries) == entries
    return time.perf_counter() - began


def measured(name: str, corpus: Path, entries: int) -> tuple[float, float]:
    """Run a step as a process; return its seconds and its peak memory in gigabytes."""
    command = [sys.executable, __file__, "--entries", str(entries), "--step", name, str(corpus)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-2000:]}")
    seconds, gigabytes = done.stdout.split()
    return float(seconds), float(gigabytes)


def main() -> None:
    """Print the table; fail if a bar is not held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="50,000 clips")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        seconds = step(given.step, given.corpus, given.entries)
        print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9)
        return
    entries = 50_000 if given.quick else given.entries
    held = True
    print("| step | entries | seconds | bar | GB | held |\n| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name in STEPS:
            seconds, gigabytes = measured(name, Path(folder), entries)
            bar = BARS[name] * max(entries / 1e6, 0.05) if name in BARS else None
            good = bar is None or (seconds <= bar and gigabytes <= GIGABYTES)
            held &= good
            cells = ("–", "–") if bar is None else (f"{bar:.2f}", "yes" if good else "no")
            row = f"{name} | {entries} | {seconds:.2f} | {cells[0]} | {gigabytes:.2f} | {cells[1]}"
            print(f"| {row} |", flush=True)
    raise SystemExit(not held)


if __name__ == "__main__":
    main()
