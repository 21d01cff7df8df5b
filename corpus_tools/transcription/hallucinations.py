"""Texts that speech models are known to hallucinate for silence, music and noise."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Self

from corpus_tools.transcription.chinese import simplify
from manifests.errors import DataError

__all__ = ["KnownHallucinations", "letters_only", "same_text_key"]


@dataclass(frozen=True)
class KnownHallucinations:
    """List of phrases.

    A phrase matches anywhere in a text; ``*`` stands for up to 20 letters. A phrase after ``=``
    matches only if the text consists of it, once or repeated. ``#`` starts a comment. Width, case,
    accents, spaces, punctuation and traditional against simplified characters are ignored.

    Attributes:
        phrases: phrases as written.
    """

    phrases: tuple[str, ...]

    @classmethod
    @lru_cache(maxsize=1)
    def bundled(cls) -> Self:
        """Return the bundled list."""
        text = files("corpus_tools.transcription").joinpath("data", "hallucinations.txt")
        return cls._of(text.read_text(encoding="utf-8").splitlines(), "hallucinations.txt")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the bundled list extended by a user's phrases.

        Raises:
            DataError: if the file can't be read or a phrase is too short, with file and line.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: not a UTF-8 text file; save it as UTF-8") from error
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
