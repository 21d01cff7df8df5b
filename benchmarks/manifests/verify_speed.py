"""Speed of verify-manifest, compared with plain sha256 over the same files.

    python benchmarks/manifests/verify_speed.py [--clips 20000] [--quick]

A version of generated clips (4 s of 16 kHz PCM16: 128 kB each, noise) is verified; the peers are a
plain loop of Python over the same files with ``hashlib.file_digest``, which checks nothing else,
and ``sha256sum`` started once for all of them. All three run in turn, after one round that isn't
counted, so that each finds the files in memory; the best of the rounds counts. Exit code 0 if
verify-manifest reaches 0.8 of the speed of the loop.
"""

import argparse
import hashlib
import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.common.generated_corpus import make_source
from manifests.base.emotions import EMOTIONS
from manifests.building.build import build_manifest
from manifests.storage.records import Clip, Label
from manifests.storage.sections import SplitSettings
from manifests.versions.verify import verify_manifest

BYTES = 128_000
CLIPS_OF_A_SOURCE = 200
BAR = 0.8


def write_version(corpus: Path, clips: int) -> Path:
    """Write clips and a version of them; return its folder."""
    rng = random.Random(0)
    found = []
    for number in range(clips):
        source, place = divmod(number, CLIPS_OF_A_SOURCE)
        name = f"e{source:04d}"
        clip_id = f"{name}-{place * 4000:08d}-{place * 4000 + 4000:08d}"
        path = corpus / "clips" / name / f"{clip_id}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = rng.randbytes(BYTES)
        path.write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        found.append(_clip(corpus, path, clip_id, name, place, sha256))
    labels = {clip.clip_id: _label(clip.clip_id, rng) for clip in found}
    sources = {clip.source_id: make_source(clip.source_id, "series") for clip in found}
    settings = SplitSettings(group_by="source")
    build_manifest(corpus, found, labels, {}, {}, sources, settings, {}, check_files=False)
    return corpus / "manifests" / "v1"


def _clip(corpus: Path, path: Path, clip_id: str, source: str, place: int, sha256: str) -> Clip:
    return Clip(
        clip_id=clip_id,
        source_id=source,
        path=path.relative_to(corpus).as_posix(),
        start=place * 4.0,
        end=place * 4.0 + 4,
        duration=4.0,
        sha256=sha256,
        file_sha256=sha256,
        rms_db=-25,
        peak_db=-3,
        snr_db=20,
        speech_ratio=0.9,
    )


def _label(clip_id: str, rng: random.Random) -> Label:
    emotion = rng.choice(EMOTIONS)
    return Label(clip_id=clip_id, emotion=emotion, votes=[("a01", emotion)])


def verified(version: Path) -> None:
    if not verify_manifest(version).ok:
        raise SystemExit("the version does not verify")


def plain_loop(files: list[Path]) -> None:
    for path in files:
        with path.open("rb") as stream:
            hashlib.file_digest(stream, "sha256").hexdigest()


def sha256sum(corpus: Path, files: list[Path]) -> None:
    names = "\0".join(path.relative_to(corpus).as_posix() for path in files)
    command = ["xargs", "-0", "sha256sum", "--binary"]
    subprocess.run(command, cwd=corpus, input=names.encode(), stdout=subprocess.DEVNULL, check=True)


def main() -> None:
    """Print the table; fail if the bar is not held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="5,000 clips")
    given = parser.parse_args()
    clips = 5_000 if given.quick else given.clips
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder)
        version = write_version(corpus, clips)
        files = sorted((corpus / "clips").glob("*/*.wav"))
        tools: dict[str, Callable[[], None]] = {
            "verify-manifest": lambda: verified(version),
            "hashlib, a plain loop": lambda: plain_loop(files),
            "sha256sum": lambda: sha256sum(corpus, files),
        }
        best = dict.fromkeys(tools, float("inf"))
        for number in range(given.rounds + 1):
            for name, run in tools.items():
                began = time.perf_counter()
                run()
                if number:
                    best[name] = min(best[name], time.perf_counter() - began)
    loop = best["hashlib, a plain loop"]
    print("| tool | clips | seconds | MB/s | to the loop |\n| --- | --- | --- | --- | --- |")
    for name, seconds in best.items():
        speed = clips * BYTES / 1e6 / seconds
        print(f"| {name} | {clips} | {seconds:.2f} | {speed:.0f} | {loop / seconds:.2f} |")
    raise SystemExit(loop / best["verify-manifest"] < BAR)


if __name__ == "__main__":
    main()
