"""Make the bundled sample from nEMO (speech) and CPED (Chinese subtitle lines).

    python examples/make_sample.py --nemo NEMO_DIR --cped CPED_DIR --out examples

All random choices use one fixed seed, so plan, sound and ground truth are reproducible. The bytes
of the media files also depend on the encoders of the installed PyAV, and x264's output may differ
between runs.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from sample_media import encode_episode, encode_recording, measure_lag
from sample_sound import SceneSound, Utterance, join_scenes, render_scene

SEED = 20260101
EMOTIONS = ("angry", "fear", "happy", "neutral", "surprise", "sad")
SPEAKERS = {"teahouse": ("KD0", "TP0"), "harbour": ("IC0", "KS0")}
N_RECORDED_SENTENCES = 12
SUBTITLE_JITTER = 0.1
CPED_EMOTIONS = {
    "anger": "angry",
    "fear": "fear",
    "happy": "happy",
    "neutral": "neutral",
    "astonished": "surprise",
    "sadness": "sad",
}


@dataclass(frozen=True)
class Scene:
    """Dialogue scene with one emotion and one acoustic condition."""

    emotion: str
    condition: str = "clean"
    snr_db: float | None = None


@dataclass(frozen=True)
class Episode:
    """Media file: audio format, subtitles and scenes."""

    series: str
    name: str
    rate: int
    channels: int
    subtitles: str | None
    scenes: tuple[Scene, Scene, Scene]

    @property
    def file(self) -> str:
        return f"{self.series}/{self.name}"


EPISODES = (
    Episode(
        "teahouse",
        "E01.mp4",
        44_100,
        1,
        "polish",
        (Scene("neutral"), Scene("happy", "music", 10.0), Scene("angry")),
    ),
    Episode(
        "teahouse",
        "E02.mkv",
        48_000,
        2,
        "polish",
        (Scene("surprise"), Scene("fear", "music", 5.0), Scene("sad")),
    ),
    Episode(
        "teahouse",
        "茶馆 E03.mp4",
        48_000,
        2,
        "chinese",
        (Scene("happy"), Scene("neutral"), Scene("sad")),
    ),
    Episode(
        "teahouse",
        "E04.mp3",
        44_100,
        1,
        None,
        (Scene("fear"), Scene("angry", "clipped"), Scene("surprise")),
    ),
    Episode(
        "harbour",
        "E01.mp4",
        48_000,
        1,
        "polish",
        (Scene("angry"), Scene("neutral"), Scene("happy")),
    ),
    Episode(
        "harbour",
        "E02.mkv",
        44_100,
        1,
        "polish",
        (Scene("sad"), Scene("surprise", "noise", 1.5), Scene("fear")),
    ),
    Episode(
        "harbour",
        "E03.m4a",
        44_100,
        2,
        None,
        (Scene("happy"), Scene("fear"), Scene("angry", "noise", 3.0)),
    ),
    Episode(
        "harbour",
        "E04.mp4",
        48_000,
        2,
        "polish",
        (Scene("sad", "music", 5.0), Scene("surprise"), Scene("neutral", "music", 10.0)),
    ),
)


class Nemo:
    """Utterances of nEMO by speaker, emotion and sentence."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with (folder / "metadata.csv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        self.rows = {(r["speaker"], r["emotion"], r["sentence"]): r for r in rows}
        self.genders = {r["speaker"]: r["gender"] for r in rows}
        self.sentences = sorted({r["sentence"] for r in rows}, key=int)

    def row(self, speaker: str, emotion: str, sentence: str) -> dict[str, str]:
        return self.rows[speaker, emotion, sentence]

    def is_complete(self, sentence: str) -> bool:
        return all((s, e, sentence) in self.rows for s in self.genders for e in EMOTIONS)

    def utterance(self, speaker: str, emotion: str, sentence: str) -> Utterance:
        row = self.row(speaker, emotion, sentence)
        samples, rate = sf.read(self.folder / row["file"], dtype="float32")
        return Utterance(samples, rate, speaker, row["text"], row["file"])


def split_sentences(nemo: Nemo) -> tuple[list[str], list[str]]:
    """Return the disjoint sentences of the recordings and of the episodes."""
    rng = np.random.default_rng([SEED, 0])
    complete = [s for s in nemo.sentences if nemo.is_complete(s)]
    recorded = sorted(rng.choice(complete, N_RECORDED_SENTENCES, replace=False), key=int)
    return [str(s) for s in recorded], [s for s in nemo.sentences if s not in recorded]


def deal_sentences(sentences: list[str], rng: np.random.Generator) -> Iterator[str]:
    """Yield sentences in shuffled rounds, so that repeats are as far apart as possible."""
    while True:
        yield from (sentences[i] for i in rng.permutation(len(sentences)))


def plan_turns(speakers: tuple[str, ...], rng: np.random.Generator) -> list[str]:
    """Return the speaker of each utterance of a scene: turns of one to three utterances."""
    lengths = rng.permutation([3, 2, 1] if rng.random() < 0.5 else [2, 2, 1])
    first = int(rng.integers(len(speakers)))
    return [speakers[(first + i) % len(speakers)] for i, n in enumerate(lengths) for _ in range(n)]


class UtteranceDealer:
    """Dealer of the utterances of a series, each used once."""

    def __init__(
        self, nemo: Nemo, speakers: tuple[str, ...], sentences: list[str], seed: int
    ) -> None:
        self.nemo = nemo
        self.speakers = speakers
        self.rng = np.random.default_rng([SEED, 1, seed])
        self.deck = deal_sentences(sentences, self.rng)
        self.used: set[tuple[str, str, str]] = set()

    def scene(self, emotion: str) -> list[Utterance]:
        return [self.utterance(speaker, emotion) for speaker in plan_turns(self.speakers, self.rng)]

    def utterance(self, speaker: str, emotion: str) -> Utterance:
        key = next(key for s in self.deck if (key := (speaker, emotion, s)) not in self.used)
        self.used.add(key)
        return self.nemo.utterance(*key)


@dataclass
class Truth:
    """Ground truth of one utterance of an episode: a line of truth.jsonl."""

    file: str
    start: float
    end: float
    speaker: str
    gender: str
    emotion: str
    text: str
    subtitle_text: str | None
    scene: int
    condition: str
    snr_db: float | None
    nemo_file: str


class ChineseLines:
    """Lines of Chinese drama by emotion and gender, each used once."""

    def __init__(self, folder: Path) -> None:
        self.rng = np.random.default_rng([SEED, 2])
        self.lines: dict[tuple[str, str], list[str]] = {}
        with (folder / "test_split.csv").open(encoding="utf-8-sig", newline="") as rows:
            for row in csv.DictReader(rows):
                if emotion := CPED_EMOTIONS.get(row["Emotion"]):
                    key = (emotion, row["Gender"])
                    self.lines.setdefault(key, []).append(row["Utterance"].strip())

    def take(self, emotion: str, gender: str, duration: float) -> str:
        """Take a line that fits `duration` seconds, at 3 to 6.5 characters per second."""
        lines = self.lines[emotion, gender]
        fits = [n for n, x in enumerate(lines) if 3.0 <= len(x) / duration <= 6.5]
        return lines.pop(fits[int(self.rng.integers(len(fits)))])


def episode_truth(
    episode: Episode, sounds: list[SceneSound], nemo: Nemo, lines: ChineseLines
) -> list[Truth]:
    truths = []
    scene_start = 0.0
    for number, (scene, sound) in enumerate(zip(episode.scenes, sounds, strict=True), 1):
        for placed in sound.placed:
            utterance = placed.utterance
            gender = nemo.genders[utterance.speaker]
            subtitle = None
            if episode.subtitles == "polish":
                subtitle = utterance.text
            elif episode.subtitles == "chinese":
                subtitle = lines.take(scene.emotion, gender, placed.end - placed.start)
            truths.append(
                Truth(
                    file=episode.file,
                    start=scene_start + placed.start,
                    end=scene_start + placed.end,
                    speaker=utterance.speaker,
                    gender=gender,
                    emotion=scene.emotion,
                    text=utterance.text,
                    subtitle_text=subtitle,
                    scene=number,
                    condition=scene.condition,
                    snr_db=scene.snr_db,
                    nemo_file=utterance.file,
                )
            )
        scene_start += sound.duration
    return truths


def shift(truths: list[Truth], lag: float) -> None:
    """Shift the ground truth by the encoder's delay, rounded to milliseconds."""
    for truth in truths:
        truth.start = round(truth.start + lag, 3)
        truth.end = round(truth.end + lag, 3)


def timestamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


def jittered_times(truths: list[Truth], rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return jittered subtitle times, in order and without overlap."""
    times: list[tuple[float, float]] = []
    for truth in truths:
        early, late = rng.uniform(-SUBTITLE_JITTER, SUBTITLE_JITTER, 2)
        start = max(truth.start + early, times[-1][1] + 0.001 if times else 0.0)
        times.append((start, truth.end + late))
    return times


def write_subtitles(path: Path, truths: list[Truth], rng: np.random.Generator) -> None:
    cues = [
        f"{n}\n{timestamp(start)} --> {timestamp(end)}\n{truth.speaker}: {truth.subtitle_text}\n"
        for n, (truth, (start, end)) in enumerate(
            zip(truths, jittered_times(truths, rng), strict=True), 1
        )
    ]
    path.write_text("\n".join(cues), encoding="utf-8", newline="\n")


def make_episode(
    number: int, episode: Episode, dealer: UtteranceDealer, lines: ChineseLines, out: Path
) -> list[Truth]:
    rng = np.random.default_rng([SEED, 3, number])
    sounds = [
        render_scene(
            dealer.scene(scene.emotion),
            condition=scene.condition,
            snr_db=scene.snr_db,
            rate=episode.rate,
            channels=episode.channels,
            rng=rng,
        )
        for scene in episode.scenes
    ]
    path = out / episode.file
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = join_scenes(sounds, rng)
    cuts = list(np.cumsum([s.duration for s in sounds]))
    encode_episode(path, sound, episode.rate, cuts, rng)
    truths = episode_truth(episode, sounds, dealer.nemo, lines)
    shift(truths, measure_lag(path, sound, episode.rate))
    if episode.subtitles:
        write_subtitles(path.with_suffix(".srt"), truths, rng)
    return truths


def make_episodes(nemo: Nemo, cped: Path, sentences: list[str], out: Path) -> None:
    dealers = {
        series: UtteranceDealer(nemo, speakers, sentences, n)
        for n, (series, speakers) in enumerate(SPEAKERS.items())
    }
    lines = ChineseLines(cped)
    truths = [
        truth
        for n, episode in enumerate(EPISODES)
        for truth in make_episode(n, episode, dealers[episode.series], lines, out)
    ]
    with (out / "truth.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(asdict(t), ensure_ascii=False) + "\n" for t in truths)


def make_recordings(nemo: Nemo, sentences: list[str], out: Path) -> None:
    """Write every speaker's readings in an order independent of the emotion."""
    rng = np.random.default_rng([SEED, 4])
    script = []
    for speaker, gender in sorted(nemo.genders.items()):
        readings = [(emotion, sentence) for emotion in EMOTIONS for sentence in sentences]
        (out / "audio" / speaker).mkdir(parents=True, exist_ok=True)
        for number, index in enumerate(rng.permutation(len(readings)), 1):
            emotion, sentence = readings[index]
            utterance = nemo.utterance(speaker, emotion, sentence)
            file = f"{speaker}/{number:03}.opus"
            encode_recording(out / "audio" / file, utterance.samples, utterance.rate)
            script.append((file, speaker, gender, utterance.text, emotion))
    with (out / "SCRIPT.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(("file", "speaker", "gender", "text", "intended_emotion"))
        writer.writerows(script)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the bundled sample.")
    parser.add_argument("--nemo", type=Path, required=True, help="folder with nEMO's metadata.csv")
    parser.add_argument("--cped", type=Path, required=True, help="folder with CPED's split")
    parser.add_argument("--out", type=Path, required=True, help="the examples folder to write to")
    args = parser.parse_args()
    for part in ("episodes", "recordings"):
        shutil.rmtree(args.out / part, ignore_errors=True)
    nemo = Nemo(args.nemo)
    recorded, spoken = split_sentences(nemo)
    make_episodes(nemo, args.cped, spoken, args.out / "episodes")
    make_recordings(nemo, recorded, args.out / "recordings")
    shutil.copyfile(args.nemo / "LICENSE", args.out / "LICENSE")
    shutil.copyfile(args.cped / "LICENSE", args.out / "LICENSE.cped")


if __name__ == "__main__":
    main()
