"""Accuracy of subtitle synchronisation, and of the confidence of clips' texts.

Constructed episodes (constructed.py) of speakers and seeds that no weight was set on, clean and
with noise or music, and subtitle files made from their true times (subtitle_lines.py), shifted and
stretched. Ours is compared with ffsubsync if it is installed; music needs fluidsynth:

    pip install ffsubsync
    python benchmarks/segmentation/subtitles.py ../shared/data/nemo [--ffsubsync .venv-ffs/bin/ffs]

The error of a file is that of its worst line: the distance of its start from that in the sound. The
bars: at most 0.15 s in every file; correct files, and those of another film, unchanged.

A second table shows the confidence of a clip's text: how often the text is exactly that of the
utterances that lie in the clip by half or more.
"""

import argparse
import itertools
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pysubs2
from numpy.typing import NDArray

from benchmarks.common.constructed import DEV, MEASURED, NEMO, Episode, episode
from benchmarks.segmentation.subtitle_lines import ShownLine, lines_of, shifted, write_srt
from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.wav import write_wav
from corpus_tools.segmentation.planning.costs import Line
from corpus_tools.segmentation.source import plan_track
from corpus_tools.segmentation.subtitles.read import synchronise
from corpus_tools.segmentation.voice.activity import Activity
from corpus_tools.segmentation.voice.track import open_track
from corpus_tools.transcription.assign import assign_lines
from manifests.storage.records import SubtitleLine

MOST_ERROR = 0.15  # s
LEVELS = ((0.0, 0.5), (0.5, 0.75), (0.75, 0.9), (0.9, 1.0))
SNRS = (20.0, 10.0, 5.0)
PAL = 25 / 23.976
RIGHT = (0.0, 1.0)
DEMANDED = [(offset, rate) for offset in (-30.0, 0.0, 30.0) for rate in (1.0, PAL, 1 / PAL)]
OTHERS = [(60.0, 1.0), (-60.0, 24 / 23.976), (7.0, 24 / 25), (-11.0, 1.003), (0.5, 1.0)]
SHIFTS = [shift for shift in (*DEMANDED, *OTHERS) if shift != RIGHT]

Starts = NDArray[np.float64]


@dataclass
class Errors:
    """Errors of shifted files, changes of correct ones and of those of another film, in seconds."""

    errors: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    unrelated: list[float] = field(default_factory=list)

    def row(self) -> str:
        return (
            f"{np.median(self.errors):.3f} | {max(self.errors):.3f} | "
            f"{sum(error > MOST_ERROR for error in self.errors)} of {len(self.errors)} | "
            f"{max(self.changes):.3f} | "
            f"{sum(change > 0 for change in self.unrelated)} of {len(self.unrelated)}"
        )

    def held(self) -> bool:
        return max(self.errors) <= MOST_ERROR and max(self.changes) == 0 == max(self.unrelated)


@dataclass
class PlannedClip:
    """A clip of an episode."""

    start: float
    end: float
    speech_s: float
    superseded_by: str | None = None

    @property
    def clip_id(self) -> str:
        return f"{self.start:.3f}"


def main() -> int:
    options = arguments()
    speakers, first = (DEV, 100) if options.dev else (MEASURED, 0)
    seeds = range(first, first + (1 if options.quick else 3))
    peer = shutil.which(options.ffsubsync)
    backgrounds = [(None, None), *itertools.product(("noise", "music"), SNRS)]
    head = "| background | by | median error | worst error | above 0.15 s | most change of a right "
    print(
        head + "file | another film's, changed |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |"
    )
    held = True
    right: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for kind, snr in backgrounds:
        if options.only not in (None, kind or "clean"):
            continue
        ours, theirs = Errors(), Errors()
        for seed in seeds:
            one, other = (
                episode(speakers, number, options.minutes, 0.5, kind, snr, options.corpus)
                for number in (seed, seed + 50)
            )
            with tempfile.TemporaryDirectory() as scratch:
                wav = Path(scratch) / "episode.wav"
                write_wav(wav, one.samples)
                measure(ours, theirs if peer else None, peer, wav, one, other, seed)
                for level, is_right in texts_of(wav, one, seed):
                    right[level][0] += is_right
                    right[level][1] += 1
        name = "none" if kind is None else f"{kind} at {snr:g} dB"
        print(f"| {name} | ours | {ours.row()} |", flush=True)
        if peer:
            print(f"| {name} | ffsubsync | {theirs.row()} |", flush=True)
        held &= ours.held()
    print("\n| confidence of a clip's text | clips | text right |\n| --- | ---: | ---: |")
    for level, (good, count) in sorted(right.items()):
        print(f"| {level} | {count} | {good / count:.1%} |")
    print(f"\nbars: {'held' if held else 'MISSED'}")
    return 0 if held else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", type=Path, nargs="?", default=NEMO, help="folder of nEMO")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--quick", action="store_true", help="one seed")
    parser.add_argument("--dev", action="store_true", help="the speakers and seeds to tune on")
    parser.add_argument("--only", choices=("clean", "noise", "music"))
    parser.add_argument("--ffsubsync", default="ffsubsync", help="its command")
    return parser.parse_args()


def measure(
    ours: Errors,
    theirs: Errors | None,
    peer: str | None,
    wav: Path,
    one: Episode,
    other: Episode,
    seed: int,
) -> None:
    """Add the errors on an episode's lines, shifted and correct, and on another episode's."""
    true = lines_of(one.utterances, one.seconds, seed)
    unrelated = lines_of(other.utterances, other.seconds, seed)
    activity = measure_activity(wav)
    files = [(shift, shifted(true, *shift)) for shift in SHIFTS]
    for (offset, rate), lines in files:
        ours.errors.append(worst(aligned(lines, activity), lines, offset, rate))
    ours.changes.append(worst(aligned(true, activity), true, *RIGHT))
    ours.unrelated.append(worst(aligned(unrelated, activity), unrelated, *RIGHT))
    if theirs is None or peer is None:
        return
    subprocess.run([peer, str(wav), "--serialize-speech"], check=True, capture_output=True)
    speech = wav.with_suffix(".npz")
    for (offset, rate), lines in files:
        theirs.errors.append(worst(by_ffsubsync(peer, speech, lines), lines, offset, rate))
    theirs.changes.append(worst(by_ffsubsync(peer, speech, true), true, *RIGHT))
    theirs.unrelated.append(worst(by_ffsubsync(peer, speech, unrelated), unrelated, *RIGHT))


def measure_activity(wav: Path) -> Activity:
    """Return the activity of a file as ``corpus segment`` measures it."""
    with open_track(wav, 0, SegmentSettings(), wav.parent) as track:
        return track.activity


def aligned(lines: Sequence[ShownLine], activity: Activity) -> Starts:
    """Return the starts of lines as we synchronise them."""
    moved, _ = synchronise(as_records(lines), activity.speech)
    return np.array([line.start for line in moved])


def as_records(lines: Sequence[ShownLine]) -> list[SubtitleLine]:
    """Return lines as records, as read from a file."""
    return [
        SubtitleLine(
            source_id="x", start=round(line.start, 3), end=round(line.end, 3), text=line.text
        )
        for line in lines
    ]


def by_ffsubsync(peer: str, speech: Path, lines: Sequence[ShownLine]) -> Starts:
    """Return the starts of lines as ffsubsync synchronises them."""
    given, synchronised = speech.with_name("given.srt"), speech.with_name("found.srt")
    write_srt(given, lines)
    synchronised.unlink(missing_ok=True)
    command = [peer, str(speech), "-i", str(given), "-o", str(synchronised)]
    subprocess.run(command, check=True, capture_output=True)
    return np.array([line.start / 1000 for line in pysubs2.load(str(synchronised))])


def worst(starts: Starts, lines: Sequence[ShownLine], offset: float, rate: float) -> float:
    """Return the largest error of the start of a line that lies in the sound, in seconds."""
    true = np.array([round(line.start, 3) for line in lines]) * rate + offset
    if len(starts) < len(true):  # lines before the beginning were left out
        true = true[len(true) - len(starts) :]
    error = np.abs(starts - true)[true > 0]
    return float(np.round(error.max(), 6))


def texts_of(wav: Path, one: Episode, seed: int) -> Iterator[tuple[str, bool]]:
    """Yield the level of confidence of each clip's text, and whether it is right."""
    shown = as_records(lines_of(one.utterances, one.seconds, seed))
    with open_track(wav, 0, SegmentSettings(), wav.parent) as track:
        lines, _ = synchronise(shown, track.activity.speech)
        plan = [Line(round(line.start * 1000), round(line.end * 1000), None) for line in lines]
        cuts = plan_track(track, plan, SegmentSettings())
        clips = [
            PlannedClip(
                cut.start_ms / 1000,
                cut.end_ms / 1000,
                float(track.activity.speech[cut.start_ms // 10 : cut.end_ms // 10].sum()) / 100,
            )
            for cut in cuts
        ]
    texts = assign_lines(lines, clips)
    for clip in clips:
        if clip.clip_id not in texts or not texts[clip.clip_id].lines:
            continue
        text = texts[clip.clip_id]
        confidence = text.confidence(clip.speech_s)
        low, high = next(level for level in LEVELS if confidence <= level[1])
        words = " ".join(text.lines).split()
        inside = [
            f"u{number}"
            for number, (start, end, _) in enumerate(one.utterances)
            if min(end, clip.end) - max(start, clip.start) >= (end - start) / 2
        ]
        yield f"{low} to {high}", words == inside


if __name__ == "__main__":
    raise SystemExit(main())
