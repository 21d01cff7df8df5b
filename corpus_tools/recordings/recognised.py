"""Files of recognised text of takes, and the assignment of text to pieces of speech."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.letters import plain_letters
from corpus_tools.transcription.encodings import decode_text
from corpus_tools.transcription.subtitles import SUFFIXES as SUBTITLES
from corpus_tools.transcription.subtitles import read_subtitle_file
from manifests.errors import DataError

__all__ = ["SUFFIXES", "TimedText", "find_text_file", "letters_by_piece", "read_timed_texts"]

SUFFIXES = (".json", ".jsonl", ".csv", ".tsv", *SUBTITLES)
"""Supported file suffixes, in order of preference."""

LARGEST_FILE = 64 * 2**20  # bytes


@dataclass(frozen=True)
class TimedText:
    """Recognised word or line, with its times in seconds."""

    start: float
    end: float
    text: str


def find_text_file(place: Path, file: str) -> Path | None:
    """Return the text file of a take, None if there is none.

    Args:
        place: the file itself, or a folder with files named by the take's path or name and one
            of `SUFFIXES`.
        file: path of the take in the script.
    """
    if place.is_file():
        return place
    name = PurePosixPath(file)
    for stem in (name.with_suffix(""), PurePosixPath(name.stem)):
        for suffix in SUFFIXES:
            path = place / f"{stem}{suffix}"
            if path.is_file():
                return path
    return None


def read_timed_texts(path: Path) -> list[TimedText]:
    """Read a file of recognised text, in order of time.

    Supported are subtitles; CSV and JSON Lines with ``start``, ``end`` (seconds) and ``text``; and
    Whisper's own .tsv (milliseconds) and .json, whose words are used if it has any.

    Raises:
        DataError: if the file can't be read, or a row has no valid times.
    """
    try:
        if path.suffix.lower() in SUBTITLES:
            events = read_subtitle_file(path).events
            return [TimedText(event.start, event.end, event.text) for event in events]
        if path.stat().st_size > LARGEST_FILE:
            raise DataError(
                f"{path.name}: larger than {LARGEST_FILE >> 20} MiB; is it the right file?"
            )
        content = decode_text(path.read_bytes(), path.name).removeprefix("\ufeff")
    except OSError as error:
        raise DataError(f"{path.name}: can't be read ({error.strerror}); check it") from error
    rows = _parse_rows(path, content)
    texts = [_timed_text(row, f"{path.name}, entry {number}") for number, row in enumerate(rows, 1)]
    unit = 1000 if path.suffix.lower() == ".tsv" else 1
    return sorted(
        (TimedText(text.start / unit, text.end / unit, text.text) for text in texts),
        key=lambda text: (text.start, text.end),
    )


def letters_by_piece(texts: Iterable[TimedText], pieces: NDArray[np.intp]) -> list[str]:
    """Return the letters of each piece of speech.

    The letters of a text are spread evenly over the speech within its time; a text without speech
    in its time goes to the piece nearest to its middle.

    Args:
        texts: recognised texts of the take.
        pieces: start and end of each piece in milliseconds, shape (pieces, 2).

    Example:
        >>> pieces = np.array([[0, 200], [500, 700], [2000, 2100]])
        >>> letters_by_piece([TimedText(0, 1, "好的 莫得")], pieces)
        ['好的', '莫得', '']
    """
    by_piece = [""] * len(pieces)
    for text in texts:
        letters = plain_letters(text.text)
        start, end = text.start * 1000, text.end * 1000
        shared = np.minimum(pieces[:, 1], end) - np.maximum(pieces[:, 0], start)
        inside = np.flatnonzero(shared > 0)
        if len(inside):
            until = np.cumsum(shared[inside])
            at = (np.arange(len(letters)) + 0.5) / max(len(letters), 1) * until[-1]
            places = inside[np.searchsorted(until, at)]
        else:
            nearest = np.abs(pieces.mean(axis=1) - (start + end) / 2).argmin()
            places = np.full(len(letters), nearest)
        for letter, piece in zip(letters, places, strict=True):
            by_piece[piece] += letter
    return by_piece


def _parse_rows(path: Path, text: str) -> Sequence[Any]:
    kind = path.suffix.lower()
    try:
        if kind == ".jsonl":
            return [json.loads(line) for line in text.split("\n") if line.strip()]
        if kind == ".json":
            return _whisper_rows(json.loads(text))
        delimiter = "\t" if kind == ".tsv" else max(",;\t", key=text.split("\n", 1)[0].count)
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (ValueError, LookupError, RecursionError, csv.Error, AttributeError, TypeError) as error:
        raise DataError(
            f"{path.name}: not valid {kind[1:].upper()} ({error}); write it again"
        ) from error


def _whisper_rows(document: Any) -> list[Any]:
    """Return the words of Whisper's JSON (segments without words whole), or a plain list's rows."""
    segments = document if isinstance(document, list) else document["segments"]
    rows = []
    for segment in segments:
        words = segment.get("words") or []
        rows += [{**word, "text": word.get("word", word.get("text"))} for word in words] or [
            segment
        ]
    return rows


def _timed_text(row: Any, where: str) -> TimedText:
    try:
        start, end, text = float(row["start"]), float(row["end"]), row["text"]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{where}: needs start, end and text") from error
    if not (0 <= start <= end < float("inf")) or not isinstance(text, str):
        raise DataError(
            f"{where}: start {start:g}, end {end:g} are invalid; needs 0 <= start <= end"
        )
    return TimedText(start, end, text)
