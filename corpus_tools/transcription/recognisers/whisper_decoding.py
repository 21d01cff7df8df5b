"""Batched decoding with Whisper, with temperature fallback for single pieces of up to 30 s."""

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Decoding", "decode", "encode", "is_repetitive", "with_fallback"]

T = TypeVar("T")

Wave = NDArray[np.float32]

_MAX_COMPRESSION = 2.4  # Whisper's own conditions for temperature fallback
_MIN_LOGPROB = -1.0
_MAX_NO_SPEECH = 0.6
_PART = 10 * 16_000  # samples


@dataclass(frozen=True)
class Decoding:
    """Decoding options.

    Attributes:
        language: Whisper's language code, None to detect it for each piece.
        prompt: tokens of the prompt.
        temperatures: tried in turn until a text is neither repetitive nor improbable.
        beam_size: beams at temperature 0, None for greedy decoding.
        max_tokens: maximum tokens of a piece's text, None for Whisper's own limit.
        fp16: half precision.
    """

    language: str | None
    prompt: list[int]
    temperatures: Sequence[float]
    beam_size: int | None
    max_tokens: int | None
    fp16: bool


def decode(model: Any, pieces: Sequence[Wave], decoding: Decoding) -> list[Any]:
    """Return Whisper's ``DecodingResult`` for each piece, independent of the rest of the batch.

    Each piece (16 kHz, shape (samples,), up to 30 s) is padded with silence to 30 s and encoded
    once for all temperatures. No earlier text is used as a prompt. Pieces are decoded one by one at
    temperatures above 0, so that sampling depends on the piece's samples alone, and with beams,
    which Whisper can't search in batches.
    """
    encoded = encode(model, pieces, decoding.fp16)
    first, *further = decoding.temperatures
    if first == 0 and decoding.beam_size is None:
        results = _decode_at(model, encoded, 0.0, decoding)
    else:
        results = [
            _decode_alone(model, features, first, decoding, piece)
            for features, piece in zip(encoded, pieces, strict=True)
        ]
    return with_fallback(
        results,
        pieces,
        further,
        lambda index, temperature: _decode_alone(
            model, encoded[index], temperature, decoding, pieces[index]
        ),
    )


def encode(model: Any, pieces: Sequence[Wave], fp16: bool) -> Any:
    """Return the encoder's output for pieces, each padded with silence to 30 s."""
    import torch
    import whisper

    mels = torch.stack(
        [
            whisper.log_mel_spectrogram(whisper.pad_or_trim(piece), model.dims.n_mels)
            for piece in pieces
        ]
    ).to(model.device)
    with torch.no_grad():
        return model.encoder(mels.half() if fp16 else mels)


def with_fallback(
    results: list[Any], pieces: Sequence[Wave], ways: Sequence[T], again: Callable[[int, T], Any]
) -> list[Any]:
    """Return the results, those in doubt decoded again in further ways until they aren't."""
    for way in ways:
        for index, result in enumerate(results):
            if _needs_fallback(result, len(pieces[index])):
                results[index] = again(index, way)
    return results


def _decode_alone(
    model: Any, features: Any, temperature: float, decoding: Decoding, wave: Wave
) -> Any:
    import torch

    on_gpu = model.device.type == "cuda"
    with torch.random.fork_rng(devices=[model.device] if on_gpu else []):
        torch.manual_seed(zlib.crc32(wave.tobytes()))
        return _decode_at(model, features[None], temperature, decoding)[0]


def _decode_at(model: Any, features: Any, temperature: float, decoding: Decoding) -> list[Any]:
    import whisper

    options = whisper.DecodingOptions(
        language=decoding.language,
        temperature=temperature,
        beam_size=decoding.beam_size if temperature == 0 else None,
        sample_len=decoding.max_tokens,
        prompt=decoding.prompt or None,
        without_timestamps=True,
        fp16=decoding.fp16,
    )
    results: list[Any] = whisper.decode(model, features, options)
    return results


def _needs_fallback(result: Any, samples: int) -> bool:
    if result.no_speech_prob > _MAX_NO_SPEECH and result.avg_logprob < _MIN_LOGPROB:
        return False
    return result.avg_logprob < _MIN_LOGPROB or is_repetitive(result.text, samples)


def is_repetitive(text: str, samples: int) -> bool:
    """Return whether a text repeats itself more than Whisper accepts, within 10 s of its sound.

    In a window of several clips people may say one sentence again and again, each time anew; a loop
    of Whisper repeats faster.

    Example:
        >>> said = "Kids are talking by the door. " * 6
        >>> is_repetitive(said, 30 * 16000), is_repetitive(said, 5 * 16000)
        (False, True)
    """
    parts = max(round(samples / _PART), 1)
    size = max(math.ceil(len(text) / parts), 1)
    return any(
        len(data) / len(zlib.compress(data)) > _MAX_COMPRESSION
        for start in range(0, len(text), size)
        for data in [text[start : start + size].encode()]
    )
