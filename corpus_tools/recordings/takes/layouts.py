"""Layouts of timed text in the JSON of recognisers."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from manifests.base.csv_tables import decimal
from manifests.base.errors import DataError

__all__ = ["Row", "row_of", "timed_rows", "with_times"]

Row = tuple[float | None, float | None, str]
"""Start and end in seconds, None if unknown, and text."""


def timed_rows(document: Any) -> list[Row]:
    """Return the words, or lines without words, of a decoded JSON document.

    DataError for an unknown layout.

    Example:
        >>> word = {"word": "好的", "start": 1.5, "end": 2}
        >>> timed_rows({"segments": [{"start": 1, "end": 2, "text": "好的", "words": [word]}]})
        [(1.5, 2.0, '好的')]
    """
    for names, is_layout, read in _LAYOUTS:
        if not _holds(is_layout, document):
            continue
        try:
            return list(read(document))
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise DataError(
                f"looks like the JSON of {names}, but isn't laid out like it ({error!r}); write it "
                f"as CSV with start, end and text"
            ) from error
    known = ", ".join(names for names, *_ in _LAYOUTS)
    keys = document if isinstance(document, dict) else {}
    if isinstance(document, list) and document and isinstance(document[0], dict):
        keys = document[0]
    raise DataError(
        f"a JSON of another layout, with the keys {', '.join(map(repr, keys))[:_SHOWN] or 'none'}; "
        f"known are those of {known}; write it as CSV with start, end and text"
    )


def with_times(rows: Sequence[Row], start: float | None, end: float | None) -> Iterator[Row]:
    """Yield rows with missing times interpolated between neighbours, or ``start`` and ``end``.

    Rows remain without times if none of these has one.

    Example:
        >>> list(with_times([(1, 2, "in"), (None, None, "2014"), (4, 5, "ja")], 0, 9))
        [(1, 2, 'in'), (2, 4, '2014'), (4, 5, 'ja')]
    """
    first = 0
    while first < len(rows):
        last = first
        while last + 1 < len(rows) and rows[last][1] is None and rows[last + 1][0] is None:
            last += 1
        run = rows[first : last + 1]
        before = next((row[1] for row in reversed(rows[:first]) if row[1] is not None), start)
        after = next((row[0] for row in rows[last + 1 :] if row[0] is not None), end)
        low = before if run[0][0] is None else run[0][0]
        high = after if run[-1][1] is None else run[-1][1]
        if run[0][0] is None and run[-1][1] is None:  # at a neighbour's edge, for want of the other
            low, high = (high if low is None else low), (low if high is None else high)
        if low is None or high is None:
            yield from run
        elif len(run) == 1:
            yield low, high if run[0][1] is not None else max(low, high), run[0][2]
        else:
            yield from _spread([text for *_, text in run], low, max(low, high))
        first = last + 1


def _spread(texts: Sequence[str], start: float, end: float) -> Iterator[Row]:
    """Yield texts with a time in proportion to their length."""
    total, done = sum(map(len, texts)), 0
    for text in texts:
        at = start + (end - start) * done / (total or 1)
        done += len(text)
        yield at, start + (end - start) * done / (total or 1), text


def _seconds(value: Any, unit: float = 1) -> float | None:
    """Return a time in seconds from a number or text such as "1.4s"; None if there is none."""
    if isinstance(value, str):
        value = decimal(value.strip().removesuffix("s")) if value.strip() else None
    if value is None or not math.isfinite(value):
        return None
    return float(value) / unit


def row_of(item: Mapping[str, Any], unit: float = 1) -> Row:
    """Return the row of an object with ``start``, ``end`` and ``text`` or ``word``.

    A KeyError or ValueError if it has no text, or times that are none.
    """
    text = item["word"] if item.get("word") is not None else item["text"]
    if not isinstance(text, str):
        raise ValueError("the text isn't text")
    return _seconds(item.get("start"), unit), _seconds(item.get("end"), unit), text


def _segments(segments: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Yield the words of segments, or those without words whole (Whisper and its kin)."""
    for segment in segments:
        words = [row_of(word) for word in segment.get("words") or ()]
        yield from with_times(
            words or [row_of(segment)], _seconds(segment.get("start")), _seconds(segment.get("end"))
        )


def _whisper_cpp(document: Any) -> Iterator[Row]:
    for line in document["transcription"]:
        times = line["offsets"]
        yield _seconds(times["from"], 1000), _seconds(times["to"], 1000), line["text"]


def _funasr(document: Any) -> Iterator[Row]:
    for item in document if isinstance(document, list) else [document]:
        if "sentence_info" in item:
            yield from (row_of(line, 1000) for line in item["sentence_info"])
            continue
        text = _TAG.sub("", item["text"])
        times = item["timestamp"]
        units = _UNIT.findall(text)
        if len(units) == len(times):
            for unit, (start, end) in zip(units, times, strict=True):
                yield _seconds(start, 1000), _seconds(end, 1000), unit
        else:
            yield _seconds(times[0][0], 1000), _seconds(times[-1][1], 1000), text


def _vosk(document: Any) -> Iterator[Row]:
    for item in document if isinstance(document, list) else [document]:
        yield from (row_of(word) for word in item.get("result", ()))


def _words(document: Any) -> Iterator[Row]:
    """Yield the words of AssemblyAI, in milliseconds, ElevenLabs or OpenAI."""
    unit = 1000 if "audio_duration" in document else 1
    for word in document["words"]:
        if word.get("type") not in ("spacing", "audio_event"):
            yield row_of(word, unit)


def _deepgram(document: Any) -> Iterator[Row]:
    yield from map(row_of, document["results"]["channels"][0]["alternatives"][0]["words"])


def _google(document: Any) -> Iterator[Row]:
    for result in document["results"]:
        for word in result["alternatives"][0].get("words", ()):
            start, end = (
                next((word[key] for key in keys if key in word), None)
                for keys in (("startTime", "start_time", "startOffset"),
                             ("endTime", "end_time", "endOffset"))
            )  # fmt: skip
            yield _seconds(start or 0), _seconds(end), word["word"]


def _amazon(document: Any) -> Iterator[Row]:
    for item in document["results"]["items"]:
        if item.get("type") != "punctuation":
            text = item["alternatives"][0]["content"]
            yield _seconds(item.get("start_time")), _seconds(item.get("end_time")), text


def _azure(document: Any) -> Iterator[Row]:
    for phrase in document["recognizedPhrases"]:
        start = phrase["offsetInTicks"] / _TICKS
        end = start + phrase["durationInTicks"] / _TICKS
        yield start, end, phrase["nBest"][0]["display"]


def _items(document: Any, *keys: str) -> bool:
    """Return whether a document is one or several objects with any of some keys."""
    items = document if isinstance(document, list) else [document]
    return (
        bool(items)
        and all(isinstance(item, dict) for item in items)
        and any(key in item for item in items for key in keys)
    )


def _holds(is_layout: Callable[[Any], bool], document: Any) -> bool:
    try:
        return is_layout(document)
    except (LookupError, TypeError):
        return False


_LAYOUTS: tuple[tuple[str, Callable[[Any], bool], Callable[[Any], Iterator[Row]]], ...] = (
    (
        "Whisper, faster-whisper, WhisperX or whisper-timestamped",
        lambda found: "start" not in found and isinstance(found["segments"], list),
        lambda found: _segments(found["segments"]),
    ),
    ("whisper.cpp", lambda found: "offsets" in found["transcription"][0], _whisper_cpp),
    ("FunASR", lambda found: _items(found, "timestamp", "sentence_info"), _funasr),
    ("Vosk", lambda found: _items(found, "result"), _vosk),
    ("OpenAI, AssemblyAI or ElevenLabs", lambda found: isinstance(found["words"], list), _words),
    ("Azure", lambda found: isinstance(found["recognizedPhrases"], list), _azure),
    ("Deepgram", lambda found: "channels" in found["results"], _deepgram),
    ("Amazon", lambda found: "items" in found["results"], _amazon),
    ("Google", lambda found: isinstance(found["results"], list), _google),
    (
        "a list of lines",
        lambda found: not found or "text" in found[0] or "word" in found[0],
        _segments,
    ),
)
"""Names, test and reader of each layout."""
_SHOWN = 200  # characters
_TICKS = 10_000_000  # per second
_TAG = re.compile(r"<\|[^|]*\|>")  # <|zh|><|NEUTRAL|>, of SenseVoice
_UNIT = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]|[^\W\u2e80-\u9fff\uf900-\ufaff]+(?:'\w+)?")
