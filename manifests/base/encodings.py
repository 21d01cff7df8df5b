"""Reading of text files that people bring, with detection of their character encoding."""

import codecs
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from manifests.base.errors import DataError
from manifests.base.languages import language_family

__all__ = ["Decoded", "check_size", "decode_damaged", "decode_text", "read_bytes", "read_text"]


@dataclass(frozen=True)
class Decoded:
    """Decoded text, with U+FFFD for each of its ``damaged`` characters."""

    text: str
    damaged: int = 0


def read_bytes(path: Path, advice: str = "check that it is the right file") -> bytes:
    """Return the bytes of a file of records or text; DataError, with ``advice``, if it is huge."""
    check_size(path, advice)
    return path.read_bytes()


def check_size(path: Path, advice: str) -> None:
    """Raise DataError if a file is far larger than records or texts are, as a damaged one may be.

    It would fill the memory before anything is known to be wrong with it.
    """
    size = path.stat().st_size
    if size > _LARGEST:
        raise DataError(f"{path}: has {size / 2**30:.0f} GiB, more than it can have; {advice}")


_LARGEST = 2 << 30  # bytes


def read_text(path: Path, language: str | None = None) -> str:
    """Return the text of a file as `decode_text` does, without a byte-order mark."""
    return decode_text(read_bytes(path), str(path), language).removeprefix("\ufeff")


def decode_text(data: bytes, where: str, language: str | None = None) -> str:
    """Decode a file in UTF-8, UTF-16, UTF-32 or an older encoding of its language.

    ``where`` names the file in the error; ``language`` is the probable language's BCP 47 code.

    Raises:
        DataError: if no encoding fits, or lines differ in it; names the first such line.

    Example:
        >>> decode_text("巴适得很，莫得事".encode("gb18030"), "a.srt")
        '巴适得很，莫得事'
    """
    if data.startswith(_SPREADSHEETS):
        raise DataError(f"{where}: is a spreadsheet; save it as CSV in UTF-8 and give that")
    line = _mixed_line(data)
    if line is not None:
        raise DataError(
            f"{where}, line {line}: isn't in UTF-8 as other lines are; save the whole file as UTF-8"
        )
    for text in _candidate_texts(data, language, "strict"):
        return text
    raise _unknown_encoding(data, where)


def decode_damaged(data: bytes, where: str, language: str | None = None) -> Decoded:
    """Decode like `decode_text`, with at most 2 % of the non-ASCII characters damaged."""
    for text in _candidate_texts(data, language, "strict"):
        return Decoded(text)
    for text in _candidate_texts(data, language, "replace"):
        if _is_nearly_intact(text):
            return Decoded(text, text.count(_DAMAGED))
    raise _unknown_encoding(data, where)


def _unknown_encoding(data: bytes, where: str) -> DataError:
    line = _first_line(data, lambda text: text is None) or 1
    return DataError(
        f"{where}, line {line}: its character encoding isn't recognised; save it as UTF-8"
    )


def _first_line(data: bytes, fits: Callable[[str | None], bool]) -> int | None:
    """Return the number of the first line that fits, given its text or None if not UTF-8."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.isascii() and fits(next(_decoded(line, "utf-8", "strict"), None)):
            return number
    return None


def _mixed_line(data: bytes) -> int | None:
    """Return the first line that isn't UTF-8 in a file in which other lines surely are."""
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\0" in data or next(_decoded(data, "utf-8", "strict"), None) is not None:
        return None
    surely = _first_line(data, lambda text: text is not None and re.search(_WIDE, text) is not None)
    return _first_line(data, lambda text: text is None) if surely else None


def _candidate_texts(data: bytes, language: str | None, errors: str) -> Iterator[str]:
    """Yield the text decoded with the likely encodings, the likeliest first.

    A byte-order mark decides if the rest is valid; then the zero bytes of UTF-16; then valid UTF-8;
    then older encodings, the language's first, each only if its result looks like such a text,
    since bytes alone don't distinguish Korean from Chinese.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            yield from _decoded(data[len(mark) :], encoding, errors)
            data = data[len(mark) :]
            break
    wide = _utf_16(data)
    if wide is not None:
        yield from _decoded(data, wide, errors)
        return
    yield from _decoded(data, "utf-8", errors)
    if _is_nearly_intact(data.decode("utf-8", "replace")):
        return
    code = language_family(language) if language else ""
    own = next((own for codes, own in _OWN if code in codes.split()), ())
    for encoding in own:
        yield from (
            t for t in _decoded(data, encoding, errors) if _LIKELY[encoding](t) >= _MIN_SCORE
        )
    others = [
        (likely(text), text)
        for encoding, likely in _ANYWHERE.items()
        if encoding not in own
        for text in _decoded(data, encoding, errors)
    ]
    yield from (t for score, t in sorted(others, key=lambda o: -o[0]) if score >= _MIN_SCORE)
    if not own:
        yield from _european(data, errors)


def _european(data: bytes, errors: str) -> Iterator[str]:
    """Yield text in a European encoding, if the bytes alone tell which."""
    west, central, cyrillic = (
        next(_decoded(data, encoding, errors), "") for encoding in ("cp1252", "cp1250", "cp1251")
    )
    if west == central and _latin(west) >= _MIN_SCORE:
        yield west
    elif _latin(west) < _MIN_SCORE <= _cyrillic(cyrillic):
        yield cyrillic


def _is_nearly_intact(text: str) -> bool:
    foreign = sum(character > "\x7f" for character in text)
    most = max(_MOST_DAMAGED * foreign, min(_FEW_DAMAGED, foreign / 4))
    return text.count(_DAMAGED) <= most


def _decoded(data: bytes, encoding: str, errors: str) -> Iterator[str]:
    try:
        yield data.decode(encoding, errors)
    except UnicodeDecodeError:
        return


def _utf_16(data: bytes) -> str | None:
    """Return UTF-16 with its byte order, detected by the zero bytes of ASCII characters."""
    even, odd = (data[first::2].count(0) for first in (0, 1))
    most, least = max(even, odd), min(even, odd)
    if most < _ZEROS * len(data) / 2 or least > most / 10:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _common(*rows: tuple[str, int, int]) -> Callable[[str], float]:
    """Return a function that scores a text by its share of common non-ASCII characters.

    These have lead bytes in the rows (standard, first, last). A wrong encoding gives about a half.
    """

    def share(text: str) -> float:
        letters = {
            letter: count
            for letter, count in Counter(text).items()
            if letter > "\x7f" and _is_letter(letter)
        }
        common = -len(re.findall(_INSIDE_A_WORD, text)) + sum(
            count
            for letter, count in letters.items()
            if any(
                first <= (letter.encode(standard, "ignore") or b"\0")[0] <= last
                for standard, first, last in rows
            )
        )
        return common / sum(letters.values()) if letters else 0.0

    return share


def _is_letter(character: str) -> bool:
    """Return whether a character counts as a letter: private ones do, which nobody writes."""
    return character.isalnum() or "\ue000" <= character <= "\uf8ff"


def _japanese(text: str) -> float:
    """Return the share of kana and common kanji, 0 with little kana."""
    letters = [letter for letter in text if letter > "\x7f" and letter.isalnum()]
    kana = sum("\u3041" <= letter <= "\u30fe" for letter in letters)
    return _SHIFT_JIS(text) if kana >= _KANA * len(letters) else 0.0


def _latin(text: str) -> float:
    """Return the share of letters among the non-ASCII characters, 0 if most letters are."""
    letters = [character for character in text if character.isalpha()]
    foreign = [character for character in text if character > "\x7f"]
    if not foreign or sum(letter > "\x7f" for letter in letters) > len(letters) / 2:
        return 0.0
    usual = sum(letter.isalpha() or letter in _PUNCTUATION for letter in foreign)
    odd = sum(
        count
        for (a, b), count in Counter(itertools.pairwise(text)).items()
        if a.islower() and b.isupper() and b > "\x7f"
    )
    return max(0.0, (usual - 3 * odd) / len(foreign))


def _cyrillic(text: str) -> float:
    foreign = [character for character in text if character > "\x7f"]
    usual = sum("\u0400" <= letter <= "\u04ff" or letter in _PUNCTUATION for letter in foreign)
    pairs = Counter(itertools.pairwise(text)).items()
    odd = sum(count for (a, b), count in pairs if a.islower() and b.isupper())
    odd += len(re.findall(_BESIDE_LATIN, text))
    return max(0.0, (usual - 3 * odd) / len(foreign)) if foreign else 0.0


_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
_DAMAGED = "\ufffd"
_MOST_DAMAGED = 0.02  # share of the non-ASCII characters
_FEW_DAMAGED = 3  # characters, which one damaged byte of a short file may cause
_ZEROS = 0.1  # share of the bytes at even or odd positions
_MIN_SCORE = 0.75
_WIDE = "[\u0800-\uffff]"  # three bytes in UTF-8, which no other encoding has by chance
_INSIDE_A_WORD = r"(?<=[^\\][a-z])[\u2e80-\uffff](?![\u2e80-\uffff])"  # Renée, not \n好
_BESIDE_LATIN = r"(?<=[^\\][A-Za-z])[\u0400-\u04ff]|[\u0400-\u04ff](?=[A-Za-z])"
_KANA = 0.2
_PUNCTUATION = "\u00a0¡¿«»„”“‘’–—…·°"
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it begins with its mark
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SHIFT_JIS = _common(("shift_jis", 0x82, 0x97))
_SIMPLIFIED, _TRADITIONAL = ("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6)
_LIKELY: dict[str, Callable[[str], float]] = {
    "gb18030": _common(_SIMPLIFIED, _TRADITIONAL),
    "big5": _common(_TRADITIONAL),
    "cp932": _SHIFT_JIS,
    "euc_jp": _SHIFT_JIS,
    "cp949": _common(("euc_kr", 0xB0, 0xC8)),
    **dict.fromkeys(("cp1250", "cp1252", "cp1254", "cp1257"), _latin),
    "cp1251": _cyrillic,
}
"""Score of a decoded text, 0 to 1; in East Asian standards, common characters come first."""
_ANYWHERE = {"gb18030": _LIKELY["gb18030"], "big5": _LIKELY["big5"], "cp932": _japanese}
_OWN = (
    ("ja", ("cp932", "euc_jp")),
    ("ko", ("cp949",)),
    ("pl cs sk hu sl hr ro sq bs", ("cp1250",)),
    ("en de fr es it pt nl sv da no fi is ca eu gl", ("cp1252",)),
    ("ru uk bg be mk sr", ("cp1251",)),
    ("tr", ("cp1254",)),
    ("lt lv et", ("cp1257",)),
)
"""Encodings of languages before Unicode, in order of trial."""
