"""faster-whisper as a recogniser: Whisper in CTranslate2, with the same windows, prompt and words.

Only the network runs in CTranslate2, in int8 on a CPU and float16 on a GPU; all else is that of
`WhisperRecogniser`. CTranslate2's sampling can't be seeded for each piece, so a doubtful text is
searched again with beams instead of at a higher temperature.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.transcription.recognisers.base import RecogniserOptions, Word
from corpus_tools.transcription.recognisers.ctranslate2_weights import check_folder, find_folder
from corpus_tools.transcription.recognisers.whisper import WhisperRecogniser
from corpus_tools.transcription.recognisers.whisper_decoding import Decoding, with_fallback
from corpus_tools.transcription.recognisers.whisper_timing import timed_words
from manifests.base.errors import ConfigurationError, DataError
from manifests.storage.store import sha256_file

__all__ = ["FasterWhisperRecogniser"]

Wave = NDArray[np.float32]


class FasterWhisperRecogniser(WhisperRecogniser):
    """Recogniser with CTranslate2, which loads the model at the first clip.

    ``options.model`` is a name that faster-whisper knows or a converted folder, by default
    large-v3. Of the temperatures only counts whether there is more than the first, which must be 0.
    Raise ConfigurationError if a package or the device is missing, DataError if the model isn't
    available.
    """

    _find = staticmethod(find_folder)

    def __init__(self, options: RecogniserOptions) -> None:
        try:
            import ctranslate2
            import faster_whisper  # noqa: F401 - whether it is there
        except ImportError as error:
            raise ConfigurationError(
                f"recogniser faster-whisper needs the package {error.name}; run: pip install "
                f"'corpus-tools[faster]'"
            ) from error
        if options.temperatures[0] != 0:
            raise ConfigurationError(
                "temperatures must begin with 0 with faster-whisper, as its sampling can't be "
                "repeated; give 0 first, or use --recogniser whisper"
            )
        self._gpus = ctranslate2.get_cuda_device_count
        super().__init__(options)
        self.compute_type = (
            "float16"
            if self.fp16
            else "int8"
            if options.fp16 is None and self.device == "cpu"
            else "float32"
        )

    def _software(self) -> dict[str, Any]:
        import ctranslate2

        return {
            "ctranslate2": ctranslate2.__version__,
            "compute_type": self.compute_type,
            "config": sha256_file(self.weights.path / "config.json"),
        }

    @cached_property
    def _model(self) -> Any:
        import ctranslate2
        import torch

        check_folder(self.weights.path)
        kind, _, number = self.device.partition(":")
        try:
            return ctranslate2.models.Whisper(
                str(self.weights.path),
                device=kind,
                device_index=int(number or 0),
                compute_type=self.compute_type,
                intra_threads=torch.get_num_threads(),
            )
        except (RuntimeError, ValueError, MemoryError) as error:
            if _is_memory(error):
                raise ConfigurationError(
                    f"{self.weights.name} doesn't fit into the GPU's memory; use a smaller model "
                    f"or --device cpu"
                ) from error
            reason = " ".join(str(error).split())[:_MAX_MESSAGE]
            raise DataError(
                f"{self.weights.path}: CTranslate2 can't load it ({reason}); convert or copy it "
                f"again"
            ) from error

    def _encode(self, pieces: Sequence[Wave], code: str | None) -> tuple[Any, list[str]]:
        import whisper

        mels = np.stack(
            [
                whisper.log_mel_spectrogram(whisper.pad_or_trim(piece), self._model.n_mels).numpy()
                for piece in pieces
            ]
        )
        encoded = np.asarray(self._model.encode(_stored(mels), to_cpu=True))
        return encoded, self._languages(encoded, code)

    def _align(self, wave: Wave, text: str, code: str | None) -> list[Word] | None:
        import torch

        try:
            return super()._align(wave, text, code)
        except RuntimeError as error:
            if _is_memory(error):
                raise torch.OutOfMemoryError(str(error)) from error
            raise

    def _decode(self, pieces: Sequence[Wave], decoding: Decoding) -> list[Any]:
        import torch

        try:
            encoded, languages = self._encode(pieces, decoding.language)
            beams = decoding.beam_size or 1
            results = self._search(encoded, languages, decoding, beams)
            return with_fallback(
                results,
                pieces,
                _FALLBACKS if len(decoding.temperatures) > 1 else (),
                lambda index, unrepeated: self._search(
                    encoded[index : index + 1],
                    languages[index : index + 1],
                    decoding,
                    max(beams, _FALLBACK_BEAMS),
                    unrepeated,
                )[0],
            )
        except RuntimeError as error:
            if _is_memory(error):
                raise torch.OutOfMemoryError(str(error)) from error
            raise

    def _languages(self, encoded: NDArray[Any], language: str | None) -> list[str]:
        if language is not None:
            return [language] * len(encoded)
        found = self._model.detect_language(_stored(encoded))
        return [ranking[0][0].strip("<|>") for ranking in found]

    def _search(
        self,
        encoded: NDArray[Any],
        languages: Sequence[str],
        decoding: Decoding,
        beams: int,
        unrepeated: int = 0,
    ) -> list[Any]:
        """Decode pieces together; no run of ``unrepeated`` tokens occurs twice, 0 for any."""
        from whisper.decoding import DecodingResult
        from whisper.utils import compression_ratio

        tokenizers = [self._tokenizer(language) for language in languages]
        starts = [[*one.sot_sequence, one.no_timestamps] for one in tokenizers]
        if decoding.prompt:
            starts = [
                [one.sot_prev, *decoding.prompt, *start]
                for one, start in zip(tokenizers, starts, strict=True)
            ]
        most = decoding.max_tokens or _CONTEXT
        found = self._model.generate(
            _stored(encoded),
            starts,
            beam_size=beams,
            no_repeat_ngram_size=unrepeated,
            # CTranslate2 stops at half of it, and counts the prompt as well
            max_length=min(max(2 * most, most + len(starts[0]) - 1), _CONTEXT),
            suppress_tokens=_suppressed(tokenizers[0]),
            return_scores=True,
            return_no_speech_prob=True,
        )
        results = []
        for features, one, language, result in zip(
            encoded, tokenizers, languages, found, strict=True
        ):
            given = result.sequences_ids[0]
            tokens = [token for token in given if token < one.eot]
            text = one.decode(tokens).strip()
            results.append(
                DecodingResult(
                    audio_features=features,
                    language=language,
                    tokens=tokens,
                    text=text,
                    # the mean of CTranslate2 leaves the end of the text out, Whisper's counts it
                    avg_logprob=result.scores[0] * len(given) / (len(given) + 1),
                    no_speech_prob=result.no_speech_prob,
                    temperature=0.0,
                    compression_ratio=compression_ratio(text),
                )
            )
        return results

    def _words(self, result: Any, piece: Wave) -> list[Word]:
        from whisper.audio import N_SAMPLES_PER_TOKEN

        if not result.tokens:
            return []
        tokenizer = self._tokenizer(result.language)
        frames = max(math.ceil(len(piece) / N_SAMPLES_PER_TOKEN), _FEWEST_FRAMES)
        (found,) = self._model.align(
            _stored(result.audio_features[None]),
            list(tokenizer.sot_sequence),
            [result.tokens],
            [2 * frames],
        )
        begins = np.full(len(result.tokens) + 1, frames)
        for token, frame in reversed(found.alignments):
            begins[token] = frame
        logprobs = np.log(np.maximum(found.text_token_probs, _SMALLEST)).tolist()
        padded = np.pad(piece, (0, max(frames * N_SAMPLES_PER_TOKEN - len(piece), 0)))
        levels = np.abs(padded.reshape(frames, -1)).mean(axis=1, dtype=np.float64)
        seen = np.broadcast_to(levels, (len(result.tokens) + 1, frames))
        return timed_words(tokenizer, result.tokens, begins, logprobs, seen)


def _stored(values: NDArray[Any]) -> Any:
    import ctranslate2

    return ctranslate2.StorageView.from_array(np.ascontiguousarray(values))


def _suppressed(tokenizer: Any) -> list[int]:
    """Return the tokens that openai-whisper suppresses by default."""
    special = (
        *(tokenizer.transcribe, tokenizer.translate, tokenizer.sot, tokenizer.sot_prev),
        *(tokenizer.sot_lm, tokenizer.no_speech),
    )
    return sorted({*tokenizer.non_speech_tokens, *special})


def _is_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or "out of memory" in str(error)


_FALLBACKS = (0, 3)  # tokens of a run that may not come again
_FALLBACK_BEAMS = 5
_CONTEXT = 448
_FEWEST_FRAMES = 8  # more than the median filter's width
_SMALLEST = 1e-10
_MAX_MESSAGE = 300  # characters of CTranslate2's error message
