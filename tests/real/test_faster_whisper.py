"""faster-whisper as a recogniser beside openai-whisper, both with Whisper base's weights."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from corpus_tools.transcription.assign import split_recognition
from corpus_tools.transcription.compare import TextPair, clip_errors, total
from corpus_tools.transcription.recognisers.base import RecogniserOptions
from corpus_tools.transcription.recognisers.faster_whisper import FasterWhisperRecogniser
from corpus_tools.transcription.recognisers.whisper import WhisperRecogniser

pytestmark = pytest.mark.real

RECORDINGS = Path(__file__).parents[2] / "examples" / "recordings"


def test_a_window_of_it_is_as_right_as_one_of_openai_whisper(whisper_base: Path) -> None:
    with (RECORDINGS / "SCRIPT.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))[:6]
    spans, parts, at = [], [], 0.0
    for row in rows:
        wave, _ = soundfile.read(RECORDINGS / "audio" / row["file"], dtype="float32")
        spans.append((at, at + len(wave) / 16_000))
        parts += [wave, np.zeros(4000, np.float32)]
        at += len(wave) / 16_000 + 0.25
    window = np.concatenate(parts)
    rates, starts = [], []
    for made in (
        FasterWhisperRecogniser(
            RecogniserOptions(str(whisper_base.parent / "ctranslate2"), "cpu", words=True)
        ),
        WhisperRecogniser(RecogniserOptions(str(whisper_base), "cpu", words=True)),
    ):
        (found,) = made.transcribe([window], "pl")
        by_clip = split_recognition(found, window, spans)
        pairs = [
            TextPair(str(n), "", row["text"], one.text)
            for n, (row, one) in enumerate(zip(rows, by_clip, strict=True))
        ]
        rates.append(total(clip_errors(pairs)).rate or 0.0)
        starts.append([word.start for word in found.words or ()])
        assert found.avg_logprob is not None
        assert found.avg_logprob > -0.5
        assert found.no_speech_prob is not None
        assert found.no_speech_prob < 0.1
    assert rates[0] < rates[1] + 0.03
    near = [min(abs(start - other) for other in starts[1]) < 0.1 for start in starts[0]]
    assert sum(near) >= 0.9 * len(near)
