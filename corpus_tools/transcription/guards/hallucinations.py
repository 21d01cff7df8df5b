"""Hallucinated texts: those that models write for silence, music and noise, and repetitions."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Self

from corpus_tools.transcription.text.normalise import simplify
from manifests.base.encodings import read_text
from manifests.base.errors import DataError

__all__ = [
    "KnownHallucinations",
    "has_loop",
    "letters_only",
    "redundancy",
    "repeated_texts",
    "units_of",
]


@dataclass(frozen=True)
class KnownHallucinations:
    """List of phrases, as written.

    A phrase matches anywhere in a text; ``*`` stands for up to 20 letters. A phrase after ``=``
    matches only if the text consists of it, once or repeated. ``#`` starts a comment. Width, case,
    accents, spaces, punctuation and traditional against simplified characters are ignored.
    """

    phrases: tuple[str, ...]

    @classmethod
    @lru_cache(maxsize=1)
    def bundled(cls) -> Self:
        """Return the bundled list."""
        text = files("corpus_tools.transcription.guards").joinpath("data", "hallucinations.txt")
        return cls._of(text.read_text(encoding="utf-8").splitlines(), "hallucinations.txt")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the bundled list and a file's phrases; DataError names the line of a bad one."""
        try:
            text = read_text(path)
        except OSError as error:
            raise DataError(
                f"{path}: list can't be read ({error.strerror}); correct [transcribe] "
                f"hallucinations in corpus.toml"
            ) from error
        own = cls._of(text.splitlines(), str(path))
        return cls((*cls.bundled().phrases, *own.phrases))

    def holds(self, text: str) -> bool:
        """Return whether a text is or contains a known hallucination.

        Example:
            >>> known = KnownHallucinations.bundled()
            >>> known.holds("請不吝點贊　訂閱"), known.holds("谢谢，谢谢大家！")
            (True, False)
        """
        key = same_text_key(text)
        return (
            any(_contains(key, parts) for parts in self._contained)
            or any(_repeats(key, whole) for whole in self._whole)
            or _ADDRESS.search(text) is not None
        )

    @classmethod
    def _of(cls, lines: Iterable[str], where: str) -> Self:
        phrases = []
        for number, line in enumerate(lines, start=1):
            phrase = line.partition("#")[0].strip()
            if not phrase:
                continue
            parts = _parts(phrase)
            least = 1 if phrase.startswith("=") else _SHORTEST
            if not all(parts) or sum(map(len, parts)) < least:
                raise DataError(
                    f"{where}, line {number}: {phrase[:40]!r} is too short to match anywhere in a "
                    f"text; give at least {_SHORTEST} letters, or put = before it to match whole "
                    f"texts only"
                )
            phrases.append(phrase)
        return cls(tuple(phrases))

    @cached_property
    def _contained(self) -> Sequence[Sequence[str]]:
        return [_parts(phrase) for phrase in self.phrases if not phrase.startswith("=")]

    @cached_property
    def _whole(self) -> Sequence[str]:
        return ["".join(_parts(phrase)) for phrase in self.phrases if phrase.startswith("=")]


def letters_only(text: str) -> str:
    """Return a text's letters, marks and digits in lower case."""
    return "".join(letter.lower() for letter in text if unicodedata.category(letter)[0] in "LMN")


def same_text_key(text: str) -> str:
    """Return a key that is the same for all spellings of a text.

    Example:
        >>> same_text_key("ＡＭＡＲＡ.org 社區，Sous-titrés")
        'amaraorg社区soustitres'
    """
    plain = unicodedata.normalize("NFKD", simplify(unicodedata.normalize("NFKC", text)))
    return letters_only(_ACCENTS.sub("", plain).casefold())


def _parts(phrase: str) -> list[str]:
    return [same_text_key(part) for part in phrase.removeprefix("=").split("*")]


def _contains(key: str, parts: Sequence[str]) -> bool:
    """Return whether the parts follow each other with gaps of at most ``_GAP`` letters."""
    first, *rest = parts
    start = key.find(first)
    while start >= 0:
        end = start + len(first)
        for part in rest:
            at = key.find(part, end, end + _GAP + len(part))
            if at < 0:
                break
            end = at + len(part)
        else:
            return True
        start = key.find(first, start + 1)
    return False


def _repeats(key: str, whole: str) -> bool:
    rounds, rest = divmod(len(key), len(whole))
    return rounds > 0 and rest == 0 and key == whole * rounds


_GAP = 20  # letters
_SHORTEST = 2  # letters
_ACCENTS = re.compile("[\u0300-\u036f]")
_ADDRESS = re.compile(r"https?://|\bwww\.|\w\.(?:com|org|net)\b|©", re.IGNORECASE)
"""Addresses and copyright signs, which occur in credits but not in speech."""


def has_loop(text: str) -> bool:
    """Return whether a stretch of a text is repeated in a row more often than in speech.

    The limit is 15 times for one letter, 8 for two, 6 for three, 4 for up to six, else 3.

    Example:
        >>> has_loop("谢谢大家" * 4), has_loop("哈哈哈哈哈哈，走走走！")
        (True, False)
    """
    return _LOOP.search(letters_only(text)[:_MAX_UNITS]) is not None


def units_of(text: str) -> list[str]:
    """Return the Chinese characters, kana and hangul of a text, and its words in other scripts.

    Example:
        >>> units_of("巴适得很，OK？Zażółć!")
        ['巴', '适', '得', '很', 'ok', 'zażółć']
    """
    return _UNIT.findall(text.lower())


def redundancy(text: str) -> float:
    """Return the number of units of a text per new piece; 1.0 means no repetition.

    Each piece is the longest one that occurred earlier in the text, plus one unit (the parsing of
    Lempel and Ziv, IEEE Trans. Inform. Theory 22(1), 1976). Byte compressors need hundreds of
    bytes; this measure works from twenty characters, in Chinese as in scripts with spaces. Texts of
    fewer than 16 units give 1.0, since speech has 对对对.

    Example:
        >>> redundancy("这个就是那个" * 4), redundancy("我今天早上吃了三碗担担面又喝了两碗豆浆")
        (3.4285714285714284, 1.1875)
    """
    units = units_of(text)[:_MAX_UNITS]
    if len(units) < _MIN_UNITS:
        return 1.0
    coded = "".join(map(chr, _ranks(units)))
    pieces = start = 0
    while start < len(coded):
        length = 1
        while (
            start + length < len(coded)
            and coded.find(coded[start : start + length], 0, start + length - 1) >= 0
        ):
            length += 1
        pieces += 1
        start += length
    return len(coded) / pieces


def repeated_texts(texts: Mapping[str, str], max_repeats: int) -> frozenset[str]:
    """Return the clips with a text, in any spelling, that over ``max_repeats`` of them have.

    Speech models output the same text for many noisy clips. Texts of up to four units don't count,
    since short answers are often repeated in speech. ``texts`` are those of one source by clip id.

    Example:
        >>> sorted(repeated_texts({"a": "我会在你身边", "b": "我會在你身邊。", "c": "好"}, 1))
        ['a', 'b']
    """
    keys = {
        clip_id: same_text_key(text)
        for clip_id, text in texts.items()
        if len(units_of(text)) > _SHORT_ANSWER
    }
    counts = Counter(keys.values())
    return frozenset(clip_id for clip_id, key in keys.items() if counts[key] > max_repeats)


def _ranks(units: list[str]) -> list[int]:
    ranks: dict[str, int] = {}
    return [ranks.setdefault(unit, len(ranks)) for unit in units]


_MAX_UNITS = 1000  # units or letters examined, more than a clip has, to bound the run time
_MIN_UNITS = 16
_SHORT_ANSWER = 4  # units
_LOOP = re.compile(r"(.)\1{14,}|(..)\2{7,}|(...)\3{5,}|(.{4,6})\4{3,}|(.{7,60}?)\5{2,}")
_UNIT = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]"
    "|[^\\W_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)
