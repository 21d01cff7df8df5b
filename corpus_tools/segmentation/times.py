"""Times as people write them."""

import re

from manifests.errors import DataError

__all__ = ["parse_time"]


def parse_time(text: str) -> float:
    """Return a time in seconds, to the millisecond.

    Args:
        text: seconds, or ``[h:]m:s``; a comma may stand for the decimal point.

    Raises:
        DataError: for anything else.

    Example:
        >>> parse_time("1:02:03.5"), parse_time("12,25")
        (3723.5, 12.25)
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise DataError(f"time {text!r}; write seconds or [h:]m:s, as 83.5 or 1:23.5")
    hours, minutes, seconds = found.groups()
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60
    return round(whole + float(seconds.replace(",", ".")), 3)


_TIME = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,7}(?:[.,]\d{1,9})?)", re.ASCII)
