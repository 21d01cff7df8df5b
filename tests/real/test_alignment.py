"""Forced alignment of known texts with Whisper base's weights, in PyTorch and in CTranslate2."""

import csv
from pathlib import Path

import pytest
import soundfile

from corpus_tools.transcription.alignment import align_lines
from corpus_tools.transcription.recognisers.base import Aligner, RecogniserOptions, run_aligner
from corpus_tools.transcription.recognisers.faster_whisper import FasterWhisperRecogniser
from corpus_tools.transcription.recognisers.whisper import WhisperRecogniser
from manifests.storage.records import SubtitleLine
from tests.factories import make_clip

pytestmark = pytest.mark.real

RECORDINGS = Path(__file__).parents[2] / "examples" / "recordings"


def aligner(kind: str, checkpoint: Path) -> Aligner:
    if kind == "whisper":
        return WhisperRecogniser(RecogniserOptions(str(checkpoint), "cpu"))
    folder = checkpoint.parent / "ctranslate2"
    return FasterWhisperRecogniser(RecogniserOptions(str(folder), "cpu"))


@pytest.mark.parametrize("kind", ["whisper", "faster-whisper"])
def test_lines_of_two_sentences_are_divided_between_their_clips(
    whisper_base: Path, kind: str
) -> None:
    whisper = aligner(kind, whisper_base)
    with (RECORDINGS / "SCRIPT.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))[:6]
    waves, clips, at = {}, [], 0.0
    for row in rows:
        wave, _ = soundfile.read(RECORDINGS / "audio" / row["file"], dtype="float32")
        seconds = round(len(wave) / 16_000, 3)
        clips.append(make_clip("s", at, round(at + seconds, 3)))
        waves[clips[-1].clip_id] = wave
        at = round(at + seconds + 0.25, 3)
    texts = [row["text"] for row in rows]
    lines = [
        SubtitleLine(
            source_id="s", start=first.start, end=first.end, text=" ".join(texts[n : n + 2])
        )
        for n, first in list(enumerate(clips))[::2]
    ]

    def align(shown: list[SubtitleLine]) -> tuple[list[list[str]], int]:
        found = align_lines(
            shown,
            clips,
            lambda clip: waves[clip.clip_id],
            lambda wave, text: run_aligner(whisper, wave, text, "pl"),
        )
        by_clip = [
            [
                word
                for line in found.lines
                if clip.start <= line.start < clip.end
                for word in line.text.split()
            ]
            for clip in clips
        ]
        return by_clip, len(found.kept)

    by_clip, kept = align(lines)
    right = sum(len({*text.split()} & {*own}) for text, own in zip(texts, by_clip, strict=True))
    total = sum(len({*text.split()}) for text in texts)
    assert right >= 0.95 * total
    assert not kept
    assert [word for own in by_clip for word in own] == " ".join(texts).split()
    others = [
        SubtitleLine(source_id="s", start=line.start, end=line.end, text=text)
        for line, text in zip(
            lines,
            ["Dziś będzie padał deszcz nad morzem", "Kup mleko i chleb", "Nie wiem, kto tam"],
            strict=True,
        )
    ]
    assert align(others)[1] >= 2
