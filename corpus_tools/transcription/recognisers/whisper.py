"""openai-whisper as a recogniser: loading, prompt, batched clips without context between them."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.transcription.recognisers.base import RecogniserOptions, Recognition, Word
from corpus_tools.transcription.recognisers.batching import Batches
from corpus_tools.transcription.recognisers.whisper_decoding import Decoding, decode, encode
from corpus_tools.transcription.recognisers.whisper_timing import align_words
from corpus_tools.transcription.recognisers.whisper_weights import (
    Weights,
    check_checkpoint,
    find_weights,
    official_name,
)
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.languages import language_family, language_tag
from manifests.storage.store import fingerprint

__all__ = [
    "WhisperRecogniser",
    "join_pieces",
    "language_code",
    "load_model",
    "prompt_tokens",
    "resolve_device",
    "split_clip",
    "use_half_precision",
]


def resolve_device(device: str, gpus: Callable[[], int] | None = None) -> str:
    """Return the device (``auto``: a GPU if there is one); ConfigurationError if it is missing.

    ``gpus`` counts those that can be used, by default those of PyTorch.
    """
    import torch

    count = gpus or torch.cuda.device_count
    if device == "auto":
        return "cuda" if count() else "cpu"
    kind, _, number = device.partition(":")
    if kind not in ("cpu", "cuda") or (number and not number.isdecimal()):
        raise ConfigurationError(f"no device '{device}'; expected auto, cpu, cuda or cuda:N")
    if kind == "cuda" and int(number or 0) >= count():
        raise ConfigurationError(
            f"no device '{device}': this machine has {count()} usable GPUs; use --device cpu"
        )
    return device


def use_half_precision(requested: bool | None, device: str) -> bool:
    """Return whether to use half precision, by default on a GPU; ConfigurationError on a CPU."""
    on_gpu = device.startswith("cuda")
    if requested and not on_gpu:
        raise ConfigurationError("--fp16 needs a GPU; leave it out, or give --device cuda")
    return on_gpu if requested is None else requested


def load_model(weights: Weights, device: str) -> Any:
    """Load the model of a validated checkpoint.

    Official models, recognised by their hash, get Whisper's alignment heads, others those that the
    checkpoint names (``alignment_heads``: pairs of layer and head), else all heads in the upper
    half of the decoder. Raise DataError if the checkpoint is invalid.
    """
    import torch
    import whisper

    heads = check_checkpoint(weights.path)
    try:
        # by path, since whisper may download a model given by name
        model = whisper.load_model(str(weights.path), device="cpu")
        if (name := official_name(weights.sha256)) is not None:
            model.set_alignment_heads(whisper._ALIGNMENT_HEADS[name])
        elif heads:
            mask = torch.zeros(model.dims.n_text_layer, model.dims.n_text_head, dtype=torch.bool)
            mask[[layer for layer, _ in heads], [head for _, head in heads]] = True
            model.register_buffer("alignment_heads", mask.to_sparse(), persistent=False)
    except (RuntimeError, TypeError, KeyError, ValueError, IndexError) as error:
        reason = " ".join(str(error).split())[:_MAX_MESSAGE]
        raise DataError(
            f"{weights.path}: its weights don't fit its dims ({reason}); download it again"
        ) from error
    if not all(bool(torch.isfinite(weight).all()) for weight in model.state_dict().values()):
        raise DataError(f"{weights.path}: has weights that aren't finite; download it again")
    try:
        return model.to(device).eval()
    except torch.OutOfMemoryError as error:
        raise ConfigurationError(
            f"{weights.name} doesn't fit into the GPU's memory; use a smaller model or --device cpu"
        ) from error


_MAX_MESSAGE = 300  # characters of torch's error message


def language_code(model: Any, language: str | None) -> str | None:
    """Return Whisper's code of a language (``zh`` for ``cmn``), or raise ConfigurationError."""
    from whisper.tokenizer import LANGUAGES

    if language is None:
        return None if model.is_multilingual else "en"
    known = list(LANGUAGES)[: model.num_languages] if model.is_multilingual else ["en"]
    own = (language_tag(language) or language).lower().split("-")[0]
    codes = (own, _CODES.get(own, own), language_family(own))
    code = next((code for code in codes if code in known), None)
    if code is None:
        raise ConfigurationError(
            f"this Whisper model doesn't support the language '{language}'; give one of its "
            f"{len(known)} codes, such as {', '.join(known[:3])}, or auto to have it detected"
        )
    return code


_CODES = {"jv": "jw", "fil": "tl"}
"""Codes of Whisper that aren't those of BCP 47."""


def prompt_tokens(
    tokenizer: Any, prompt: str | None, lexicon: Sequence[str], budget: int
) -> tuple[list[int], int]:
    """Return the tokens of the prompt (at most ``budget``), and the number of lexicon words in it.

    Whisper uses at most half of its context for the prompt and keeps the prompt's end. The user's
    text therefore comes last, after the first, most important words of the lexicon.
    """
    own = _encoded(tokenizer, " " + prompt.strip()) if prompt else []
    separator = "、" if any(_HAN.search(word) for word in lexicon) else ", "
    tokens: list[int] = []
    for count, word in enumerate(lexicon):
        more = _encoded(tokenizer, f"{word}{separator}")
        if len(tokens) + len(more) + len(own) > budget:
            return (tokens + own)[-budget:], count
        tokens += more
    return (tokens + own)[-budget:], len(lexicon)


def _encoded(tokenizer: Any, text: str) -> list[int]:
    tokens: list[int] = tokenizer.encode(text, disallowed_special=())  # "<|zh|>" is text, too
    return tokens


_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


DEFAULT_MODEL = "large-v3"

_CONTEXT = 448  # tokens
_PROMPT_TOKENS = _CONTEXT // 2 - 1

Wave = NDArray[np.float32]


class WhisperRecogniser:
    """Whisper recogniser, which loads the model at the first clip.

    ``options.model`` is an official name or the path of a checkpoint, by default large-v3. Raise
    ConfigurationError if the device doesn't exist or doesn't support half precision, DataError if
    the model isn't available.
    """

    def __init__(self, options: RecogniserOptions) -> None:
        self.options = options
        self.device = resolve_device(options.device, self._gpus)
        self.fp16 = use_half_precision(options.fp16, self.device)
        model = options.model or DEFAULT_MODEL
        self.weights = self._find(model, options.download, options.announce)
        self._batches = Batches(options.batch_size, options.announce)

    _gpus: Callable[[], int] | None = None
    _find = staticmethod(find_weights)

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.weights.name

    @property
    def parameters(self) -> dict[str, Any]:
        """Inputs of the texts, JSON-ready."""
        return {
            "weights": self.weights.sha256,
            **self._software(),
            "prompt": self.options.prompt,
            "lexicon": fingerprint(self.options.lexicon)[:16],
            "temperatures": list(self.options.temperatures),
            "beam_size": self.options.beam_size,
            "max_tokens": self.options.max_tokens,
        }

    def _software(self) -> dict[str, Any]:
        import whisper

        return {"whisper": whisper.__version__, "fp16": self.fp16}

    def transcribe(self, clips: Sequence[Wave], language: str | None) -> list[Recognition]:
        """Transcribe clips, padded with silence to Whisper's 30 s or divided into pieces.

        Raise ConfigurationError if the language isn't supported or GPU memory is too small,
        DataError if the checkpoint is invalid.
        """
        decoding = self._decoding(language_code(self._model, language))
        pieces = [piece for clip in clips for piece in split_clip(clip)]
        found = iter(self._batches.map(lambda batch: self._recognise(batch, decoding), pieces))
        return [join_pieces([next(found) for _ in split_clip(clip)]) for clip in clips]

    def align(
        self, waves: Sequence[Wave], texts: Sequence[str], language: str | None
    ) -> list[list[Word] | None]:
        """Return the words of known texts of windows of up to 30 s, with times and probabilities.

        The text is read by the decoder as if it had written it. Joined, the words are a space and
        the text. A text with more tokens than the model reads has none. Errors as in `transcribe`.
        """
        code = language_code(self._model, language)
        pairs = list(zip(waves, texts, strict=True))
        return self._batches.map(
            lambda batch: [self._align(wave, text, code) for wave, text in batch], pairs
        )

    def _align(self, wave: Wave, text: str, code: str | None) -> list[Word] | None:
        from whisper.decoding import DecodingResult

        (features,), (language,) = self._encode([wave], code)
        tokenizer = self._tokenizer(language)
        tokens = _encoded(tokenizer, f" {text}")
        if len(tokens) > _CONTEXT - len(tokenizer.sot_sequence) - 2:
            return None
        return self._words(DecodingResult(features, language, tokens=tokens), wave)

    def _encode(self, pieces: Sequence[Wave], code: str | None) -> tuple[Any, list[str]]:
        """Return the encoder's output for pieces, and the language of each."""
        features = encode(self._model, pieces, self.fp16)
        if code is not None:
            return features, [code] * len(pieces)
        return features, [
            max(found, key=lambda language: found[language])
            for found in self._model.detect_language(features)[1]
        ]

    def _tokenizer(self, language: str) -> Any:
        from whisper.tokenizer import get_tokenizer

        return get_tokenizer(
            self._model.is_multilingual,
            num_languages=self._model.num_languages,
            language=language,
            task="transcribe",
        )

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
        tokens, fitting = prompt_tokens(tokenizer, self.options.prompt, words, _PROMPT_TOKENS)
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
        results = self._decode(pieces, decoding)
        return [
            Recognition(
                text=result.text,
                language=result.language,
                avg_logprob=result.avg_logprob,
                no_speech_prob=result.no_speech_prob,
                compression_ratio=result.compression_ratio,
                words=self._words(result, piece) if self.options.words else None,
            )
            for result, piece in zip(results, pieces, strict=True)
        ]

    def _decode(self, pieces: Sequence[Wave], decoding: Decoding) -> list[Any]:
        return decode(self._model, pieces, decoding)

    def _words(self, result: Any, piece: Wave) -> list[Word]:
        return align_words(self._model, result, len(piece))


def split_clip(clip: Wave) -> list[Wave]:
    """Return the pieces of at most 30 s that a clip is recognised in."""
    from whisper.audio import N_SAMPLES

    return [clip[start : start + N_SAMPLES] for start in range(0, max(len(clip), 1), N_SAMPLES)]


def join_pieces(pieces: Sequence[Recognition]) -> Recognition:
    """Merge the recognitions of a clip's pieces, with the worst scores."""
    return Recognition(
        text=" ".join(piece.text for piece in pieces if piece.text),
        language=pieces[0].language,
        avg_logprob=_worst(min, [piece.avg_logprob for piece in pieces]),
        no_speech_prob=_worst(min, [piece.no_speech_prob for piece in pieces]),
        compression_ratio=_worst(max, [piece.compression_ratio for piece in pieces]),
        words=_join_words(pieces),
        flags=tuple(dict.fromkeys(flag for piece in pieces for flag in piece.flags)),
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
    worst = which((value for value in values if value is not None), default=math.nan)
    return round(worst, 4) if math.isfinite(worst) else None
