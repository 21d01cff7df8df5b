from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import whisper

from corpus_tools.transcription.recognisers.base import RecogniserOptions
from corpus_tools.transcription.recognisers.whisper import WhisperRecogniser
from corpus_tools.transcription.recognisers.whisper_decoding import (
    Decoding,
    decode,
    is_repetitive,
)


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> Any:
    return whisper.load_model(str(checkpoint), device="cpu").eval()


def clips(count: int) -> list[Any]:
    """Noise of 3 to 5 s, quiet and loud."""
    noise = np.random.default_rng(4)
    return [
        noise.normal(0, 10 ** noise.uniform(-3, -0.5), int(noise.integers(48000, 80000))).astype(
            np.float32
        )
        for _ in range(count)
    ]


def decoding(**more: Any) -> Decoding:
    given: dict[str, Any] = {
        "language": "zh",
        "prompt": [],
        "temperatures": (0.0,),
        "beam_size": None,
        "max_tokens": 12,
        "fp16": False,
    }
    return Decoding(**given | more)


def test_a_batch_is_decoded_as_whisper_decodes_its_clips_one_by_one(model: Any) -> None:
    batch = clips(40)
    options = whisper.DecodingOptions(
        language="zh", temperature=0.0, sample_len=12, without_timestamps=True, fp16=False
    )
    alone = [
        whisper.decode(model, whisper.log_mel_spectrogram(whisper.pad_or_trim(clip)), options)
        for clip in batch
    ]
    together = [
        result
        for start in range(0, 40, 7)
        for result in decode(model, batch[start : start + 7], decoding())
    ]
    assert [one.tokens for one in together] == [one.tokens for one in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.avg_logprob == pytest.approx(other.avg_logprob, abs=1e-4)
    assert len({tuple(one.tokens) for one in alone}) > 10


@pytest.mark.parametrize(
    "way",
    [
        {"temperatures": (0.0, 0.4, 0.8)},
        {"temperatures": (0.7,)},
        {"beam_size": 3},
        {"language": None},
        {"prompt": [100, 200, 300]},
    ],
    ids=lambda way: next(iter(way)),
)
def test_the_rest_of_the_batch_changes_nothing(model: Any, way: dict[str, Any]) -> None:
    batch = clips(5)
    state = torch.random.get_rng_state()
    together = decode(model, batch, decoding(**way))
    assert torch.equal(torch.random.get_rng_state(), state)
    for clip, one in zip(batch, together, strict=True):
        (alone,) = decode(model, [clip], decoding(**way))
        assert (one.tokens, one.language) == (alone.tokens, alone.language)
        assert one.avg_logprob == pytest.approx(alone.avg_logprob, abs=1e-4)


def test_only_clips_below_the_thresholds_fall_back(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = clips(4)
    sure = [result.avg_logprob for result in decode(model, batch, decoding())]
    middle = sorted(sure)[1]
    monkeypatch.setattr(
        "corpus_tools.transcription.recognisers.whisper_decoding._MIN_LOGPROB", middle
    )
    again = decode(model, batch, decoding(temperatures=(0.0, 0.5)))
    assert [result.temperature for result in again] == [0.5 * (one < middle) for one in sure]


@pytest.mark.parametrize(
    ("text", "seconds", "repetitive"),
    [
        ("他们在门口说话。" * 7, 30, False),  # read seven times
        ("Kids are talking by the door. " * 7, 30, False),
        ("谢谢大家" * 50, 30, True),
        ("Thank you. " * 20, 30, True),
        ("他们在门口说话。" * 7, 4, True),
        ("", 30, False),
        ("要得", 0, False),
    ],
)
def test_a_sentence_said_again_in_a_window_is_no_loop(
    text: str, seconds: int, repetitive: bool
) -> None:
    assert is_repetitive(text, seconds * 16_000) is repetitive


def test_a_full_gpu_halves_whispers_batch(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def small(model: Any, pieces: list[Any], way: Decoding) -> list[Any]:
        if len(pieces) > 2:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        sizes.append(len(pieces))
        return decode(model, pieces, way)

    said: list[str] = []
    options = RecogniserOptions(
        model=str(checkpoint),
        device="cpu",
        temperatures=(0.0,),
        max_tokens=4,
        batch_size=5,
        announce=said.append,
    )
    expected = WhisperRecogniser(options).transcribe(clips(5), "zh")
    monkeypatch.setattr("corpus_tools.transcription.recognisers.whisper.decode", small)
    assert [one.text for one in WhisperRecogniser(options).transcribe(clips(5), "zh")] == [
        one.text for one in expected
    ]
    assert sizes == [2, 2, 1]
    assert said == ["GPU memory is full; continuing with batches of 2"]
