"""Recognised text of takes, from files, a recogniser or none, assigned to pieces of speech."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.cut import Cut
from corpus_tools.media.samples import FULL_SCALE
from corpus_tools.recordings.takes.layouts import Row, row_of, timed_rows, with_times
from corpus_tools.recordings.takes.take import PieceTranscriber, Take
from corpus_tools.segmentation.voice.track import DecodedTrack
from corpus_tools.subtitles.files import SUFFIXES as SUBTITLES
from corpus_tools.subtitles.files import read_subtitle_file
from corpus_tools.transcription.recognisers.base import Recogniser, run_recogniser
from corpus_tools.transcription.transcribe import configured_recogniser
from corpus_tools.workspace.workspace import Workspace
from manifests.base.csv_tables import Ragged, parse_table
from manifests.base.encodings import read_text
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.letters import composed, plain_letters
from manifests.storage.store import sha256_file

__all__ = [
    "NoTranscript",
    "RecogniserTranscripts",
    "TimedText",
    "TranscriptFiles",
    "TranscriptSource",
    "find_text_file",
    "letters_by_piece",
    "read_timed_texts",
    "transcript_source",
]

TABLES = (".csv", ".tsv")
SUFFIXES = (".json", ".jsonl", *TABLES, *SUBTITLES)
"""Supported file suffixes, in order of preference."""

_UNREAD = (".ctm", ".textgrid", ".stm", ".rttm", ".eaf", ".lab", ".xml")
"""Suffixes of files with timed texts that are named instead of being read."""

LARGEST_FILE = 64 * 2**20  # bytes


@dataclass(frozen=True)
class TimedText:
    """Recognised word or line, with its times in seconds."""

    start: float
    end: float
    text: str


def find_text_file(place: Path, file: str) -> Path | None:
    """Return the text file of a take, None if there is none.

    ``place`` is the file, or a folder with files named by the take's path or name and a suffix.
    """
    if place.is_file():
        return place
    take = PurePosixPath(file)
    for folder in dict.fromkeys((place / take.parent, place)):
        for stem in (take.stem, take.name):  # whisper.cpp writes take.wav.json
            named = [path for path in _files(folder) if _same_name(path.stem, stem)]
            ranked = {path.suffix.lower(): path for path in reversed(named)}
            for suffix in SUFFIXES:
                if suffix in ranked:
                    return ranked[suffix]
            other = [path for path in named if path.suffix.lower() in _UNREAD]
            if other:
                return other[0]
    return None


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _same_name(one: str, other: str) -> bool:
    return composed(one) == composed(other)


def read_timed_texts(path: Path, language: str | None = None) -> list[TimedText]:
    """Read a file of recognised text, in order of time.

    Supported are subtitles; CSV and JSON Lines with ``start``, ``end`` (seconds) and ``text``;
    Whisper's own .tsv (milliseconds); and the JSON of recognisers (`timed_rows`). Missing times are
    interpolated. Raise DataError if the file can't be read, or a row has no valid times.
    """
    try:
        if path.suffix.lower() in SUBTITLES:
            events = read_subtitle_file(path, language or "").events
            return [TimedText(event.start, event.end, event.text) for event in events]
        if path.stat().st_size > LARGEST_FILE:
            raise DataError(
                f"{path.name}: larger than {LARGEST_FILE >> 20} MiB; is it the right file?"
            )
        content = read_text(path, language)
    except OSError as error:
        raise DataError(f"{path.name}: can't be read ({error.strerror}); check it") from error
    unit = 1000 if path.suffix.lower() == ".tsv" else 1
    rows = with_times(_parse_rows(path, content, unit), None, None)
    texts = [_timed_text(row, f"{path.name}, entry {number}") for number, row in enumerate(rows, 1)]
    return sorted(texts, key=lambda text: (text.start, text.end))


def letters_by_piece(texts: Iterable[TimedText], pieces: NDArray[np.intp]) -> list[str]:
    """Return the letters of each piece of speech; its start and end are in milliseconds.

    The letters of a text are spread evenly over the speech within its time; a text without speech
    in its time goes to the piece nearest to its middle.

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


def _parse_rows(path: Path, text: str, unit: int) -> list[Row]:
    kind = path.suffix.lower()
    try:
        if kind == ".jsonl":
            return timed_rows([json.loads(line) for line in text.split("\n") if line.strip()])
        if kind == ".json":
            return timed_rows(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path.name}: not valid {kind[1:].upper()} ({error}); write it again"
        ) from error
    except DataError as error:
        raise DataError(f"{path.name}: {error}") from error
    if kind not in TABLES:
        raise DataError(
            f"{path.name}: {kind or 'a name without suffix'} is no kind of text file that is read; "
            f"known are {', '.join(SUFFIXES)}"
        )
    columns, table = parse_table(text, path.name)
    if not {"start", "end"} < set(columns):
        raise DataError(
            f"{path.name}, line 1: needs the columns start, end and text; it has "
            f"{', '.join(columns) or 'none'}"
        )
    rows = []
    for line, row in table:
        try:
            if isinstance(row, Ragged):
                raise DataError(f"{path.name}, line {line}: {row.problem}")
            rows.append(row_of(row, unit))
        except (KeyError, ValueError) as error:
            raise DataError(f"{path.name}, line {line}: needs start, end and text") from error
    return rows


def _timed_text(row: Row, where: str) -> TimedText:
    start, end, text = row
    if start is None or end is None:
        raise DataError(f"{where}: neither it nor a neighbour has times; needs start, end and text")
    if not 0 <= start <= end:
        raise DataError(
            f"{where}: start {start:g}, end {end:g} are invalid; needs 0 <= start <= end"
        )
    return TimedText(start, end, text)


class TranscriptSource(Protocol):
    """A source of recognised text, with its command-line option (``flag``, empty for none)."""

    flag: ClassVar[str]

    def check(self, takes: Sequence[Take]) -> None:
        """Raise ConfigurationError if it can't provide text for these takes."""

    def of(self, take: Take) -> tuple[Any, PieceTranscriber | None]:
        """Return a JSON-ready identity of a take's text and its transcriber; None without text."""


class NoTranscript:
    """Absence of recognised text."""

    flag: ClassVar[str] = ""

    def check(self, takes: Sequence[Take]) -> None:
        """Accept any takes."""

    def of(self, take: Take) -> tuple[Any, PieceTranscriber | None]:
        """Return no text."""
        return None, None


@dataclass(frozen=True)
class TranscriptFiles:
    """Recognised text in files, of any recogniser; ``place`` is as for `find_text_file`."""

    flag: ClassVar[str] = "--texts"

    place: Path
    language: str | None = None

    def check(self, takes: Sequence[Take]) -> None:
        """Raise ConfigurationError if there is one file for several takes."""
        if self.place.is_file() and len(takes) > 1:
            raise ConfigurationError(
                f"{self.place}: one text file for {len(takes)} takes; give a folder with one "
                f"file for each take, named like it"
            )

    def of(self, take: Take) -> tuple[Any, PieceTranscriber | None]:
        """Return the text in the take's file, if it has one."""
        path = find_text_file(self.place, take.file)
        if path is None:
            return None, None
        texts = read_timed_texts(path, self.language)
        return {"file": sha256_file(path)}, lambda _, pieces: letters_by_piece(texts, pieces)


@dataclass(frozen=True)
class RecogniserTranscripts:
    """Text of an installed recogniser, applied to the stretches between pauses."""

    flag: ClassVar[str] = "--recognise"

    recogniser: Recogniser
    language: str | None
    batch_size: int

    def check(self, takes: Sequence[Take]) -> None:
        """Accept any takes."""

    def of(self, take: Take) -> tuple[Any, PieceTranscriber | None]:
        """Return the recogniser's parameters, and its transcriber."""
        return {**self.recogniser.parameters, "language": self.language}, self._transcribe

    def _transcribe(self, track: DecodedTrack, pieces: NDArray[np.intp]) -> Sequence[str]:
        pauses = pieces[1:, 0] - pieces[:-1, 1]
        firsts = [0, *(int(at) + 1 for at in np.flatnonzero(pauses >= _PAUSE_MS))]
        stretches = list(zip(firsts, [*firsts[1:], len(pieces)], strict=True))
        letters = [""] * len(pieces)
        for start in range(0, len(stretches), self.batch_size):
            batch = stretches[start : start + self.batch_size]
            waves = [
                track.samples(Cut(int(pieces[first, 0]), int(pieces[then - 1, 1]))).astype(
                    np.float32
                )
                / FULL_SCALE
                for first, then in batch
            ]
            for (first, then), recognition in zip(
                batch, run_recogniser(self.recogniser, waves, self.language), strict=True
            ):
                text = plain_letters(recognition.text)
                letters[first:then] = _spread(text, pieces[first:then])
        return letters


def _spread(letters: str, pieces: NDArray[np.intp]) -> list[str]:
    """Distribute letters over the pieces in proportion to their duration."""
    until = np.cumsum(pieces[:, 1] - pieces[:, 0])
    share = (until * len(letters) / until[-1]).round().astype(int)
    edges = [0, *share.tolist()]
    return [letters[a:b] for a, b in pairwise(edges)]


_PAUSE_MS = 200


def transcript_source(
    texts: Path | None,
    recognise: bool,
    workspace: Workspace,
    announce: Callable[[str], None],
    *,
    model: str | None = None,
    download: bool = False,
) -> TranscriptSource:
    """Return the source of recognised text: files (``texts``) or the recogniser of [transcribe].

    ``model`` replaces the model of the section; a download of it must be allowed. Raise
    ConfigurationError if both sources are given, a model without ``recognise``, or what they name
    is missing.
    """
    if texts is not None:
        if recognise:
            raise ConfigurationError("--texts and --recognise: give one of them")
        if not texts.exists():
            raise ConfigurationError(f"{texts}: no such file or folder; check --texts")
        return TranscriptFiles(texts, workspace.configuration.corpus.language)
    if not recognise and (model or download):
        raise ConfigurationError("--model and --download need --recognise; give it too")
    if not recognise:
        return NoTranscript()
    configured = workspace.configuration.transcribe
    settings = configured.model_copy(
        update={"model": model or configured.model, "lexicon": None, "context": "clip"}
    )
    recogniser = configured_recogniser(
        settings, workspace.root, download=download, announce=announce
    )
    language = settings.language_in(workspace.configuration.corpus.language)
    return RecogniserTranscripts(recogniser, language, settings.batch_size)
