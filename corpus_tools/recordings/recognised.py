"""Recognised text of a take, from whatever recogniser, and to which pieces of speech it belongs."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.letters import letters_of
from corpus_tools.transcription.encodings import decode_text
from corpus_tools.transcription.subtitles import SUFFIXES as SUBTITLES
from corpus_tools.transcription.subtitles import read_subtitle_file
from manifests.errors import DataError

__all__ = ["SUFFIXES", "TimedText", "find_texts", "in_pieces", "read_texts"]

SUFFIXES = (".json", ".jsonl", ".csv", ".tsv", *SUBTITLES)
"""File endings that are read, in the order of preference."""

LARGEST_FILE = 64 * 2**20  # bytes


@dataclass(frozen=True)
class TimedText:
    """Something that was recognised, a word or a line, in seconds."""

    start: float
    end: float
    text: str


def find_texts(place: Path, file: str) -> Path | None:
    """Return the file of texts that belongs to a take, or None.

    Args:
        place: the file itself, or the folder of such files: with the take's path below it, or its
            name alone, and an ending of `SUFFIXES`.
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


def read_texts(path: Path) -> list[TimedText]:
    """Return what a file says was recognised, in order of time.

    Read are subtitles; CSV and JSON Lines with ``start``, ``end`` (seconds) and ``text``; Whisper's
    own .tsv (milliseconds) and .json, of which the words are taken where it has them.

    Raises:
        DataError: if the file can't be read, or a row has no time.
    """
    try:
        if path.suffix.lower() in SUBTITLES:
            events = read_subtitle_file(path).events
            return [TimedText(one.start, one.end, one.text) for one in events]
        if path.stat().st_size > LARGEST_FILE:
            raise DataError(
                f"{path.name}: larger than {LARGEST_FILE >> 20} MiB; is it the right file?"
            )
        text = decode_text(path.read_bytes(), path.name).removeprefix("\ufeff")
    except OSError as error:
        raise DataError(f"{path.name}: can't be read ({error.strerror}); check it") from error
    rows = _rows(path, text)
    found = [_timed(row, f"{path.name}, entry {number}") for number, row in enumerate(rows, 1)]
    unit = 1000 if path.suffix.lower() == ".tsv" else 1
    return sorted(
        (TimedText(one.start / unit, one.end / unit, one.text) for one in found),
        key=lambda one: (one.start, one.end),
    )


def in_pieces(texts: Iterable[TimedText], pieces: NDArray[np.intp]) -> list[str]:
    """Return the letters in each piece of speech.

    The letters of a text are spread evenly over the speech within its time; one with no speech in
    its time goes to the piece nearest to its middle.

    Args:
        texts: of the take.
        pieces: milliseconds from and to, shape (pieces, 2).

    Example:
        >>> pieces = np.array([[0, 200], [500, 700], [2000, 2100]])
        >>> in_pieces([TimedText(0, 1, "好的 莫得")], pieces)
        ['好的', '莫得', '']
    """
    found = [""] * len(pieces)
    for one in texts:
        letters = letters_of(one.text)
        start, end = one.start * 1000, one.end * 1000
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
            found[piece] += letter
    return found


def _rows(path: Path, text: str) -> Sequence[Any]:
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
    """Return words, or segments that have none, of Whisper's JSON; or the rows of a plain list."""
    segments = document if isinstance(document, list) else document["segments"]
    rows = []
    for segment in segments:
        words = segment.get("words") or []
        rows += [{**word, "text": word.get("word", word.get("text"))} for word in words] or [
            segment
        ]
    return rows


def _timed(row: Any, where: str) -> TimedText:
    try:
        start, end, text = float(row["start"]), float(row["end"]), row["text"]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{where}: needs start, end and text") from error
    if not (0 <= start <= end < float("inf")) or not isinstance(text, str):
        raise DataError(
            f"{where}: start {start:g}, end {end:g} are no times; needs 0 <= start <= end"
        )
    return TimedText(start, end, text)
