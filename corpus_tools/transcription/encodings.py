"""The character encoding of a text file that doesn't name it, for Chinese subtitles above all."""

import codecs

from manifests.errors import DataError

__all__ = ["decode_text"]

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COMMON_LEADS = {"gb18030": ("gb2312", 0xB0, 0xD7), "big5": ("big5", 0xA4, 0xC6)}
"""Where each standard puts its common characters: lead bytes of its first level."""

_MIN_COMMON = (
    0.75  # a wrong guess finds about half of the characters common, a right one nearly all
)


def decode_text(data: bytes, where: str) -> str:
    """Return the text of a file in UTF-8, UTF-16, UTF-32, GB18030 or Big5.

    A byte-order mark decides; then valid UTF-8; then the zero bytes of UTF-16; then whichever of
    GB18030 and Big5 reads the file as common characters of its own first level.

    Args:
        data: the bytes of the file.
        where: the file's name, for the error.

    Raises:
        DataError: if no encoding fits.

    Example:
        >>> decode_text("巴适得很，莫得事".encode("gb18030"), "a.srt")
        '巴适得很，莫得事'
    """
    for encoding in _candidates(data):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DataError(f"{where}: its character encoding isn't recognised; save it as UTF-8")


def _candidates(data: bytes) -> list[str]:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return [encoding]
    if b"\0" in data:
        even, odd = data[0::2].count(0), data[1::2].count(0)
        return ["utf-16-le" if odd > even else "utf-16-be"]
    scores = {encoding: _common_share(data, encoding) for encoding in _COMMON_LEADS}
    likely = [encoding for encoding, share in scores.items() if share >= _MIN_COMMON]
    return ["utf-8", *sorted(likely, key=lambda encoding: -scores[encoding])]


def _common_share(data: bytes, encoding: str) -> float:
    """Share of the characters beyond ASCII, punctuation aside, that the standard calls common."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    letters = [character for character in text if character > "\x7f" and character.isalnum()]
    standard, first, last = _COMMON_LEADS[encoding]
    leads = (letter.encode(standard, "ignore")[:1] for letter in letters)
    common = sum(first <= lead[0] <= last for lead in leads if lead)
    return common / len(letters) if letters else 0.0
