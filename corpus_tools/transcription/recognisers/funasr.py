"""FunASR's Paraformer and SenseVoice as a recogniser: word times, hotwords, sounds as flags."""

import io
import logging
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.transcription.recognisers.base import RecogniserOptions, Recognition, Word
from corpus_tools.transcription.recognisers.batching import Batches
from corpus_tools.transcription.recognisers.funasr_folder import (
    find_folder,
    missing_tensors,
    read_checkpoint,
)
from corpus_tools.transcription.recognisers.whisper import (
    join_pieces,
    resolve_device,
    split_clip,
)
from manifests.base.errors import ConfigurationError, CorpusError, DataError
from manifests.base.languages import language_family, language_tag
from manifests.base.outcome import listed
from manifests.storage.records import Sound
from manifests.storage.store import fingerprint

__all__ = ["OTHER_LANGUAGE", "ROUGH_TIMES", "FunasrRecogniser", "read_tags", "time_words"]

Wave = NDArray[np.float32]

OTHER_LANGUAGE = "other_language"
"""Flag of a text in which SenseVoice finds another language than the one given."""

ROUGH_TIMES = "rough_times"
"""Flag of a text of which FunASR gave no usable word times, so that the time was divided evenly."""


class FunasrRecogniser:
    """Recogniser with FunASR, which loads the model at the first clip.

    ``options.model`` is a folder or a name on ModelScope, by default paraformer-zh. Words of the
    lexicon are hotwords, where the model takes them; the prompt, beams and temperatures don't
    apply. Clips are recognised one by one, as FunASR leaves out those without speech. Raise
    ConfigurationError if the package or the device is missing, DataError if the model isn't
    available.
    """

    def __init__(self, options: RecogniserOptions) -> None:
        self._version = _installed_version()
        if options.fp16:
            raise ConfigurationError(
                "recogniser funasr computes in single precision only; leave --fp16 out"
            )
        self.options = options
        self.device = resolve_device(options.device)
        self.folder = find_folder(
            options.model or DEFAULT_MODEL, options.download, options.announce
        )
        self._batches = Batches(1, options.announce)
        self._is_sensevoice = self.folder.kind == "SenseVoiceSmall"
        if options.prompt:
            options.announce(f"{self.name} takes no prompt; it is left out")
        if options.lexicon and not self.folder.takes_hotwords:
            options.announce(f"{self.name} takes no expected words; the lexicon is left out")
        if options.words and self._is_sensevoice:
            options.announce(
                f"{self.name} tells sounds such as music and laughter of a whole window, not of a "
                f"clip, so texts get no flags for them; use --context clip to have them"
            )

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.folder.name

    @property
    def parameters(self) -> dict[str, Any]:
        """Inputs of the texts, JSON-ready."""
        return {
            "weights": self.folder.sha256,
            "files": self.folder.files,
            "funasr": self._version,
            "lexicon": fingerprint(self._hotwords)[:16],
        }

    def transcribe(self, clips: Sequence[Wave], language: str | None) -> list[Recognition]:
        """Transcribe clips one by one, those of more than 30 s in pieces.

        Raise ConfigurationError if the language isn't supported or GPU memory is too small,
        DataError if the model's files are invalid.
        """
        code = self._language_code(language)
        pieces = [piece for clip in clips for piece in split_clip(clip)]
        found = iter(
            self._batches.map(lambda batch: [self._recognise(one, code) for one in batch], pieces)
        )
        return [join_pieces([next(found) for _ in split_clip(clip)]) for clip in clips]

    @property
    def _hotwords(self) -> Sequence[str]:
        return self.options.lexicon if self.folder.takes_hotwords else ()

    @cached_property
    def _languages(self) -> Sequence[str]:
        """The codes of the languages that the model writes, the usual one first."""
        if self._is_sensevoice:
            return _SENSEVOICE_LANGUAGES
        written = self.folder.arguments["tokenizer_conf"].get("token_list")
        if written is None:  # a sentencepiece model, in which no language is readable
            return ("zh", "en")
        tokens = Path(written)
        if not _HAN.search(_unescaped(tokens.read_text(encoding="utf-8", errors="replace"))):
            return ("en",)
        return ("yue",) if _CANTONESE.search(self.folder.path.name.lower()) else ("zh",)

    def _language_code(self, language: str | None) -> str | None:
        known = self._languages
        if language is None:
            return None if self._is_sensevoice else known[0]
        own = (language_tag(language) or language).lower().split("-")[0]
        code = next((one for one in (own, language_family(own)) if one in known), None)
        if code is None:
            raise ConfigurationError(
                f"{self.name} doesn't support the language '{language}'; give "
                f"{' or '.join(f'--language {one}' for one in known)} (Sichuanese is zh), or use "
                f"another model"
            )
        return code

    @cached_property
    def _model(self) -> Any:
        there = read_checkpoint(self.folder.path / "model.pt")
        with _quiet():
            import torch
            from funasr import AutoModel

            arguments: dict[str, Any] = {
                **self.folder.arguments,
                "trust_remote_code": False,
                "disable_update": True,
                "disable_pbar": True,
                "ncpu": torch.get_num_threads(),  # else it sets four for the whole process
            }
            try:
                # its sizes first, in no memory, since FunASR fills what is missing by chance
                with torch.device("meta"):
                    wanted, _ = AutoModel.build_model(**_copied(arguments), device="meta")
                shapes = {name: tuple(one.shape) for name, one in wanted.state_dict().items()}
                missing = missing_tensors(shapes, there)
                if len(missing) > _MOST_MISSING * len(shapes):
                    raise DataError(
                        f"{self.folder.path}: model.pt doesn't fit config.yaml ({len(missing)} of "
                        f"{len(shapes)} tensors are missing or have another shape: "
                        f"{listed(missing)}); copy or download the folder again"
                    )
                model = AutoModel(
                    **_copied(arguments),
                    init_param=str(self.folder.path / "model.pt"),
                    device=self.device,
                )
            except DataError:
                raise
            except Exception as error:
                if isinstance(error, torch.OutOfMemoryError):
                    raise ConfigurationError(
                        f"{self.name} doesn't fit into the GPU's memory; use --device cpu"
                    ) from error
                reason = " ".join(f"{type(error).__name__}: {error}".split())[:_MAX_MESSAGE]
                raise DataError(
                    f"{self.folder.path}: FunASR can't load it ({reason}); copy or download the "
                    f"folder again"
                ) from error
        if not all(bool(one.isfinite().all()) for one in model.model.state_dict().values()):
            raise DataError(
                f"{self.folder.path}: model.pt has weights that aren't finite; download it again"
            )
        if missing:
            self.options.announce(
                f"model.pt of {self.name} lacks {len(missing)} of {len(shapes)} tensors "
                f"({listed(missing)}), which FunASR fills by chance; look at some texts before you "
                f"use them"
            )
        return model

    def _recognise(self, piece: Wave, language: str | None) -> Recognition:
        padded = np.pad(piece, (0, max(_SHORTEST - len(piece), 0)))
        answer = self._answer(padded, language or "auto", self.options.words)
        seconds = len(piece) / _RATE
        if self._is_sensevoice:
            return self._with_tags(answer, language, seconds)
        tokens = str(answer.get("text", "")).split()
        text = _joined(tokens)
        words, flags = self._words(text, tokens, answer, seconds)
        return Recognition(text, language, words=words, flags=flags)

    def _answer(self, piece: Wave, language: str, times: bool) -> dict[str, Any]:
        import torch

        # FunASR takes hotwords that begin with http, or end with .txt, for an address
        hotwords = f" {' '.join(self._hotwords)} " if self._hotwords else None
        try:
            with _quiet():
                answers = self._model.generate(
                    input=piece,
                    key="clip",
                    hotword=hotwords,
                    language=language,
                    use_itn=False,
                    output_timestamp=times,
                    pred_timestamp=times,
                )
        except (CorpusError, torch.OutOfMemoryError):
            raise
        except Exception:
            if not times:
                raise
            # its times sometimes fail where it counts fewer tokens than it recognised
            return self._answer(piece, language, False)
        return answers[0] if answers else {}

    def _with_tags(self, answer: Any, language: str | None, seconds: float) -> Recognition:
        text, sounds, tagged = read_tags(str(answer.get("text", "")))
        strange = language is not None and tagged in _SENSEVOICE_LANGUAGES and tagged != language
        words, flags = self._words(text, answer.get("words") or (), answer, seconds)
        return Recognition(
            text,
            language or (tagged if tagged in _SENSEVOICE_LANGUAGES else None),
            no_speech_prob=1.0 if tagged == "nospeech" else None,
            words=words,
            flags=(
                *flags,
                *(() if self.options.words else sounds),
                *((OTHER_LANGUAGE,) if strange else ()),
            ),
        )

    def _words(
        self, text: str, tokens: Sequence[str], answer: Any, seconds: float
    ) -> tuple[list[Word] | None, Sequence[str]]:
        """Return the words, if wanted and if the model has times, and a flag for rough ones."""
        if not self.options.words or (text and self.folder.kind == "ContextualParaformer"):
            return None, ()
        return time_words(text, tokens, answer.get("timestamp") or (), seconds)


def read_tags(text: str) -> tuple[str, list[Sound], str | None]:
    """Return SenseVoice's text without its tags, the flags of sounds, and the tag of a language.

    The tag of an emotion is left out: whoever saw it would label by it. So is any other tag.

    Example:
        >>> read_tags("<|zh|><|HAPPY|><|Laughter|><|woitn|>要得 嘛")
        ('要得 嘛', ['laughter'], 'zh')
    """
    tags = _TAG.findall(text)
    languages = [tag for tag in tags if tag in (*_SENSEVOICE_LANGUAGES, "nospeech")]
    sounds = sorted({_SOUNDS[tag] for tag in tags if tag in _SOUNDS})
    return " ".join(_TAG.sub("", text).split()), sounds, languages[0] if languages else None


def time_words(
    text: str, tokens: Sequence[str], times: Sequence[Sequence[float]], seconds: float
) -> tuple[list[Word], Sequence[str]]:
    """Return a text's words, which joined are the text, with FunASR's times in milliseconds.

    If the tokens aren't those of the text, its characters and words stand for them. If there are
    more or fewer times than tokens, as FunASR sometimes has, the whole time is divided evenly, and
    the flag `ROUGH_TIMES` is returned too.

    Example:
        >>> words, flags = time_words("要得ok la", ["要", "得"], [[0, 200], [200, 900]], 1)
        >>> [word.text for word in words], flags
        (['要', '得', 'ok', ' la'], ('rough_times',))
    """
    slices = _slices(text, tokens) or [found.group() for found in _UNIT.finditer(text)]
    rough = len(times) != len(slices)
    if rough:
        first = float(times[0][0]) if times else 0.0
        last = float(times[-1][1]) if times else 1000 * seconds
        edges = np.linspace(first, max(first, last), len(slices) + 1).tolist()
        times = list(pairwise(edges))
    words = []
    for own, (start, end) in zip(slices, times, strict=True):
        begin, until = (min(max(float(time) / 1000, 0.0), seconds) for time in (start, end))
        words.append(Word(begin, max(begin, until), own))
    return words, (ROUGH_TIMES,) if rough and slices else ()


def _slices(text: str, tokens: Sequence[str]) -> list[str]:
    """Return the part of the text of each token, with the space before it; [] if they differ."""
    if "".join(tokens) != "".join(text.split()):
        return []
    slices, position = [], 0
    for token in tokens:
        end = position + len(text[position:]) - len(text[position:].lstrip()) + len(token)
        slices.append(text[position:end])
        position = end
    return slices


def _joined(tokens: Sequence[str]) -> str:
    """Return Paraformer's tokens as a text, with spaces between words of letters only."""
    text = ""
    for token in tokens:
        text += " " + token if _LETTER_END.search(text) and _LETTER_START.match(token) else token
    return text


def _installed_version() -> str:
    try:
        found = version("funasr")
    except PackageNotFoundError as error:
        raise ConfigurationError(
            "recogniser funasr needs the package funasr; run: pip install 'corpus-tools[funasr]'"
        ) from error
    if tuple(int(part) for part in re.findall(r"\d+", found)[:3]) < _OLDEST:
        raise ConfigurationError(
            f"recogniser funasr needs funasr {'.'.join(map(str, _OLDEST))} or later, not {found}; "
            f"run: pip install --upgrade 'corpus-tools[funasr]'"
        )
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what FunASR prints and logs out of the command's output, and its settings of logs."""
    root = logging.getLogger()
    level, handlers, disabled = root.level, root.handlers[:], root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(disabled)
        root.setLevel(level)
        root.handlers[:] = handlers


def _copied(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a copy for FunASR, which changes what it gets."""
    return {
        key: dict(value) if isinstance(value, dict) else value for key, value in arguments.items()
    }


def _unescaped(text: str) -> str:
    """Return a text in which JSON's escapes of Chinese characters are those characters."""
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found.group(1), 16)), text)


DEFAULT_MODEL = "paraformer-zh"
_OLDEST = (1, 4, 6)  # since when it needs no torchaudio
_RATE = 16_000
_SHORTEST = 1_600  # samples; FunASR's features need some frames
_MOST_MISSING = 0.1  # share of a model's tensors
_MAX_MESSAGE = 300  # characters of FunASR's error message
_SENSEVOICE_LANGUAGES = ("zh", "yue", "en", "ja", "ko")
_SOUNDS: dict[str, Sound] = {
    "Applause": "applause",
    "BGM": "music",
    "Breath": "breathing",
    "Cough": "coughing",
    "Cry": "crying",
    "Laughter": "laughter",
    "Sing": "singing",
    "Sneeze": "sneezing",
    "Speech_Noise": "noise",
}
_TAG = re.compile(r"<\|([^|<>]*)\|>")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_CANTONESE = re.compile(r"(?<![a-z])yue(?![a-z])|cantonese")
_UNIT = re.compile(r"\s*(?:[\u3040-\u30ff\u3400-\u9fff]|[^\s\u3040-\u30ff\u3400-\u9fff]+)")
_LETTER_END = re.compile(r"[^\W\d_\u3040-\u30ff\u3400-\u9fff]['’]?$")
_LETTER_START = re.compile(r"[^\W\d_\u3040-\u30ff\u3400-\u9fff]")
