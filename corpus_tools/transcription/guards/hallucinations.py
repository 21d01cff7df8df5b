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
    "is_echo",
    "letters_only",
    "redundancy",
    "repeated_texts",
    "spoken_units",
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


def has_loop(text: str, unsure: bool = False) -> bool:
    """Return whether units of a text repeat in a row more often than in speech (see `units_of`).

    The limit is 15 times for one unit, 6 for two or three, 4 for up to six, else 3; in texts of
    which the recogniser is ``unsure``, 8 for one, 4 for two or three, else 3. Of 27,438 lines of
    drama dialogue, three have two units four times, none has more. Up to six letters within words
    may repeat 14 times.

    Example:
        >>> has_loop("谢谢大家" * 4), has_loop("哈哈哈哈哈哈，走走走！"), has_loop("no " * 14)
        (True, False, False)
        >>> has_loop("词曲 词曲 词曲 词曲"), has_loop("词曲 词曲 词曲 词曲", unsure=True)
        (False, True)
    """
    loop = _UNSURE_LOOP if unsure else _LOOP
    return loop.search(_coded(units_of(text))) is not None or (
        _STUTTER.search(letters_only(text)[:_MAX_UNITS]) is not None
    )


def spoken_units(letters: str) -> float:
    """Return the number of Chinese characters, and of triples of other letters."""
    han = len(_HAN.findall(letters))
    return han + (len(letters) - han) / 3


def is_echo(text: str, prompt: str) -> bool:
    """Return whether a text consists of runs of the prompt, which Whisper repeats in silence.

    A run has five units or more (see `spoken_units`). What may be said as it stands in the prompt
    is none: a name, a word of the lexicon, or a sentence of up to three words or six characters.

    Example:
        >>> is_echo("啥子，咋个，要得", "啥子、咋个、要得、莫得"), is_echo("要得", "要得、莫得")
        (True, False)
        >>> is_echo("A quiet talk at home.", "A quiet talk at home, with Jan Kowalski.")
        True
        >>> is_echo("Jan Kowalski!", "A quiet talk at home, with Jan Kowalski.")
        False
    """
    rest = same_text_key(text)
    if not rest or not prompt:
        return False
    whole, items = _prompt_keys(prompt)
    if any(rest in item for item in items):
        return False
    while rest:
        length = 0
        while length < len(rest) and rest[: length + 1] in whole:
            length += 1
        if spoken_units(rest[:length]) < _ECHO:
            return False
        rest = rest[length:]
    return True


@lru_cache(maxsize=8)
def _prompt_keys(prompt: str) -> tuple[str, Sequence[str]]:
    """Return the key of a prompt, and those of its parts that are short enough to be said."""
    parts = re.split(r"[^\w\s'’-]+|\n", prompt)
    short = [
        part
        for part in parts
        if len(units := units_of(part)) <= (6 if _HAN.search(part) else 3) and units
    ]
    return same_text_key(prompt), [same_text_key(part) for part in short]


_ECHO = 5.0  # units


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
    coded = _coded(units)
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


def _coded(units: list[str]) -> str:
    """Return a character for each unit, the same for equal ones."""
    ranks: dict[str, int] = {}
    return "".join(chr(ranks.setdefault(unit, len(ranks))) for unit in units[:_MAX_UNITS])


_MAX_UNITS = 1000  # units or letters examined, more than a clip has, to bound the run time
_MIN_UNITS = 16
_SHORT_ANSWER = 4  # units
_LOOP = re.compile(
    r"(.)\1{14,}|(.)(?!\2)(.)(?:\2\3){5,}|(...)\4{5,}|(.{4,6})\5{3,}|(.{7,60}?)\6{2,}", re.DOTALL
)
_UNSURE_LOOP = re.compile(
    r"(.)\1{7,}|(.)(?!\2)(.)(?:\2\3){3,}|(...)\4{3,}|(.{4,60}?)\5{2,}", re.DOTALL
)
_STUTTER = re.compile(r"(.{1,6}?)\1{14,}")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_UNIT = re.compile(
    "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]"
    "|[^\\W_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)
