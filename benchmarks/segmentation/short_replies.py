"""Short replies and short noises alone in a clip, by the least share of speech in it.

Clips of 3 s with one sound in the middle of room tone, after clips with a sentence, which the
detector of speech needs: a word or piece of one (0.4 to 0.6 s), a constructed cough, clicks, or a
burst of noise.

    python benchmarks/segmentation/short_replies.py ../shared/data/nemo
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from benchmarks.common.constructed import MEASURED, NEMO, RATE, Utterance, read_utterances
from corpus_tools.configuration.segment import ScreenSettings, SegmentSettings
from corpus_tools.media.cut import Cut
from corpus_tools.media.wav import write_wav
from corpus_tools.segmentation.screening.rules import drama_rules
from corpus_tools.segmentation.source import ClipWriter, SpeakerInfo
from corpus_tools.segmentation.voice.track import open_track
from manifests.storage.records import Clip

Sound = NDArray[np.float64]
CLIPS, CLIP_MS, SHARES = 60, 3000, (0.2, 0.1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, nargs="?", default=NEMO, help="folder of nEMO")
    voices = read_utterances(parser.parse_args().corpus, MEASURED)
    rng = np.random.default_rng(5)
    kinds: dict[str, Callable[[], Sound]] = {
        "word": lambda: spoken(voices, rng, rng.uniform(0.4, 0.6)),
        "cough": lambda: cough(rng),
        "click": lambda: clicks(rng, 1),
        "three clicks": lambda: clicks(rng, 3),
        "noise burst": lambda: burst(rng),
    }
    print("| | " + " | ".join(f"at {share}" for share in SHARES) + " |\n| --- | ---: | ---: |")
    for kind, make in kinds.items():
        pairs = [(spoken(voices, rng, 2.8), make()) for _ in range(CLIPS)]
        clips = clips_of([placed(one, rng) for pair in pairs for one in pair])[1::2]
        cells = []
        for share in SHARES:
            rules = drama_rules(ScreenSettings(min_speech_ratio=share))
            cells.append(f"{np.mean([not rules.reasons_against(clip) for clip in clips]):.0%}")
        print(f"| {kind} | " + " | ".join(cells) + " |", flush=True)
    return 0


def clips_of(sounds: Sequence[Sound]) -> list[Clip]:
    """Return the records of sounds of `CLIP_MS`, each a clip of one track."""
    samples = np.clip(np.round(np.concatenate(sounds) * 32767), -32768, 32767).astype(np.int16)
    cuts = [Cut(CLIP_MS * n, CLIP_MS * (n + 1)) for n in range(len(sounds))]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_wav(folder / "track.wav", samples)
        with open_track(folder / "track.wav", 0, SegmentSettings(), folder) as track:
            return ClipWriter(folder, "track", track, {}).write(cuts, lambda _: SpeakerInfo())


def placed(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return a sound in the middle of room tone of -62 dBFS."""
    clip = rng.standard_normal(CLIP_MS * RATE // 1000) * 10 ** (-62 / 20)
    at = (len(clip) - len(sound)) // 2
    clip[at : at + len(sound)] += sound
    return np.asarray(clip)


def spoken(voices: Sequence[Utterance], rng: np.random.Generator, seconds: float) -> Sound:
    """Return the first seconds of an utterance at -25 dBFS, faded out over 50 ms."""
    one = voices[rng.integers(len(voices))]
    voice = np.float64(one.samples[one.onset : one.end][: round(seconds * RATE)])
    voice[-RATE // 20 :] *= np.linspace(1, 0, RATE // 20)
    return np.asarray(voice / np.sqrt(np.mean(voice**2)) * 10 ** (-25 / 20))


def cough(rng: np.random.Generator) -> Sound:
    """Return noise of 0.3 to 2.5 kHz that dies away."""
    count = round(rng.uniform(0.25, 0.45) * RATE)
    band = scipy.signal.butter(2, (300, 2500), "bandpass", fs=RATE, output="sos")
    noise = scipy.signal.sosfilt(band, rng.standard_normal(count))
    return _as_loud(noise * np.exp(-np.arange(count) / (0.1 * RATE)))


def clicks(rng: np.random.Generator, number: int) -> Sound:
    """Return clicks of some milliseconds, 0.35 s apart."""
    sound = np.zeros(round((0.35 * number) * RATE))
    for start in range(0, len(sound), round(0.35 * RATE)):
        sound[start : start + 480] += rng.standard_normal(480) * np.exp(-np.arange(480) / 64)
    return _as_loud(sound)


def burst(rng: np.random.Generator) -> Sound:
    """Return white noise that swells and fades."""
    count = round(rng.uniform(0.3, 0.6) * RATE)
    return _as_loud(rng.standard_normal(count) * np.hanning(count))


def _as_loud(sound: Sound) -> Sound:
    return np.asarray(sound / np.abs(sound).max() * 10 ** (-8 / 20))


if __name__ == "__main__":
    raise SystemExit(main())
