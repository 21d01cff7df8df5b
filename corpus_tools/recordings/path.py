"""Best path through the lattice, and the posterior probability of its readings."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.lattice import Evidence, Lattice, ReadingPriors, backward, forward

__all__ = ["Span", "TakeAlignment", "align_take", "best_spans"]

Floats = NDArray[np.float64]
Kind = Literal["kept", "retake", "false_start"]


@dataclass(frozen=True)
class Span:
    """Reading or false start of a line: pieces ``first`` to ``last`` (included)."""

    kind: Kind
    line: int
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class TakeAlignment:
    """Alignment of a script with a take.

    Attributes:
        spans: spans in order of time; lines without a kept span were skipped, pieces in no span
            are asides.
        kept: probability that a span is the kept reading of a line, shape (pieces, widths, lines).
        tried: probability that a span is an earlier reading or a false start of a line.
        total: log-likelihood ratio of all readings of the script to asides alone.
    """

    spans: list[Span]
    kept: Floats
    tried: Floats
    total: float


def align_take(evidence: Evidence, priors: ReadingPriors) -> TakeAlignment:
    """Return the best alignment, with probabilities summed over all alignments."""
    before = forward(evidence, priors, np.logaddexp)
    after = backward(evidence, priors)
    total = before.fresh[-1, -1]
    pieces, widths, _ = evidence.whole.shape
    ends = np.minimum(np.arange(pieces)[:, None] + np.arange(widths) + 1, pieces)
    kept = np.exp(before.reading + priors.done + after.fresh[ends, 1:] - total)
    read = np.exp(before.reading + after.reading - total)
    tried = np.maximum(read - kept, 0) + np.exp(before.broken + after.broken - total)
    nothing = pieces * priors.aside + evidence.whole.shape[2] * priors.skip
    return TakeAlignment(best_spans(evidence, priors), kept, tried, float(total - nothing))


def best_spans(evidence: Evidence, priors: ReadingPriors) -> list[Span]:
    """Return the spans of the best path, in order of time."""
    lattice = forward(evidence, priors, np.maximum)
    return list(_backtrack(lattice, evidence, priors))[::-1]


def _backtrack(lattice: Lattice, evidence: Evidence, priors: ReadingPriors) -> Iterator[Span]:
    """Yield the spans of the best path, from its end."""
    pieces, widths, lines = evidence.whole.shape
    at, line = pieces, lines
    while (at, line) != (0, 0):
        skipped = lattice.fresh[at, line - 1] + priors.skip if line else -np.inf
        aside = lattice.fresh[at - 1, line] + priors.aside if at else -np.inf
        w = np.arange(min(widths, at))
        read = lattice.reading[at - 1 - w, w, line - 1] + priors.done if line else np.array([])
        if len(read) and read.max() >= max(skipped, aside):
            width = int(read.argmax())
            at, line = at - 1 - width, line - 1
            yield Span("kept", line, at, at + width)
            for attempt in _attempts(lattice, evidence, priors, Span("kept", line, at, at + width)):
                yield attempt
                at = attempt.first
        elif skipped >= aside:
            line -= 1
        else:
            at -= 1


def _attempts(
    lattice: Lattice, evidence: Evidence, priors: ReadingPriors, span: Span
) -> Iterator[Span]:
    """Yield the attempts before a reading of a line, the last one first."""
    while True:
        attempt = _previous_attempt(lattice, evidence, priors, span)
        if attempt is None:
            return
        yield attempt
        span = attempt


def _previous_attempt(
    lattice: Lattice, evidence: Evidence, priors: ReadingPriors, span: Span
) -> Span | None:
    at, line = span.first, span.line
    width = span.last - span.first
    whole = span.kind != "false_start"
    best, attempt = lattice.fresh[at, line], None
    w = np.arange(min(evidence.whole.shape[1], at))
    if len(w):
        starts = at - 1 - w
        cut_short = lattice.broken[starts, w, line]
        cut_short = cut_short + (evidence.restart[starts, w, width] if whole else 0.0)
        if cut_short.max() > best:
            one = int(cut_short.argmax())
            best, attempt = cut_short[one], Span("false_start", line, at - 1 - one, at - 1)
        earlier = lattice.reading[starts, w, line] + priors.retake
        earlier = earlier + (evidence.retake[starts, w, width] if whole else 0.0)
        if earlier.max() > best:
            one = int(earlier.argmax())
            best, attempt = earlier[one], Span("retake", line, at - 1 - one, at - 1)
    if lattice.pending[at, line] > best:
        return _attempt_before_asides(lattice, evidence, priors, at, line)
    return attempt


def _attempt_before_asides(
    lattice: Lattice, evidence: Evidence, priors: ReadingPriors, at: int, line: int
) -> Span:
    """Return the attempt before the asides that end at a piece."""
    while True:
        at -= 1  # the piece before is an aside
        w = np.arange(min(evidence.whole.shape[1], at))
        earlier = lattice.reading[at - 1 - w, w, line] + priors.retake
        cut_short = lattice.broken[at - 1 - w, w, line]
        onward = lattice.pending[at, line]
        if max(earlier.max(), cut_short.max()) >= onward:
            if earlier.max() >= cut_short.max():
                one = int(earlier.argmax())
                return Span("retake", line, at - 1 - one, at - 1)
            one = int(cut_short.argmax())
            return Span("false_start", line, at - 1 - one, at - 1)
