"""Where the recognised text of takes comes from: files, a recogniser, or nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.levels import FULL_SCALE
from corpus_tools.recordings.letters import letters_of
from corpus_tools.recordings.recognised import find_texts, in_pieces, read_texts
from corpus_tools.recordings.take import Hear, Take
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.tape import DecodedTrack
from corpus_tools.transcription.asking import asked
from corpus_tools.transcription.recogniser import Recogniser
from manifests.errors import ConfigurationError
from manifests.store import sha256_file

__all__ = ["HeardByRecogniser", "HeardInFiles", "Hearing", "NotHeard"]


class Hearing(Protocol):
    """A source of recognised text.

    Attributes:
        flag: by which the user asks for it, empty for none.
    """

    flag: ClassVar[str]

    def check(self, takes: Sequence[Take]) -> None:
        """Raise ConfigurationError if these takes can't have text from it."""

    def of(self, take: Take) -> tuple[Any, Hear | None]:
        """Return what identifies a take's text, JSON-ready, and what gives it; None without any.

        Raises:
            DataError: if there should be text but it can't be read.
        """


class NotHeard:
    """No recognised text at all."""

    flag: ClassVar[str] = ""

    def check(self, takes: Sequence[Take]) -> None:
        """Accept any takes."""

    def of(self, take: Take) -> tuple[Any, Hear | None]:
        """Return nothing."""
        return None, None


@dataclass(frozen=True)
class HeardInFiles:
    """Text that any recogniser has written into files.

    Attributes:
        place: as for `find_texts`.
    """

    flag: ClassVar[str] = "--texts"

    place: Path

    def check(self, takes: Sequence[Take]) -> None:
        """Raise ConfigurationError if there is one file for several takes."""
        if self.place.is_file() and len(takes) > 1:
            raise ConfigurationError(
                f"{self.place}: one file of texts for {len(takes)} takes; give a folder with a "
                f"file for each, of the take's name"
            )

    def of(self, take: Take) -> tuple[Any, Hear | None]:
        """Return the text of the take's file, if there is one."""
        path = find_texts(self.place, take.file)
        if path is None:
            return None, None
        texts = read_texts(path)
        return {"file": sha256_file(path)}, lambda _, pieces: in_pieces(texts, pieces)


@dataclass(frozen=True)
class HeardByRecogniser:
    """Text of an installed recogniser, stretch by stretch between pauses.

    Attributes:
        recogniser: ready to use.
        language: code of what is spoken.
        batch_size: stretches given to it at once.
    """

    flag: ClassVar[str] = "--recognise"

    recogniser: Recogniser
    language: str | None
    batch_size: int

    def check(self, takes: Sequence[Take]) -> None:
        """Accept any takes."""

    def of(self, take: Take) -> tuple[Any, Hear | None]:
        """Return what the recogniser hears."""
        return {**self.recogniser.parameters, "language": self.language}, self._hear

    def _hear(self, tape: DecodedTrack, pieces: NDArray[np.intp]) -> Sequence[str]:
        pauses = pieces[1:, 0] - pieces[:-1, 1]
        firsts = [0, *(int(at) + 1 for at in np.flatnonzero(pauses >= _PAUSE_MS))]
        stretches = list(zip(firsts, [*firsts[1:], len(pieces)], strict=True))
        found = [""] * len(pieces)
        for start in range(0, len(stretches), self.batch_size):
            some = stretches[start : start + self.batch_size]
            waves = [
                tape.samples(Cut(int(pieces[first, 0]), int(pieces[then - 1, 1]))).astype(
                    np.float32
                )
                / FULL_SCALE
                for first, then in some
            ]
            for (first, then), one in zip(
                some, asked(self.recogniser, waves, self.language), strict=True
            ):
                found[first:then] = _spread(letters_of(one.text), pieces[first:then])
        return found


def _spread(letters: str, pieces: NDArray[np.intp]) -> list[str]:
    """Return letters by piece, spread evenly over the speech."""
    until = np.cumsum(pieces[:, 1] - pieces[:, 0])
    share = (until * len(letters) / until[-1]).round().astype(int)
    edges = [0, *share.tolist()]
    return [letters[a:b] for a, b in pairwise(edges)]


_PAUSE_MS = 200
