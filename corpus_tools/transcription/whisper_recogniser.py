"""openai-whisper as a recogniser: clips in batches, nothing remembered from one to the next."""

import math
import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.transcription.recogniser import RecogniserOptions, Recognition
from corpus_tools.transcription.whisper_weights import check_checkpoint, find_weights
from manifests.errors import ConfigurationError, DataError

__all__ = ["DEFAULT_MODEL", "WhisperRecogniser"]

DEFAULT_MODEL = "large-v3"

Wave = NDArray[np.float32]

_MAX_COMPRESSION = 2.4  # Whisper's own conditions for another, higher temperature
_MIN_LOGPROB = -1.0
_SILENCE = 0.6


class WhisperRecogniser:
    """Whisper, loaded at the first clip.

    Args:
        options: ``model`` is an official name, or the path of a checkpoint; by default large-v3.

    Raises:
        ConfigurationError: if there is no such device.
        DataError: if the model isn't there.
    """

    def __init__(self, options: RecogniserOptions) -> None:
        self.options = options
        self.device = _device(options.device)
        self.weights = find_weights(
            options.model or DEFAULT_MODEL, options.download, options.announce
        )

    @property
    def name(self) -> str:
        """The model's name."""
        return self.weights.name

    @property
    def parameters(self) -> dict[str, Any]:
        """What the texts depend on."""
        import whisper

        return {
            "weights": self.weights.sha256,
            "whisper": whisper.__version__,
            "device": self.device.split(":")[0],
            "prompt": self.options.prompt,
            "temperatures": list(self.options.temperatures),
            "max_tokens": self.options.max_tokens,
            "batch_size": self.options.batch_size,
        }

    def transcribe(self, clips: Sequence[Wave], language: str | None) -> list[Recognition]:
        """Return what is said in each clip.

        A clip is padded with silence to Whisper's 30 s; of a longer one, each 30 s are a clip.

        Raises:
            ConfigurationError: if this model doesn't know the language.
            DataError: if the checkpoint turns out to be none.
        """
        code = self._language(language)
        recognitions = []
        for batch in _batches(clips, self.options.batch_size):
            pieces = [piece for wave in batch for piece in _windows(wave)]
            decoded = iter(self._decode(pieces, code))
            recognitions += [_joined([next(decoded) for _ in _windows(wave)]) for wave in batch]
        return recognitions

    @cached_property
    def _model(self) -> Any:
        import whisper

        path = self.weights.path
        check_checkpoint(path)
        try:
            # by path, never by name: for a name whisper may download
            return whisper.load_model(str(path), device=self.device).eval()
        except (RuntimeError, TypeError, KeyError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise DataError(
                f"{path}: its weights don't fit its dims ({reason}); download it again"
            ) from error

    def _language(self, language: str | None) -> str | None:
        from whisper.tokenizer import LANGUAGES

        if language is None:
            return None
        code = language.lower().split("-")[0]
        code = "zh" if code == "cmn" else code
        known = list(LANGUAGES)[: self._model.num_languages]
        known = known if self._model.is_multilingual else ["en"]
        if code not in known:
            raise ConfigurationError(
                f"Whisper {self.name} doesn't know the language '{language}'; give one of the "
                f"{len(known)} codes it knows, such as {', '.join(known[:3])}"
            )
        return code

    def _decode(self, waves: list[Wave], language: str | None) -> list[Any]:
        import torch
        import whisper

        mels = torch.stack(
            [
                whisper.log_mel_spectrogram(whisper.pad_or_trim(wave), self._model.dims.n_mels)
                for wave in waves
            ]
        ).to(self.device)
        first, *further = self.options.temperatures
        results = self._decode_at(mels, first, language, waves)
        for temperature in further:
            again = [index for index, result in enumerate(results) if _needs_another(result)]
            for index in again:
                results[index] = self._decode_at(
                    mels[index : index + 1], temperature, language, [waves[index]]
                )[0]
        return results

    def _decode_at(
        self, mels: Any, temperature: float, language: str | None, waves: list[Wave]
    ) -> list[Any]:
        import torch
        import whisper

        on_gpu = self.device.startswith("cuda")
        options = whisper.DecodingOptions(
            language=language,
            temperature=temperature,
            sample_len=self.options.max_tokens,
            prompt=self.options.prompt,
            without_timestamps=True,
            fp16=on_gpu,
        )
        with torch.random.fork_rng(devices=[self.device] if on_gpu else []):
            # what is sampled depends on the clip alone, not on what was decoded before it
            torch.manual_seed(zlib.crc32(waves[0].tobytes()))
            results: list[Any] = whisper.decode(self._model, mels, options)
        return results


def _device(device: str) -> str:
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, number = device.partition(":")
    if kind not in ("cpu", "cuda") or (number and not number.isdecimal()):
        raise ConfigurationError(f"no device '{device}'; expected auto, cpu, cuda or cuda:N")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        raise ConfigurationError(
            f"no device '{device}': this machine has {torch.cuda.device_count()} usable GPUs; "
            f"use --device cpu"
        )
    return device


def _batches(clips: Sequence[Wave], size: int) -> Iterator[Sequence[Wave]]:
    for start in range(0, len(clips), size):
        yield clips[start : start + size]


def _windows(wave: Wave) -> list[Wave]:
    from whisper.audio import N_SAMPLES

    return [wave[start : start + N_SAMPLES] for start in range(0, max(len(wave), 1), N_SAMPLES)]


def _needs_another(result: Any) -> bool:
    if result.no_speech_prob > _SILENCE and result.avg_logprob < _MIN_LOGPROB:
        return False
    return bool(result.compression_ratio > _MAX_COMPRESSION or result.avg_logprob < _MIN_LOGPROB)


def _joined(results: list[Any]) -> Recognition:
    """Return one recognition for the windows of one clip; the worst window counts."""
    return Recognition(
        text=" ".join(result.text for result in results if result.text),
        language=results[0].language,
        avg_logprob=_finite(min(result.avg_logprob for result in results)),
        no_speech_prob=_finite(min(result.no_speech_prob for result in results)),
        compression_ratio=_finite(max(result.compression_ratio for result in results)),
    )


def _finite(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
