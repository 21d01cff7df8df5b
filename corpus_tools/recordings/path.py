"""The best way through a lattice, and how sure each of its readings is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.lattice import Chances, Evidence, Lattice, backward, forward

__all__ = ["Aligned", "Span", "align", "best_spans"]

Floats = NDArray[np.float64]
Kind = Literal["kept", "retake", "false_start"]


@dataclass(frozen=True)
class Span:
    """Pieces ``first`` to ``last`` (included), which read a line or begin to."""

    kind: Kind
    line: int
    first: int
    last: int


@dataclass(frozen=True, eq=False)
class Aligned:
    """What an alignment found.

    Attributes:
        spans: in order of time; lines without a kept one were skipped, pieces in none are asides.
        kept: probability that a span is the kept reading of a line, shape (pieces, widths, lines).
        tried: probability that a span is an earlier reading or a false start of a line.
        total: log-likelihood ratio of all ways to read the script to asides alone.
    """

    spans: list[Span]
    kept: Floats
    tried: Floats
    total: float


def align(evidence: Evidence, chances: Chances) -> Aligned:
    """Return the best way to lay the lines over the pieces, with probabilities over all ways."""
    before = forward(evidence, chances, np.logaddexp)
    after = backward(evidence, chances)
    total = before.fresh[-1, -1]
    pieces, widths, _ = evidence.whole.shape
    ends = np.minimum(np.arange(pieces)[:, None] + np.arange(widths) + 1, pieces)
    kept = np.exp(before.reading + chances.done + after.fresh[ends, 1:] - total)
    heard = np.exp(before.reading + after.reading - total)
    tried = np.maximum(heard - kept, 0) + np.exp(before.broken + after.broken - total)
    nothing = pieces * chances.aside + evidence.whole.shape[2] * chances.skip
    return Aligned(best_spans(evidence, chances), kept, tried, float(total - nothing))


def best_spans(evidence: Evidence, chances: Chances) -> list[Span]:
    """Return the spans of the best way, in order of time."""
    lattice = forward(evidence, chances, np.maximum)
    return list(_backwards(lattice, evidence, chances))[::-1]


def _backwards(lattice: Lattice, evidence: Evidence, chances: Chances) -> Iterator[Span]:
    """Follow the best way from its end, taking at each place the way it was reached by."""
    pieces, widths, lines = evidence.whole.shape
    at, line = pieces, lines
    while (at, line) != (0, 0):
        skipped = lattice.fresh[at, line - 1] + chances.skip if line else -np.inf
        aside = lattice.fresh[at - 1, line] + chances.aside if at else -np.inf
        w = np.arange(min(widths, at))
        read = lattice.reading[at - 1 - w, w, line - 1] + chances.done if line else np.array([])
        if len(read) and read.max() >= max(skipped, aside):
            width = int(read.argmax())
            at, line = at - 1 - width, line - 1
            yield Span("kept", line, at, at + width)
            for one in _attempts(lattice, evidence, chances, Span("kept", line, at, at + width)):
                yield one
                at = one.first
        elif skipped >= aside:
            line -= 1
        else:
            at -= 1


def _attempts(lattice: Lattice, evidence: Evidence, chances: Chances, span: Span) -> Iterator[Span]:
    """Yield the attempts before a span that reads a line, the last of them first."""
    while True:
        before = _before(lattice, evidence, chances, span)
        if before is None:
            return
        yield before
        span = before


def _before(lattice: Lattice, evidence: Evidence, chances: Chances, span: Span) -> Span | None:
    at, line = span.first, span.line
    width = span.last - span.first
    whole = span.kind != "false_start"
    best, found = lattice.fresh[at, line], None
    w = np.arange(min(evidence.whole.shape[1], at))
    if len(w):
        starts = at - 1 - w
        cut_short = lattice.broken[starts, w, line]
        cut_short = cut_short + (evidence.begun[starts, w, width] if whole else 0.0)
        if cut_short.max() > best:
            one = int(cut_short.argmax())
            best, found = cut_short[one], Span("false_start", line, at - 1 - one, at - 1)
        earlier = lattice.reading[starts, w, line] + chances.retake
        earlier = earlier + (evidence.again[starts, w, width] if whole else 0.0)
        if earlier.max() > best:
            one = int(earlier.argmax())
            best, found = earlier[one], Span("retake", line, at - 1 - one, at - 1)
    if lattice.pending[at, line] > best:
        return _pending(lattice, evidence, chances, at, line)
    return found


def _pending(lattice: Lattice, evidence: Evidence, chances: Chances, at: int, line: int) -> Span:
    """Return the attempt before asides that end at a piece."""
    while True:
        at -= 1  # the piece before is an aside
        w = np.arange(min(evidence.whole.shape[1], at))
        earlier = lattice.reading[at - 1 - w, w, line] + chances.retake
        cut_short = lattice.broken[at - 1 - w, w, line]
        onward = lattice.pending[at, line]
        if max(earlier.max(), cut_short.max()) >= onward:
            if earlier.max() >= cut_short.max():
                one = int(earlier.argmax())
                return Span("retake", line, at - 1 - one, at - 1)
            one = int(cut_short.argmax())
            return Span("false_start", line, at - 1 - one, at - 1)
