"""What became of each line of a take's script, and whether it is that take's script at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.matching import LEAST_FIT, Matcher
from corpus_tools.recordings.path import Aligned, Span
from manifests.errors import DataError

__all__ = [
    "DOUBTFUL_MATCH",
    "DOUBTFUL_SKIP",
    "Attempt",
    "LineMatch",
    "check_fit",
    "ends_apart",
    "matches_of",
]

DOUBTFUL_MATCH = "doubtful_match"
"""Flag of a line that may have been read elsewhere, or is something else."""
DOUBTFUL_SKIP = "doubtful_skip"
"""Flag of a line that seems to have been skipped, but may have been read."""


@dataclass(frozen=True)
class Attempt:
    """An earlier reading of a line (``retake``), or one broken off (``false_start``)."""

    kind: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class LineMatch:
    """Where a line was read, if it was.

    Attributes:
        line: of the script, from 0.
        span: milliseconds from and to of its last reading; ``None`` if it was skipped.
        score: probability that this is so, edges within 0.3 s.
        flags: ``doubtful_match`` or ``doubtful_skip``, or none.
        attempts: before that reading, in order of time.
        heard: what was recognised in it, ``None`` without recognised text.
    """

    line: int
    span: tuple[int, int] | None
    score: float
    flags: tuple[str, ...]
    attempts: tuple[Attempt, ...] = ()
    heard: str | None = None


def matches_of(matcher: Matcher, aligned: Aligned) -> list[LineMatch]:
    """Return what became of each line, in the order of the script."""
    pieces, heard = matcher.said.pieces, matcher.said.heard
    kept = {span.line: span for span in aligned.spans if span.kind == "kept"}
    shaken = _shaken(matcher, aligned) if heard is None else set()

    def odd(span: Span) -> bool:
        if heard is not None:
            return not (heard[span.first] and heard[span.last] and matcher.is_heard(span))
        return ends_apart(pieces, span) or not matcher.is_like_others(span)

    found = []
    for line in range(len(matcher.said.lines)):
        span = kept.get(line)
        if span is None:
            score = float(np.clip(1 - aligned.kept[:, :, line].sum(), 0, 1))
            doubtful = (DOUBTFUL_SKIP,) if score < SURE or line in shaken else ()
            found.append(LineMatch(line, None, round(score, 4), doubtful))
            continue
        score = _near(aligned, pieces, span)
        found.append(
            LineMatch(
                line,
                _extent(pieces, span),
                round(score, 4),
                (DOUBTFUL_MATCH,) if score < SURE or line in shaken or odd(span) else (),
                tuple(
                    Attempt(one.kind, *_extent(pieces, one))
                    for one in aligned.spans
                    if one.line == line and one.kind != "kept"
                ),
                None if heard is None else "".join(heard[span.first : span.last + 1]),
            )
        )
    return found


def check_fit(matcher: Matcher, matches: Sequence[LineMatch]) -> None:
    """Raise DataError if the script is not that of the take.

    By text, half of the lines found must be beyond doubt, and a third fewer of their letters wrong
    than in other lines. By sound, half of the lines must be
    found, and long lines must take longer than short ones (correlation of the logarithms at least
    0.6): the wrong script can be laid over any take, but not so.
    """
    found = [match for match in matches if match.span is not None]
    sure = sum(not match.flags for match in found)
    if matcher.said.heard is not None:
        if not found or sure < _LEAST_SURE * len(found) or matcher.fit < LEAST_FIT:
            raise DataError(
                f"its {len(matches)} lines don't fit what was recognised; is this the script of "
                f"another take, or are these the texts of another?"
            )
        return
    if len(found) < _LEAST_FOUND * len(matches):
        raise DataError(
            f"only {len(found)} of its {len(matches)} lines can be found by their sound; give "
            f"recognised text with --texts, or only the lines that were read"
        )
    if (
        len(found) >= _FEWEST
        and matcher.agreement(
            [match.line for match in found],
            [match.span[1] - match.span[0] for match in found if match.span],
        )
        < _LEAST_AGREEMENT
    ):
        raise DataError(
            "how long its lines are does not fit what was read; is this the script of another "
            "take? If it is the right one, give recognised text with --texts"
        )


def _shaken(matcher: Matcher, aligned: Aligned) -> set[int]:
    """Return the lines beside an attempt that doesn't sound like what follows it.

    It may be something that is not in the script, and shift the lines around it.
    """
    return {
        line
        for one, following in pairwise(aligned.spans)
        if one.kind != "kept" and not matcher.sounds_like(one, following)
        for line in (one.line - 1, one.line, one.line + 1)
    }


def ends_apart(pieces: NDArray[np.intp], span: Span) -> bool:
    """Return whether a span begins or ends with something short beyond a pause, as a cough is.

    Args:
        pieces: milliseconds from and to of each.
        span: some of them.

    Example:
        >>> pieces = np.array([[0, 900], [950, 1800], [2600, 2900]])
        >>> [ends_apart(pieces, Span("kept", 0, 0, last)) for last in (1, 2)]
        [False, True]
    """
    some = pieces[span.first : span.last + 1]
    pauses = np.flatnonzero(some[1:, 0] - some[:-1, 1] >= _PAUSE_MS)
    if not len(pauses):
        return False
    before = some[pauses[0], 1] - some[0, 0]
    after = some[-1, 1] - some[pauses[-1] + 1, 0]
    return bool(min(before, after) <= _SHORT_MS)


def _extent(pieces: NDArray[np.intp], span: Span) -> tuple[int, int]:
    return int(pieces[span.first, 0]), int(pieces[span.last, 1])


def _near(aligned: Aligned, pieces: NDArray[np.intp], span: Span) -> float:
    """Return the probability of a kept reading with about these edges."""
    start, end = _extent(pieces, span)
    firsts = np.flatnonzero(np.abs(pieces[:, 0] - start) <= _TOLERANCE_MS)
    total = 0.0
    for first in firsts:
        ends = pieces[first : first + aligned.kept.shape[1], 1]
        close = np.flatnonzero(np.abs(ends - end) <= _TOLERANCE_MS)
        total += float(aligned.kept[first, close, span.line].sum())
    return min(total, 1.0)


SURE = 0.98
"""Score below which a line is doubtful."""
_TOLERANCE_MS = 300
_PAUSE_MS, _SHORT_MS = 200, 500  # before or behind what may not belong to a line, and its length
_LEAST_SURE, _LEAST_FOUND = 0.5, 0.5
_FEWEST, _LEAST_AGREEMENT = 8, 0.6
