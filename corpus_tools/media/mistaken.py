"""Explanations for files that aren't media, from their first bytes."""

import codecs
import re
from pathlib import Path

__all__ = ["explain_not_media", "is_playlist"]


def explain_not_media(path: Path) -> str:
    """Return an error message that says what a file is instead of media, and what to do.

    Args:
        path: readable file.
    """
    head = _head(path)
    if _LIST.match(head):
        return (
            "is a playlist: it names other files or addresses, which are never opened; give the "
            "media file itself, or make one file of it with ffmpeg -i LIST -c copy FILM.mkv"
        )
    if _WEB_PAGE.match(head):
        return (
            "is a web page, not audio or video, perhaps an error page saved in place of the film; "
            "download it again"
        )
    if head:
        return "is a text file, not audio or video, whatever its name; give the film"
    return "is not readable audio or video, or is damaged; play it to make sure"


def is_playlist(path: Path) -> bool:
    """Return whether a file is a playlist, which names other files or addresses."""
    return _LIST.match(_head(path)) is not None


def _head(path: Path) -> str:
    """Return the beginning of a text file, empty for a binary one."""
    with path.open("rb") as stream:
        data = stream.read(_HEAD_BYTES)
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data.removeprefix(mark).decode(encoding, "ignore").lstrip()
    if _BINARY.search(data):
        return ""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        text = data.decode("latin-1") if len(data) >= _FEWEST_BYTES else ""
    return text.lstrip()


_HEAD_BYTES = 4096  # bytes
_FEWEST_BYTES = 64  # bytes; binary data rarely has so many without a control character
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_LIST = re.compile(
    r"#EXTM3U|ffconcat\b|\[playlist\]|\[reference\]|v=0\s"
    r"|(<\?xml[^>]*>\s*)?<(MPD|playlist|smil|asx|SmoothStreamingMedia)\b",
    re.IGNORECASE,
)
_WEB_PAGE = re.compile(r"<(!doctype\s+html|html)\b", re.IGNORECASE)
