"""What Whisper base invents where nobody speaks, and what the guards do with it and with speech.

Stretches without speech (see nonspeech.py) lie between real utterances, two to one, in windows as
`corpus transcribe` makes them; `--alone` transcribes each stretch by itself, as `--context clip`
does. Utterances of nEMO (Polish) and RAVDESS (English) are transcribed in windows of their own. A
text for a stretch counts as invented; a text of an utterance counts as right with at most half of
its characters wrong. Exits with 1 if a bar is missed: 0.95 of what is invented emptied, at most
0.1 % of the right texts emptied.

    python -m benchmarks.transcription.guard_sounds --each 5 --utterances 1000
"""

import argparse
import csv
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from benchmarks.common import constructed
from benchmarks.common.whisper_base import prepare
from benchmarks.transcription.nonspeech import stretches
from corpus_tools.transcription.assign import split_recognition
from corpus_tools.transcription.compare import TextPair, clip_errors
from corpus_tools.transcription.guards.flags import Flagger
from corpus_tools.transcription.recognisers.base import RecogniserOptions, Recognition
from corpus_tools.transcription.recognisers.batching import batched
from corpus_tools.transcription.recognisers.whisper import WhisperRecogniser
from manifests.storage.records import Transcript

RATE = constructed.RATE
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
GAP_S = 0.5
MOST_S = 30.0
LEAST_RECALL = 0.95
MOST_FALSE = 0.001
Wave = NDArray[np.float32]


@dataclass(frozen=True)
class Piece:
    """A stretch of a ``kind`` without speech, or an utterance with its text."""

    wave: Wave
    text: str = ""
    kind: str = ""

    @property
    def seconds(self) -> float:
        return len(self.wave) / RATE


def rows_of(data: Path, name: str, dev: bool) -> list[dict[str, str]]:
    """Return utterances in random order, of every other speaker, with the paths of their files."""
    folder = data / name
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    speakers = sorted({row["speaker"] for row in rows})[0 if dev else 1 :: 2]
    chosen = [
        row | {"file": str(folder / row["file"])} for row in rows if row["speaker"] in speakers
    ]
    random.Random(8).shuffle(chosen)
    return chosen


def utterance(row: dict[str, str]) -> Piece:
    return Piece(soundfile.read(row["file"], dtype="float32")[0], row["text"])


def pauses(rows: Sequence[dict[str, str]]) -> Iterator[NDArray[np.float64]]:
    """Yield what comes before and after the speech in some of RAVDESS's recordings."""
    for row in rows[:60]:
        wave = soundfile.read(row["file"], dtype="float64")[0]
        frames = wave[: len(wave) // 160 * 160].reshape(-1, 160)
        level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-10)
        loud = np.flatnonzero(level > np.percentile(level, 95) - 35)
        for part in (wave[: max(loud[0] * 160 - 2400, 0)], wave[loud[-1] * 160 + 4800 :]):
            if len(part) > 4800:
                yield part


def windows_of(pieces: Iterable[Piece]) -> list[list[Piece]]:
    windows: list[list[Piece]] = []
    seconds = MOST_S
    for piece in pieces:
        seconds += GAP_S + piece.seconds
        if seconds > MOST_S:
            windows.append([])
            seconds = piece.seconds
        windows[-1].append(piece)
    return windows


def recognised(
    whisper: WhisperRecogniser, windows: Sequence[list[Piece]], language: str
) -> Iterator[tuple[Piece, Recognition]]:
    """Yield each piece with its part of its window's text."""
    for batch in batched(windows, whisper.options.batch_size):
        sounds, spans = [], []
        for window in batch:
            parts: list[Wave] = []
            spans.append([])
            at = 0
            for piece in window:
                parts += [piece.wave, np.zeros(round(GAP_S * RATE), np.float32)]
                spans[-1].append((at / RATE, at / RATE + piece.seconds))
                at += len(parts[-2]) + len(parts[-1])
            sounds.append(np.concatenate(parts[:-1]))
        found = whisper.transcribe(sounds, language)
        for window, one, wave, span in zip(batch, found, sounds, spans, strict=True):
            texts = [one] if len(window) == 1 else split_recognition(one, wave, span)
            yield from zip(window, texts, strict=True)
        print(".", end="", file=sys.stderr, flush=True)


def judged(found: Sequence[tuple[Piece, Recognition]]) -> list[tuple[Piece, Transcript]]:
    """Return each piece with its transcript after the guards, as of one source."""
    records = [
        Transcript(
            clip_id=f"{number:05}",
            text="",
            text_raw=one.text,
            source="whisper",
            avg_logprob=one.avg_logprob,
            no_speech_prob=one.no_speech_prob,
        )
        for number, (_, one) in enumerate(found)
    ]
    seconds = {f"{number:05}": piece.seconds for number, (piece, _) in enumerate(found)}
    records = Flagger().apply(records, seconds)
    return [(piece, record) for (piece, _), record in zip(found, records, strict=True)]


def is_right(piece: Piece, text: str) -> bool:
    (found,) = clip_errors([TextPair("", "", piece.text, text)])
    return (found.errors.rate or 0.0) <= 0.5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=5, help="stretches of each kind (default 5)")
    parser.add_argument("--utterances", type=int, default=1000, help="(default 1000)")
    parser.add_argument("--alone", action="store_true", help="each stretch by itself, in Chinese")
    parser.add_argument("--dev", action="store_true", help="the half to choose thresholds on")
    parser.add_argument("--data", type=Path, default=DATA)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    options = RecogniserOptions(str(prepare()[0]), "cpu", words=True, batch_size=4)
    whisper = WhisperRecogniser(options)
    polish, english = (rows_of(arguments.data, name, arguments.dev) for name in ("nemo", "ravdess"))
    voices = [
        constructed.trimmed(utterance(row).wave, row["speaker"], row["emotion"])
        for row in polish[:40]
    ]
    part = "dev" if arguments.dev else "measured"
    silent = [
        Piece(wave, kind=kind)
        for kind, wave in stretches(part, arguments.each, voices, list(pauses(english)))
    ]
    random.Random(5).shuffle(silent)
    if arguments.alone:
        found = judged(list(recognised(whisper, [[piece] for piece in silent], "zh")))
    else:
        spoken = (utterance(row) for row in polish)
        mixed = [
            one
            for index, piece in enumerate(silent)
            for one in (piece, *([next(spoken)] if index % 2 else []))
        ]
        found = judged(list(recognised(whisper, windows_of(mixed), "pl")))
    print(f"\n{len(silent)} stretches without speech of {len({one.kind for one in silent})} kinds")
    invented = [(piece, one) for piece, one in found if not piece.text and one.text_raw]
    left = [(piece, one) for piece, one in invented if one.text]
    print(f"texts invented: {len(invented)}, left by the guards: {len(left)}")
    for piece, one in invented:
        print(f"  {piece.kind}: {one.text_raw[:60]!r} {one.avg_logprob} {one.flags}")
    spoken_texts = [(piece, one) for piece, one in found if piece.text]
    half = arguments.utterances // 2
    for rows, language in ((polish[100 : 100 + half], "pl"), (english[:half], "en")):
        pieces = windows_of(utterance(row) for row in rows)
        spoken_texts += judged(list(recognised(whisper, pieces, language)))
    right = [(piece, one) for piece, one in spoken_texts if is_right(piece, one.text_raw)]
    harmed = [(piece, one) for piece, one in right if not one.text]
    flags = Counter(flag for _, one in right for flag in one.flags)
    print(
        f"\n{len(spoken_texts)} utterances, {len(right)} right; right texts emptied: {len(harmed)}"
    )
    print(f"flags of right texts: {dict(flags)}")
    for piece, one in harmed:
        print(f"  {piece.text!r}: {one.text_raw!r} {one.avg_logprob} {one.flags}")
    recall = 1 - len(left) / len(invented) if invented else 1.0
    false = len(harmed) / len(right) if right else 0.0
    print(f"emptied of what is invented {recall:.3f} (least {LEAST_RECALL}), ", end="")
    print(f"of right texts {false:.2%} (most {MOST_FALSE:.1%})")
    return 0 if recall >= LEAST_RECALL and false <= MOST_FALSE else 1


if __name__ == "__main__":
    sys.exit(main())
