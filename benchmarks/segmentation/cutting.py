"""Comparison of cut planners: edges in pauses, covered speech, separated speakers.

Constructed episodes (constructed.py) of speakers and seeds that no weight was set on, ten minutes
for each of three seeds, clean and with noise or music. Ours, before screening, is compared with
auditok, pydub.silence and a greedy packer (cutting_peers.py), and with an oracle: our planner with
the true times and speakers. Music needs fluidsynth; auditok is not among our dependencies:

    pip install auditok==0.5.2
    python benchmarks/segmentation/cutting.py ../shared/data/nemo

The bars. Clean: at most 2 % of our edges inside an utterance, at least 95 % of the speech covered,
every clip within 3.000 to 5.000 s, at most half as many mixed clips as the greedy packer. With a
background: no peer covers more speech, and no peer that covers at least 0.9 as much has fewer edges
inside utterances or fewer mixed clips.
"""

import argparse
import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.common.constructed import DEV, MEASURED, NEMO, Episode, episode
from benchmarks.segmentation.cut_scores import Score, score
from benchmarks.segmentation.cutting_peers import PEERS, Cuts
from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.cut import Cut
from corpus_tools.media.wav import write_wav
from corpus_tools.segmentation.planning.costs import Line
from corpus_tools.segmentation.planning.planner import plan_cuts
from corpus_tools.segmentation.source import preview_clips
from corpus_tools.segmentation.voice.activity import Activity
from corpus_tools.segmentation.voice.base import FRAME_MS
from corpus_tools.segmentation.voice.track import open_track

OURS, ORACLE, GREEDY = "ours", "oracle", "greedy VAD"
MOST_INSIDE, LEAST_COVERED, MOST_MIXED, COMPARABLE = 0.02, 0.95, 0.5, 0.9
SNRS = (20.0, 10.0, 5.0)

Scores = dict[str, Score]


@dataclass(frozen=True)
class Condition:
    """Background and speaker changes of the episodes of one table."""

    change_probability: float
    background: str | None = None
    snr_db: float | None = None

    def __str__(self) -> str:
        changes = f"speakers change with p = {self.change_probability}"
        if self.background is None:
            return f"Clean, {changes}"
        return f"{self.background.capitalize()} at {self.snr_db:g} dB, {changes}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, nargs="?", default=NEMO, help="folder of nEMO")
    parser.add_argument("--quick", action="store_true", help="one seed, 3 minutes")
    parser.add_argument("--dev", action="store_true", help="the speakers and seeds to tune on")
    parser.add_argument(
        "--only", choices=("clean", "noise", "music"), help="one background (default: all)"
    )
    options = parser.parse_args()
    speakers, first_seed = (DEV, 100) if options.dev else (MEASURED, 0)
    seeds = range(first_seed, first_seed + (1 if options.quick else 3))
    missed: list[str] = []
    for condition in conditions(options.only):
        episodes = (
            episode(
                speakers,
                seed,
                3 if options.quick else 10,
                condition.change_probability,
                condition.background,
                condition.snr_db,
                options.corpus,
            )
            for seed in seeds
        )
        missed += report(condition, measured(episodes))
    print(f"bars: {'MISSED, ' + str(len(missed)) if missed else 'held'}")
    for sentence in missed:
        print(f"- {sentence}")
    return 1 if missed else 0


def conditions(only: str | None) -> list[Condition]:
    """Return the conditions to measure, clean ones first."""
    backgrounds = [(None, None), *itertools.product(("noise", "music"), SNRS)]
    return [
        Condition(change, kind, snr)
        for kind, snr in backgrounds
        for change in (0.5, 1.0)
        if only in (None, kind or "clean")
    ]


def measured(episodes: Iterator[Episode]) -> Scores:
    """Return the score of each planner over all episodes."""
    total: Scores = {}
    for one in episodes:
        with tempfile.TemporaryDirectory() as folder:
            wav = Path(folder) / "episode.wav"
            write_wav(wav, one.samples)
            cuts_of = {OURS: ours(wav), ORACLE: oracle(wav, one)}
            cuts_of |= {name: cut(wav) for name, cut in PEERS.items()}
        for name, cuts in cuts_of.items():
            total[name] = total.get(name, Score()) + score(cuts, one)
    return total


def ours(wav: Path) -> Cuts:
    """Return the cuts of ``corpus segment``, before screening."""
    return in_seconds([cut for cut, _ in preview_clips(wav)])


def oracle(wav: Path, one: Episode) -> Cuts:
    """Return the cuts of our planner with the true speech, and true speakers as subtitles."""
    settings = SegmentSettings()
    with open_track(wav, 0, settings, wav.parent) as track:
        activity = track.activity
    speech = np.zeros(len(activity), dtype=np.bool_)
    for start, end, _ in one.utterances:
        speech[round(start * 1000 / FRAME_MS) : round(end * 1000 / FRAME_MS)] = True
    lines = [Line(round(a * 1000), round(b * 1000), speaker) for a, b, speaker in one.utterances]
    return in_seconds(
        plan_cuts(
            Activity(activity.power, activity.prominence, speech, activity.gap),
            lines,
            min_ms=round(settings.min_seconds * 1000),
            max_ms=round(settings.max_seconds * 1000),
            margin_ms=round(settings.margin_seconds * 1000),
        )
    )


def in_seconds(cuts: list[Cut]) -> Cuts:
    return [(cut.start_ms / 1000, cut.end_ms / 1000) for cut in cuts]


def report(condition: Condition, scores: Scores) -> list[str]:
    """Print a condition's table and return a message for each missed bar."""
    print(f"\n{condition}\n")
    print("| | cuts inside | covered | mixed | clips | not 3 to 5 s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, one in scores.items():
        print(
            f"| {name} | {one.cuts_inside:.1%} | {one.covered:.1%} | {one.mixed_share:.1%} "
            f"| {one.clips} | {one.out_of_length} |"
        )
    clean = condition.background is None
    missed = misses_clean(scores) if clean else misses_beside(scores)
    print(f"\n{'; '.join(missed) or 'held'}", flush=True)
    return [f"{condition}: {sentence}" for sentence in missed]


def misses_clean(scores: Scores) -> list[str]:
    """Return the missed bars for clean episodes."""
    row, greedy = scores[OURS], scores[GREEDY]
    missed = []
    if row.cuts_inside > MOST_INSIDE:
        missed.append(f"cuts inside {row.cuts_inside:.1%} > {MOST_INSIDE:.0%}")
    if row.covered < LEAST_COVERED:
        missed.append(f"covered {row.covered:.1%} < {LEAST_COVERED:.0%}")
    if row.out_of_length:
        missed.append(f"{row.out_of_length} clips not within 3 to 5 s")
    if row.mixed_share > MOST_MIXED * greedy.mixed_share:
        missed.append(f"mixed {row.mixed_share:.1%} > half of greedy's {greedy.mixed_share:.1%}")
    return missed


def misses_beside(scores: Scores) -> list[str]:
    """Return the missed bars for episodes with a background."""
    row = scores[OURS]
    missed = []
    if row.out_of_length:
        missed.append(f"{row.out_of_length} clips not within 3 to 5 s")
    for name in PEERS:
        peer = scores[name]
        if peer.covered > row.covered:
            missed.append(f"{name} covers {peer.covered:.2%} > {row.covered:.2%}")
        if peer.covered < COMPARABLE * row.covered:
            continue
        if peer.cuts_inside < row.cuts_inside:
            missed.append(f"{name} cuts inside {peer.cuts_inside:.1%} < {row.cuts_inside:.1%}")
        if peer.mixed_share < row.mixed_share:
            missed.append(f"{name} mixes {peer.mixed_share:.1%} < {row.mixed_share:.1%}")
    return missed


if __name__ == "__main__":
    raise SystemExit(main())
