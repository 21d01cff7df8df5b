"""openai-whisper as a recogniser: batched clips, without context between them."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.transcription.batching import Batches
from corpus_tools.transcription.recogniser import RecogniserOptions, Recognition, Word
from corpus_tools.transcription.whisper_decoding import Decoding, decode
from corpus_tools.transcription.whisper_model import (
    language_code,
    load_model,
    resolve_device,
    use_half_precision,
)
from corpus_tools.transcription.whisper_prompt import prompt_tokens
from corpus_tools.transcription.whisper_weights import find_weights
from corpus_tools.transcription.whisper_words import align_words
from manifests.store import fingerprint

__all__ = ["DEFAULT_MODEL", "WhisperRecogniser"]

DEFAULT_MODEL = "large-v3"

Wave = NDArray[np.float32]


class WhisperRecogniser:
    """Whisper recogniser, which loads the model at the first clip.

    Args:
        options: options; ``model`` is an official name or the path of a checkpoint, by default
            large-v3.

    Raises:
        ConfigurationError: if the device doesn't exist or doesn't support half precision.
        DataError: if the model isn't available.
    """

    def __init__(self, options: RecogniserOptions) -> None:
        self.options = options
        self.device = resolve_device(options.device)
        self.fp16 = use_half_precision(options.fp16, self.device)
        model = options.model or DEFAULT_MODEL
        self.weights = find_weights(model, options.download, options.announce)
        self._batches = Batches(options.batch_size, options.announce)

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.weights.name

    @property
    def parameters(self) -> dict[str, Any]:
        """Inputs of the texts, JSON-ready."""
        import whisper

        return {
            "weights": self.weights.sha256,
            "whisper": whisper.__version__,
            "fp16": self.fp16,
            "prompt": self.options.prompt,
            "lexicon": fingerprint(self.options.lexicon)[:16],
            "temperatures": list(self.options.temperatures),
            "beam_size": self.options.beam_size,
            "max_tokens": self.options.max_tokens,
        }

    def transcribe(self, clips: Sequence[Wave], language: str | None) -> list[Recognition]:
        """Transcribe clips.

        Clips are padded with silence to Whisper's 30 s; longer ones are divided into pieces.

        Raises:
            ConfigurationError: if the language isn't supported, or GPU memory is too small.
            DataError: if the checkpoint is invalid.
        """
        decoding = self._decoding(language_code(self._model, language))
        pieces = [piece for clip in clips for piece in _split_clip(clip)]
        found = iter(self._batches.map(lambda batch: self._recognise(batch, decoding), pieces))
        return [_join_pieces([next(found) for _ in _split_clip(clip)]) for clip in clips]

    @cached_property
    def _model(self) -> Any:
        return load_model(self.weights, self.device)

    @cached_property
    def _prompt(self) -> list[int]:
        from whisper.tokenizer import get_tokenizer

        tokenizer = get_tokenizer(
            self._model.is_multilingual, num_languages=self._model.num_languages
        )
        words = self.options.lexicon
        budget = self._model.dims.n_text_ctx // 2 - 1
        tokens, fitting = prompt_tokens(tokenizer, self.options.prompt, words, budget)
        if fitting < len(words):
            self.options.announce(
                f"the first {fitting} of {len(words)} words of the lexicon fit into the prompt"
            )
        return tokens

    def _decoding(self, language: str | None) -> Decoding:
        return Decoding(
            language=language,
            prompt=self._prompt,
            temperatures=self.options.temperatures,
            beam_size=self.options.beam_size,
            max_tokens=self.options.max_tokens,
            fp16=self.fp16,
        )

    def _recognise(self, pieces: Sequence[Wave], decoding: Decoding) -> list[Recognition]:
        results = decode(self._model, pieces, decoding)
        return [
            Recognition(
                text=result.text,
                language=result.language,
                avg_logprob=result.avg_logprob,
                no_speech_prob=result.no_speech_prob,
                compression_ratio=result.compression_ratio,
                words=align_words(self._model, result, len(piece)) if self.options.words else None,
            )
            for result, piece in zip(results, pieces, strict=True)
        ]


def _split_clip(clip: Wave) -> list[Wave]:
    from whisper.audio import N_SAMPLES

    return [clip[start : start + N_SAMPLES] for start in range(0, max(len(clip), 1), N_SAMPLES)]


def _join_pieces(pieces: Sequence[Recognition]) -> Recognition:
    """Merge the recognitions of a clip's pieces, with the worst scores."""
    return Recognition(
        text=" ".join(piece.text for piece in pieces if piece.text),
        language=pieces[0].language,
        avg_logprob=_worst(min, [piece.avg_logprob for piece in pieces]),
        no_speech_prob=_worst(min, [piece.no_speech_prob for piece in pieces]),
        compression_ratio=_worst(max, [piece.compression_ratio for piece in pieces]),
        words=_join_words(pieces),
    )


def _join_words(pieces: Sequence[Recognition]) -> list[Word] | None:
    from whisper.audio import CHUNK_LENGTH

    if pieces[0].words is None:
        return None
    return [
        replace(word, start=word.start + offset, end=word.end + offset)
        for number, piece in enumerate(pieces)
        for offset in [number * CHUNK_LENGTH]
        for word in piece.words or ()
    ]


def _worst(which: Any, values: Sequence[float | None]) -> float | None:
    worst = which(value for value in values if value is not None)
    return round(worst, 4) if math.isfinite(worst) else None
