"""Matches of a script's lines in a take, and the check that the script fits the take."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.alignment.aligner import LEAST_FIT, Matcher
from corpus_tools.recordings.alignment.hsmm import Span, TakeAlignment
from manifests.base.errors import DataError

__all__ = [
    "DOUBTFUL_MATCH",
    "DOUBTFUL_SKIP",
    "Attempt",
    "LineMatch",
    "check_script_fits",
    "has_isolated_end",
    "line_matches",
]

DOUBTFUL_MATCH = "doubtful_match"
"""Flag of a line with a match that may be wrong."""
DOUBTFUL_SKIP = "doubtful_skip"
"""Flag of a line that was probably skipped, but may have been read."""


@dataclass(frozen=True)
class Attempt:
    """An earlier whole reading of a line (``retake``), or a ``false_start``."""

    kind: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class LineMatch:
    """Match of a line in a take.

    Attributes:
        line: index of the line in the script.
        span: start and end of its last reading in milliseconds; None if skipped.
        score: probability of the match (edges within 0.3 s), or of the skip.
        flags: ``doubtful_match``, ``doubtful_skip`` or none.
        attempts: earlier attempts, in order of time.
        transcribed: recognised letters of the reading, None without recognised text.
    """

    line: int
    span: tuple[int, int] | None
    score: float
    flags: tuple[str, ...]
    attempts: tuple[Attempt, ...] = ()
    transcribed: str | None = None


def line_matches(matcher: Matcher, aligned: TakeAlignment) -> list[LineMatch]:
    """Return the match of each line, in the order of the script."""
    pieces, transcribed = matcher.speech.pieces, matcher.speech.transcribed
    kept = {span.line: span for span in aligned.spans if span.kind == "kept"}
    uncertain = _uncertain_lines(matcher, aligned) if transcribed is None else set()

    def is_suspect(span: Span) -> bool:
        if transcribed is not None:
            return not (
                transcribed[span.first] and transcribed[span.last] and matcher.text_supports(span)
            )
        return has_isolated_end(pieces, span) or not matcher.agrees_with_others(span)

    found = []
    for line in range(len(matcher.speech.lines)):
        span = kept.get(line)
        if span is None:
            score = float(np.clip(1 - aligned.kept[:, :, line].sum(), 0, 1))
            doubtful = (DOUBTFUL_SKIP,) if score < SURE or line in uncertain else ()
            found.append(LineMatch(line, None, round(score, 4), doubtful))
            continue
        score = _match_probability(aligned, pieces, span)
        found.append(
            LineMatch(
                line,
                _extent(pieces, span),
                round(score, 4),
                (DOUBTFUL_MATCH,) if score < SURE or line in uncertain or is_suspect(span) else (),
                tuple(
                    Attempt(attempt.kind, *_extent(pieces, attempt))
                    for attempt in aligned.spans
                    if attempt.line == line and attempt.kind != "kept"
                ),
                None if transcribed is None else "".join(transcribed[span.first : span.last + 1]),
            )
        )
    return found


def check_script_fits(matcher: Matcher, matches: Sequence[LineMatch]) -> None:
    """Raise DataError if the script doesn't fit the take.

    With text, half of the lines found must be without flags, and their letter error rate at most
    two thirds of that between different lines. By sound alone, half of the lines must be found, and
    their durations must agree with their lengths (correlation of the logarithms at least 0.6),
    since any script can be aligned with any take.
    """
    found = [match for match in matches if match.span is not None]
    sure = sum(not match.flags for match in found)
    if matcher.speech.transcribed is not None:
        if not found or sure < _LEAST_SURE * len(found) or matcher.fit < LEAST_FIT:
            raise DataError(
                f"its {len(matches)} lines don't fit the recognised text; is this the script of "
                f"another take, or the text of another take?"
            )
        return
    if len(found) < _LEAST_FOUND * len(matches):
        raise DataError(
            f"only {len(found)} of its {len(matches)} lines can be found by sound; give "
            f"recognised text with --texts, or only the lines that were read"
        )
    if (
        len(found) >= _FEWEST
        and matcher.duration_correlation(
            [match.line for match in found],
            [match.span[1] - match.span[0] for match in found if match.span],
        )
        < _LEAST_AGREEMENT
    ):
        raise DataError(
            "the lengths of its lines don't fit the durations in the take; is this the script of "
            "another take? If it is the right one, give recognised text with --texts"
        )


def _uncertain_lines(matcher: Matcher, aligned: TakeAlignment) -> set[int]:
    """Return the lines around an attempt unlike the next span: speech outside the script, maybe."""
    return {
        line
        for attempt, following in pairwise(aligned.spans)
        if attempt.kind != "kept" and not matcher.sounds_like(attempt, following)
        for line in (attempt.line - 1, attempt.line, attempt.line + 1)
    }


def has_isolated_end(pieces: NDArray[np.intp], span: Span) -> bool:
    """Return whether a span begins or ends with a short sound beyond a pause, such as a cough.

    Example:
        >>> pieces = np.array([[0, 900], [950, 1800], [2600, 2900]])
        >>> [has_isolated_end(pieces, Span("kept", 0, 0, last)) for last in (1, 2)]
        [False, True]
    """
    selected = pieces[span.first : span.last + 1]
    pauses = np.flatnonzero(selected[1:, 0] - selected[:-1, 1] >= _PAUSE_MS)
    if not len(pauses):
        return False
    before = selected[pauses[0], 1] - selected[0, 0]
    after = selected[-1, 1] - selected[pauses[-1] + 1, 0]
    return bool(min(before, after) <= _SHORT_MS)


def _extent(pieces: NDArray[np.intp], span: Span) -> tuple[int, int]:
    return int(pieces[span.first, 0]), int(pieces[span.last, 1])


def _match_probability(aligned: TakeAlignment, pieces: NDArray[np.intp], span: Span) -> float:
    """Return the probability of a kept reading with edges within the tolerance."""
    start, end = _extent(pieces, span)
    firsts = np.flatnonzero(np.abs(pieces[:, 0] - start) <= _TOLERANCE_MS)
    total = 0.0
    for first in firsts:
        ends = pieces[first : first + aligned.kept.shape[1], 1]
        close = np.flatnonzero(np.abs(ends - end) <= _TOLERANCE_MS)
        total += float(aligned.kept[first, close, span.line].sum())
    return min(total, 1.0)


SURE = 0.98
"""Score below which a line is flagged as doubtful."""
_TOLERANCE_MS = 300
_PAUSE_MS, _SHORT_MS = 200, 500  # pause before or after an isolated sound, and its length
_LEAST_SURE, _LEAST_FOUND = 0.5, 0.5
_FEWEST, _LEAST_AGREEMENT = 8, 0.6
