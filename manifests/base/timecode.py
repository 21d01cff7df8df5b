"""Times in seconds as text, and back."""

import re

from manifests.base.errors import DataError

__all__ = ["format_time", "parse_time"]


def parse_time(text: str) -> float:
    """Return a time in seconds, to the millisecond, from seconds or ``[h:]m:s``.

    Raises:
        DataError: for anything else, including 60 or more after a colon.

    Example:
        >>> parse_time("1:02:03.5"), parse_time("90:00"), parse_time("12,25")
        (3723.5, 5400.0, 12.25)
    """
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise DataError(f"time {text!r}; write seconds or [h:]m:s, such as 83.5 or 1:23.5")
    hours, minutes, written = match.groups()
    seconds = float(written.replace(",", "."))
    if (hours and int(minutes) >= 60) or (minutes and seconds >= 60):
        raise DataError(
            f"time {text!r}; numbers after a colon are less than 60, as in 1:39 for 99 s"
        )
    return round(int(hours or 0) * 3600 + int(minutes or 0) * 60 + seconds, 3)


def format_time(seconds: float) -> str:
    """Return a time as `parse_time` reads it, to the tenth of a second.

    >>> format_time(3723.46), format_time(59.97), format_time(7)
    ('1:02:03.5', '1:00', '0:07')
    """
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{rest % 10}" if rest % 10 else ""
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{rest // 10:02}{fraction}"


_TIME = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,7}(?:[.,]\d{1,20})?)", re.ASCII)
