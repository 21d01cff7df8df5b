"""Sources of recognised text of takes: files, a recogniser, or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.levels import FULL_SCALE
from corpus_tools.recordings.letters import plain_letters
from corpus_tools.recordings.recognised import find_text_file, letters_by_piece, read_timed_texts
from corpus_tools.recordings.take import PieceTranscriber, Take
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.tape import DecodedTrack
from corpus_tools.transcription.asking import run_recogniser
from corpus_tools.transcription.recogniser import Recogniser
from manifests.errors import ConfigurationError
from manifests.store import sha256_file

__all__ = ["NoTranscript", "RecogniserTranscripts", "TranscriptFiles", "TranscriptSource"]


class TranscriptSource(Protocol):
    """A source of recognised text.

    Attributes:
        flag: its command-line option, empty for none.
    """

    flag: ClassVar[str]

    def check(self, takes: Sequence[Take]) -> None:
        """Raise ConfigurationError if it can't provide text for these takes."""

    def of(self, take: Take) -> tuple[Any, PieceTranscriber | None]:
        """Return a JSON-ready identity of a take's text and its transcriber; None without text.

        Raises:
            DataError: if the text can't be read.
        """


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
    """Recognised text in files, of any recogniser.

    Attributes:
        place: file or folder, as for `find_text_file`.
    """

    flag: ClassVar[str] = "--texts"

    place: Path

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
        texts = read_timed_texts(path)
        return {"file": sha256_file(path)}, lambda _, pieces: letters_by_piece(texts, pieces)


@dataclass(frozen=True)
class RecogniserTranscripts:
    """Text of an installed recogniser, applied to the stretches between pauses.

    Attributes:
        recogniser: loaded recogniser.
        language: code of the spoken language, None to detect it.
        batch_size: stretches per batch.
    """

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
