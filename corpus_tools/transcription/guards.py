"""Flags on recognised text that is likely not what was said; they count characters, not words."""

import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from manifests.store import fingerprint

__all__ = ["FATAL", "Thresholds", "flag_text", "guards_version", "known_hallucinations"]

FATAL = frozenset(
    {"char_loop", "compression", "known_hallucination", "no_speech", "no_words", "too_fast"}
)
"""Flags that empty a transcript's ``text``; its ``text_raw`` always stays."""

_ALGORITHM = 1  # raised whenever the same text would get other flags


@dataclass(frozen=True)
class Thresholds:
    """Where a text becomes doubtful.

    Attributes:
        max_rate: units a second, a unit being a Chinese character or three letters of another
            script; fast Mandarin has 8 syllables a second.
        max_compression: bytes of the text over bytes of its zlib compression (Whisper's 2.4).
        max_no_speech: probability of no speech, which counts only where ``min_logprob`` isn't
            reached either (Whisper's 0.6).
        min_logprob: mean log-probability of the tokens (Whisper's -1.0).
    """

    max_rate: float = 12.0
    max_compression: float = 2.4
    max_no_speech: float = 0.6
    min_logprob: float = -1.0


def flag_text(
    text: str,
    seconds: float,
    avg_logprob: float | None = None,
    no_speech_prob: float | None = None,
    thresholds: Thresholds = Thresholds(),
) -> list[str]:
    """Return the names of what is doubtful about a recognised text, sorted.

    ``char_loop``: a stretch comes again and again, without end.
    ``compression``: the text repeats itself more than speech does.
    ``known_hallucination``: what Whisper invents for silence: credits, thanks for watching.
    ``low_logprob``: the recogniser itself was unsure; the text is kept.
    ``no_speech``: the recogniser heard no speech and was unsure of the text.
    ``no_words``: nothing but punctuation, or a remark in brackets.
    ``too_fast``: more than anybody says in that time.

    Args:
        text: as recognised.
        seconds: length of the clip.
        avg_logprob: mean log-probability of the tokens, None if the recogniser has none.
        no_speech_prob: probability that there is no speech, None if it has none.
        thresholds: where to draw the lines.

    Example:
        >>> flag_text("谢谢观看", 4.0), flag_text("谢谢你哦", 4.0)
        (['known_hallucination'], [])
        >>> flag_text("啊好" * 30, 4.0)
        ['char_loop', 'compression', 'too_fast']
    """
    unsure = avg_logprob is not None and avg_logprob < thresholds.min_logprob
    certain = avg_logprob is not None and not unsure
    silent = no_speech_prob is not None and no_speech_prob > thresholds.max_no_speech
    spoken = _letters(_BRACKETED.sub("", text))
    flags = {
        "char_loop": _LOOP.search(_letters(text)) is not None,
        "compression": _compression(text) > thresholds.max_compression,
        "known_hallucination": any(phrase in _letters(text) for phrase in known_hallucinations()),
        "low_logprob": unsure,
        "no_speech": silent and not certain,
        "no_words": not spoken,
        "too_fast": _units(spoken) > thresholds.max_rate * seconds,
    }
    return [name for name, raised in flags.items() if raised]


def guards_version() -> str:
    """Return what identifies the rules: their algorithm and the list of known hallucinations."""
    return fingerprint([_ALGORITHM, sorted(known_hallucinations())])[:16]


@lru_cache(maxsize=1)
def known_hallucinations() -> Sequence[str]:
    """Return phrases that speech models invent for silence, letters only, in lower case."""
    text = files("corpus_tools.transcription").joinpath("data", "hallucinations.txt")
    return tuple(_letters(line) for line in text.read_text(encoding="utf-8").splitlines() if line)


_LOOP = re.compile(r"(.)\1{14,}|(..)\2{7,}|(...)\3{5,}|(.{4,6})\4{3,}|(.{7,40}?)\5{2,}")
_BRACKETED = re.compile(r"\([^)]*\)|（[^）]*）|\[[^\]]*\]|【[^】]*】|[♪♫][^♪♫]*[♪♫]?")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


def _letters(text: str) -> str:
    return "".join(one.lower() for one in text if unicodedata.category(one)[0] in "LMN")


def _units(letters: str) -> float:
    han = len(_HAN.findall(letters))
    return han + (len(letters) - han) / 3


def _compression(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0
