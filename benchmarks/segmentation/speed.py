"""Time of `corpus segment` relative to ffmpeg, its memory, and the gain from workers.

    python benchmarks/segmentation/speed.py [--minutes 60] [--runs 3] [--long 180] [--quick]

The film is a constructed episode, repeated to the length, as stereo AAC (48 kHz, 128 kbit/s) with a
small video in an mp4. Both commands run in turn; the ratio is that of the medians. Needs
ffmpeg on the PATH and Linux (/proc). Exit code 1 if a bar is missed.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import soundfile

from benchmarks.common.constructed import MEASURED, NEMO, RATE, episode
from benchmarks.common.processes import CORPUS, Run, measure


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        folder = Path(scratch)
        held = [
            against_ffmpeg(folder, options.minutes, options.runs, options.data),
            memory(folder, (10, options.long), options.data),
            workers(folder, options.minutes, options.runs, options.data),
        ]
    return 0 if all(held) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--long", type=float, default=180, help="minutes of the long film")
    parser.add_argument("--data", type=Path, default=NEMO)
    parser.add_argument("--scratch", type=Path, help="folder for films (default: the system's)")
    parser.add_argument("--quick", action="store_true", help="10 and 30 minutes, one run")
    options = parser.parse_args()
    if options.quick:
        options.minutes, options.long, options.runs = 10, 30, 1
    return options


def against_ffmpeg(folder: Path, minutes: float, runs: int, data: Path) -> bool:
    made = film(folder, minutes, 0, data)
    plain, ours = [], []
    for number in range(runs):
        plain.append(measure(ffmpeg(made, folder)))
        ours.append(segment(folder / f"speed-{number}", [made]))
    ratio = median(ours) / median(plain)
    print(f"\n{minutes:g} min of stereo AAC, {runs} runs in turn\n")
    table("command", {"ffmpeg, decode only": plain, "corpus segment": ours})
    return report_target(
        f"segment takes {ratio:.2f} times as long as ffmpeg (bar 2, aim 1.5)", ratio <= 2
    )


def memory(folder: Path, lengths: tuple[float, float], data: Path) -> bool:
    print("\n| film | peak memory |\n| ---: | ---: |")
    peaks = []
    for minutes in lengths:
        run = segment(folder / f"memory-{minutes:g}", [film(folder, minutes, 0, data)])
        peaks.append(run.mebibytes)
        print(f"| {minutes:g} min | {run.mebibytes:.0f} MiB |")
    return report_target(f"at most {max(peaks):.0f} MiB (bar 400)", max(peaks) <= 400)


def workers(folder: Path, minutes: float, runs: int, data: Path) -> bool:
    films = [film(folder, minutes, seed, data) for seed in (0, 1)]
    one, two = [], []
    for number in range(runs):
        one.append(segment(folder / f"one-{number}", films))
        two.append(segment(folder / f"two-{number}", films, "--workers", "2"))
    gain = median(one) / median(two)
    print()
    table("two films", {"1 worker": one, "2 workers": two})
    return report_target(f"two workers are {gain:.2f} times as fast as one (bar 1.7)", gain >= 1.7)


def film(folder: Path, minutes: float, seed: int, data: Path) -> Path:
    made = folder / f"film-{minutes:g}-{seed}.mp4"
    if made.exists():
        return made
    sound = folder / "sound.wav"
    one = episode(MEASURED, seed, min(minutes, 20), 0.5, folder=data)
    with soundfile.SoundFile(sound, "w", RATE, 1, "PCM_16") as out:
        left = round(minutes * 60 * RATE)
        while left > 0:
            out.write(one.samples[:left])
            left -= len(one.samples)
    picture = ["-f", "lavfi", "-i", f"testsrc2=size=64x48:rate=5:duration={minutes * 60}"]
    codecs = ["-c:v", "mpeg4", "-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2"]
    command = [
        need_ffmpeg(),
        "-v",
        "error",
        "-y",
        "-i",
        sound,
        *picture,
        "-shortest",
        *codecs,
        made,
    ]
    subprocess.run([str(part) for part in command], check=True)
    return made


def ffmpeg(made: Path, folder: Path) -> list[str | Path]:
    out = folder / "plain.s16"
    to_mono = ["-vn", "-ac", "1", "-ar", "16000", "-f", "s16le"]
    return [need_ffmpeg(), "-v", "error", "-y", "-i", made, *to_mono, out]


def segment(corpus: Path, films: list[Path], *options: str) -> Run:
    subprocess.run([*CORPUS, "init", str(corpus), "--quiet"], check=True, stdout=subprocess.DEVNULL)
    run = measure([*CORPUS, "segment", *films, "--corpus", corpus, "--quiet", *options])
    shutil.rmtree(corpus)
    return run


def need_ffmpeg() -> str:
    found = shutil.which("ffmpeg")
    if not found:
        sys.exit("ffmpeg is not on the PATH; this benchmark compares with it")
    return found


def median(runs: list[Run]) -> float:
    return statistics.median(run.seconds for run in runs)


def table(first: str, rows: dict[str, list[Run]]) -> None:
    print(f"| {first} | seconds (least, median, most) | of a processor | peak memory |")
    print("| --- | ---: | ---: | ---: |")
    for name, runs in rows.items():
        wall = spread([run.seconds for run in runs])
        processor = spread([run.processor for run in runs])
        print(f"| {name} | {wall} | {processor} | {most(runs):.0f} MiB |")


def spread(seconds: list[float]) -> str:
    return f"{min(seconds):.1f}, {statistics.median(seconds):.1f}, {max(seconds):.1f}"


def most(runs: list[Run]) -> float:
    return max(run.mebibytes for run in runs)


def report_target(sentence: str, held: bool) -> bool:
    print(f"\n{'held' if held else 'NOT HELD'}: {sentence}")
    return held


if __name__ == "__main__":
    sys.exit(main())
