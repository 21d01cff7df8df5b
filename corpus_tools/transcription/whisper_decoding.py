"""Whisper's decoding of pieces of up to 30 s: in one batch, and again only those that need it."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Decoding", "decode"]

Wave = NDArray[np.float32]

_MAX_COMPRESSION = 2.4  # Whisper's own conditions for another, higher temperature
_MIN_LOGPROB = -1.0
_SILENCE = 0.6


@dataclass(frozen=True)
class Decoding:
    """How to decode.

    Attributes:
        language: Whisper's code, None to find it out for each piece.
        prompt: tokens.
        temperatures: tried in turn, until a text is neither repetitive nor improbable.
        beam_size: beams at temperature 0, None for the likeliest token each time.
        max_tokens: longest text of a piece, None for Whisper's own limit.
        fp16: whether to calculate in half precision.
    """

    language: str | None
    prompt: list[int]
    temperatures: Sequence[float]
    beam_size: int | None
    max_tokens: int | None
    fp16: bool


def decode(model: Any, pieces: Sequence[Wave], decoding: Decoding) -> list[Any]:
    """Return Whisper's ``DecodingResult`` for each piece, the same as for each piece alone.

    Each is padded with silence to 30 s. Nothing of one piece reaches another: no earlier text is a
    prompt, and what is sampled depends on the piece's samples alone, so pieces that are tried at a
    temperature above 0 go one by one. So do beams, which Whisper can't search for several pieces.
    The encoder hears each piece once, whatever the temperatures.

    Args:
        model: Whisper.
        pieces: samples at 16 kHz; shape (samples,), up to 30 s each.
        decoding: how.
    """
    import torch
    import whisper

    mels = torch.stack(
        [
            whisper.log_mel_spectrogram(whisper.pad_or_trim(piece), model.dims.n_mels)
            for piece in pieces
        ]
    ).to(model.device)
    with torch.no_grad():
        heard = model.encoder(mels.half() if decoding.fp16 else mels)
    first, *further = decoding.temperatures
    if first == 0 and decoding.beam_size is None:
        results = _decode_at(model, heard, 0.0, decoding)
    else:
        results = [
            _alone(model, features, first, decoding, piece)
            for features, piece in zip(heard, pieces, strict=True)
        ]
    for temperature in further:
        for index, result in enumerate(results):
            if _needs_another(result):
                results[index] = _alone(model, heard[index], temperature, decoding, pieces[index])
    return results


def _alone(model: Any, features: Any, temperature: float, decoding: Decoding, wave: Wave) -> Any:
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


def _needs_another(result: Any) -> bool:
    if result.no_speech_prob > _SILENCE and result.avg_logprob < _MIN_LOGPROB:
        return False
    return bool(result.compression_ratio > _MAX_COMPRESSION or result.avg_logprob < _MIN_LOGPROB)
