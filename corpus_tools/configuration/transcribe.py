"""Section [transcribe] of corpus.toml."""

from typing import Literal

from pydantic import Field, field_validator

from manifests.base.languages import find_language
from manifests.base.settings import Settings

__all__ = ["EMPTYING", "Flag", "TranscribeSettings"]

Flag = Literal[
    "char_loop",
    "compression",
    "improbable",
    "known_hallucination",
    "low_logprob",
    "no_speech",
    "no_words",
    "prompt_echo",
    "repeated_text",
    "too_fast",
]
"""Flags of the guards."""

EMPTYING: tuple[Flag, ...] = (
    "char_loop",
    "compression",
    "improbable",
    "known_hallucination",
    "no_speech",
    "no_words",
    "prompt_echo",
    "repeated_text",
    "too_fast",
)
"""Flags that empty a transcript's ``text`` by default; its ``text_raw`` is always kept."""


class TranscribeSettings(Settings):
    """Settings of transcription.

    Attributes:
        recogniser: ``whisper``, ``faster-whisper`` (in the extra ``faster``), ``funasr``
            (Paraformer and SenseVoice, in the extra ``funasr``), or one that another package
            installs.
        model: model of the recogniser; for Whisper a name (by default large-v3) or the path of a
            checkpoint, for faster-whisper a name or a folder converted for CTranslate2, for funasr
            a name on ModelScope (by default paraformer-zh) or a folder downloaded from there.
        language: spoken language, by code or name, e.g. ``zh``; ``auto`` detects that of each clip;
            by default that of [corpus].
        device: ``cpu``, ``cuda``, ``cuda:1`` …; ``auto`` uses a GPU if there is one.
        fp16: half precision; by default on a GPU only, where faster-whisper without it, and on a
            CPU with false, computes in float32, by default on a CPU in int8.
        context: ``clip`` transcribes each clip alone; ``window`` transcribes the clips of a source
            together, up to 30 s at once, which is faster and gives word times; by default
            ``window`` with Whisper and faster-whisper, and ``clip`` with other recognisers.
        align: whether to find when the words of subtitles are spoken, with Whisper or
            faster-whisper, so that they go to the right clips where a line is early, late or cut.
        prompt: text that sets the recogniser's style and vocabulary, e.g. names.
        lexicon: expected words: ``sichuan`` for the bundled ones, or a file with one word per line.
        temperatures: tried in turn until a text is neither repetitive nor improbable.
        beam_size: beams at temperature 0; by default greedy decoding.
        max_tokens: maximum tokens of a clip's text; by default the model's own limit.
        batch_size: clips or windows decoded at once; halved if GPU memory runs out.
        max_rate: flags ``too_fast`` above this many Chinese characters (or letters / 3) a second.
        max_compression: flags ``compression`` above this ratio of a text's characters (or words)
            to the new pieces it is made of.
        max_no_speech: flags ``no_speech`` above this probability, unless the log-probability is at
            least half of ``min_logprob``.
        min_logprob: flags ``low_logprob`` below this mean log-probability of the tokens.
        empty_logprob: flags ``improbable``, which empties a text, below this one.
        max_repeats: flags ``repeated_text`` if more clips of a source than this have the same text
            of five characters or more, in those with a log-probability below ``min_logprob``.
        hallucinations: file in the corpus folder with further texts that the recogniser
            hallucinates, one phrase per line.
        emptying_flags: flags that empty a text; the raw text is always kept.
    """

    recogniser: str = "whisper"
    model: str | None = None
    language: str | None = None
    device: str = "auto"
    fp16: bool | None = None
    context: Literal["clip", "window"] | None = None
    align: bool = False
    prompt: str | None = None
    lexicon: str | None = None
    temperatures: tuple[float, ...] = Field((0.0, 0.2, 0.4, 0.6, 0.8, 1.0), min_length=1)
    beam_size: int | None = Field(None, ge=1)
    max_tokens: int | None = Field(None, ge=1, le=224)
    batch_size: int = Field(8, ge=1)
    max_rate: float = Field(12.0, gt=0)
    max_compression: float = Field(2.4, gt=0)
    max_no_speech: float = Field(0.6, ge=0, le=1)
    min_logprob: float = Field(-1.0, le=0)
    empty_logprob: float = Field(-2.0, le=0)
    max_repeats: int = Field(4, ge=1)
    hallucinations: str | None = None
    emptying_flags: tuple[Flag, ...] = EMPTYING

    @field_validator("language")
    @classmethod
    def _code(cls, given: str | None) -> str | None:
        if given is None or given.strip().lower() in _DETECT:
            return given and DETECT
        return find_language(given).code

    @property
    def used_context(self) -> Literal["clip", "window"]:
        """The context, given or by default."""
        return self.context or ("window" if self.recogniser in _WITH_WORDS else "clip")

    def language_in(self, corpus: str) -> str | None:
        """Return the code of the language to recognise in a corpus's, None to detect it."""
        return None if self.language == DETECT else self.language or corpus


DETECT = "auto"
_WITH_WORDS = ("whisper", "faster-whisper")  # times of words, which windows need
_DETECT = (DETECT, "automatic", "detect", "自动")
