"""Detection of clips with music or noise behind the speech by the screening rules.

Constructed episodes (constructed.py) of speakers, pieces and seeds that no threshold was set on,
one for each kind of background (backgrounds.py) at each level, cut and measured as in `corpus
segment`. The background follows the speech's level within some seconds, so that every clip has the
stated level: RMS of the speech, without pauses, relative to RMS of the background. Music needs
fluidsynth.

    python benchmarks/segmentation/screening.py ../shared/data/nemo

For music the score is `music`, for noise `snr_db`; "rejected" is by any reason. The bars, for every
kind of background: an area under the ROC curve against clean clips of at least 0.95 at 5 dB and
0 dB, and 0.90 at 10 dB; at the default thresholds at least 95 % of the clean clips are kept, and at
least 80 % rejected at 5 dB.

Speech that a person would keep (degradations.py): the share kept of clips over a telephone, after
a codec, from far away, whispered and breathy, with the usual pauses and in quick talk (pauses of
0.08 to 0.35 s). `--degraded` measures nothing else; RAVDESS may be the corpus there.
"""

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import fftconvolve

from benchmarks.common.constructed import (
    DEV,
    MEASURED,
    NEMO,
    RATE,
    construct,
    episode,
    read_utterances,
)
from benchmarks.segmentation.backgrounds import NOISES, PIECES, babble, render_music
from benchmarks.segmentation.degradations import CHANNELS, VOICES
from corpus_tools.configuration.segment import ScreenSettings, SegmentSettings
from corpus_tools.media.wav import write_wav
from corpus_tools.segmentation.screening.rules import drama_rules
from corpus_tools.segmentation.source import ClipWriter, SpeakerInfo, plan_track
from corpus_tools.segmentation.voice.track import open_track
from manifests.storage.records import Clip

LEVELS = (20, 15, 10, 5, 0)
LEAST_AUC = {10: 0.90, 5: 0.95, 0: 0.95}
LEAST_KEPT, LEAST_REJECTED, REJECTED_AT = 0.95, 0.80, 5
CLEAN_EPISODES = 4
QUICK = (0.08, 0.35)  # seconds between utterances
ECHO_SECONDS = (0.3, 0.6)
FOLLOWS = 4 * RATE  # samples over which a background follows the speech's level

Sound = NDArray[np.float64]


@dataclass(frozen=True)
class Bench:
    """Speech of one side, development or measurement, and its amount."""

    side: str
    corpus: Path
    minutes: float

    @property
    def speakers(self) -> tuple[str, ...]:
        return DEV if self.side == "dev" else MEASURED

    def speech(self, seed: int) -> tuple[Sound, NDArray[np.bool_]]:
        """Return a clean episode for a seed, and its mask of speech."""
        first = 100 if self.side == "dev" else 0
        one = episode(self.speakers, first + seed, self.minutes, 0.5, folder=self.corpus)
        spoken = np.zeros(len(one.samples), dtype=np.bool_)
        for start, end, _ in one.utterances:
            spoken[round(start * RATE) : round(end * RATE)] = True
        return one.samples / 32768, spoken

    def background(self, kind: str, samples: int, rng: np.random.Generator) -> Sound:
        """Return music or noise of a kind."""
        seconds = samples / RATE
        if kind in PIECES[self.side]:
            made = render_music(PIECES[self.side][kind], seconds, rng)
        elif kind == "babble":
            voices = [one.samples for one in read_utterances(self.corpus, self.speakers)]
            made = babble(voices, seconds, rng)
        else:
            made = NOISES[kind](seconds, rng)
        return np.asarray(made[:samples], dtype=np.float64)

    def beds(self, kind: str, seed: int) -> Iterator[tuple[int, Sound]]:
        """Yield an episode with a background at each level."""
        sound, spoken = self.speech(seed)
        rng = np.random.default_rng([self.side == "dev", seed])
        bed = self.background(kind, len(sound), rng)
        bed = bed * local_rms(sound, spoken) / local_rms(bed, np.ones(len(bed), dtype=np.bool_))
        for level in LEVELS:
            yield level, sound + bed * 10 ** (-level / 20)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, nargs="?", default=NEMO, help="folder of nEMO")
    parser.add_argument("--dev", action="store_true", help="the side to set thresholds on")
    parser.add_argument("--quick", action="store_true", help="1 minute a kind instead of 2")
    parser.add_argument("--degraded", action="store_true", help="degraded speech only")
    options = parser.parse_args()
    if options.degraded:
        report_degraded(options.corpus, options.dev)
        return 0
    bench = Bench("dev" if options.dev else "measured", options.corpus, 1 if options.quick else 2)
    clean = [clip for seed in range(CLEAN_EPISODES) for clip in clips_of(bench.speech(seed)[0])]
    missed = report_clean("clean", clean, LEAST_KEPT)
    for number, seconds in enumerate(ECHO_SECONDS):
        echoing = clips_of(with_echo(bench.speech(number)[0], seconds))
        report_clean(f"clean, echo of {seconds} s", echoing, None)
    seed = CLEAN_EPISODES
    for score, kinds in (("music", [*PIECES[bench.side]]), ("snr_db", ["babble", *NOISES])):
        heading(score)
        found: dict[int, list[Clip]] = {level: [] for level in LEVELS}
        for kind in kinds:
            seed += 1
            clips = {level: clips_of(sound) for level, sound in bench.beds(kind, seed)}
            missed += report(kind, score, clean, clips)
            for level, some in clips.items():
                found[level] += some
        missed += report("all together", score, clean, found)
    print(f"\nbars: {'MISSED' if missed else 'held'}")
    for sentence in missed:
        print(f"- {sentence}")
    return 1 if missed else 0


def clips_of(sound: Sound) -> list[Clip]:
    """Return the records of the clips that ``corpus segment`` would make of a sound."""
    samples = np.clip(np.round(sound * 32767), -32768, 32767).astype(np.int16)
    settings = SegmentSettings()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_wav(folder / "episode.wav", samples)
        with open_track(folder / "episode.wav", 0, settings, folder) as track:
            writer = ClipWriter(folder, "episode", track, {})
            return writer.write(plan_track(track, [], settings), lambda _: SpeakerInfo())


def local_rms(sound: Sound, where: NDArray[np.bool_]) -> Sound:
    """Return the RMS within two seconds of each sample, over the samples in ``where``."""
    power = uniform_filter1d(np.where(where, sound**2, 0), FOLLOWS, mode="reflect")
    share = uniform_filter1d(where.astype(np.float64), FOLLOWS, mode="reflect")
    rms = np.sqrt(np.maximum(power, 1e-9) / np.maximum(share, 1e-3))
    return np.asarray(uniform_filter1d(rms, RATE), dtype=np.float64)


def with_echo(sound: Sound, seconds: float) -> Sound:
    """Return a sound with reverberation of a decay time (60 dB), 6 dB below the voice."""
    count = round(seconds * RATE)
    echo = np.random.default_rng(0).standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    echo *= 0.5 / np.sqrt(np.sum(echo**2))
    echo[0] += 1
    wet = fftconvolve(sound, echo)[: len(sound)]
    return np.asarray(wet * np.sqrt(np.mean(sound**2) / np.mean(wet**2)), dtype=np.float64)


def badness(clip: Clip, score: str) -> float:
    """Return a clip's measure, signed so that more is worse; a missing measure passes."""
    if score == "music":
        return clip.music or 0.0
    return -100.0 if clip.snr_db is None else -clip.snr_db


def area(clean: list[float], bad: list[float]) -> float:
    """Return the share of pairs in which the bad clip has the higher value; ties count half."""
    wins = np.sign(np.asarray(bad)[:, None] - np.asarray(clean)[None])
    return float((wins.mean() + 1) / 2)


def rejected(clips: list[Clip]) -> float:
    """Return the share of clips that the default thresholds reject."""
    rules = drama_rules(ScreenSettings())
    return float(np.mean([bool(rules.reasons_against(clip)) for clip in clips]))


def report_clean(name: str, clips: list[Clip], least: float | None) -> list[str]:
    kept = 1 - rejected(clips)
    print(f"{name}: {kept:.1%} of {len(clips)} clips kept")
    return [f"{name}: {kept:.1%} kept"] if least is not None and kept < least else []


def report_degraded(corpus: Path, dev: bool) -> None:
    """Print the share kept of each kind of degraded speech, with usual and with short pauses."""
    nemo = (corpus / "recordings" / MEASURED[0]).is_dir()
    others = tuple(f"R{number:02}" for number in range(1 if dev else 2, 25, 2))  # men, or women
    voices = read_utterances(corpus, (DEV if dev else MEASURED) if nemo else others)[::3]
    print("| | usual pauses | quick talk |\n| --- | ---: | ---: |")
    kinds = ("clean", *CHANNELS, *VOICES, "partly whispered")
    for seed, kind in enumerate(kinds, start=150 if dev else 50):
        shares = []
        for pauses in (None, QUICK):
            rng = np.random.default_rng(seed)
            spoken = [
                replace(one, samples=np.float32(VOICES[change](np.float64(one.samples), rng)))
                if (change := kind if kind in VOICES else "whispered" if part else None)
                else one
                for one, part in zip(
                    voices, np.arange(len(voices)) % 2 * (kind == "partly whispered"), strict=True
                )
            ]
            sound = construct(spoken, seed, 1.5, 0.5, pauses=pauses).samples / 32768
            clips = clips_of(CHANNELS[kind](sound, rng) if kind in CHANNELS else sound)
            shares.append(f"{1 - rejected(clips):.0%} of {len(clips)}")
        print(f"| {kind} | {shares[0]} | {shares[1]} |", flush=True)


def heading(score: str) -> None:
    print(f"\nBy `{score}`: AUC, and share rejected, at each level (dB)\n")
    levels = " | ".join(map(str, LEVELS))
    print(f"| | clips | {levels} | {levels} |")
    print("| --- | ---: |" + " ---: |" * (2 * len(LEVELS)))


def report(kind: str, score: str, clean: list[Clip], clips: dict[int, list[Clip]]) -> list[str]:
    """Print a kind's row and return a message for each missed bar."""
    reference = [badness(clip, score) for clip in clean]
    areas = {
        level: area(reference, [badness(clip, score) for clip in some])
        for level, some in clips.items()
    }
    shares = {level: rejected(some) for level, some in clips.items()}
    figures = " | ".join(f"{value:.3f}" for value in areas.values())
    percents = " | ".join(f"{value:.0%}" for value in shares.values())
    count = sum(map(len, clips.values()))
    print(f"| {kind} | {count} | {figures} | {percents} |", flush=True)
    missed = [
        f"{kind} at {level} dB: AUC {areas[level]:.3f} < {least}"
        for level, least in LEAST_AUC.items()
        if areas[level] < least
    ]
    if shares[REJECTED_AT] < LEAST_REJECTED:
        missed.append(f"{kind} at {REJECTED_AT} dB: {shares[REJECTED_AT]:.0%} rejected")
    return missed


if __name__ == "__main__":
    raise SystemExit(main())
