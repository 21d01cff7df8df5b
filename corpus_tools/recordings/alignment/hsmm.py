"""Semi-Markov model of a script read aloud in order, with skips, false starts and retakes.

A take is a sequence of pieces of speech; a *span* is a run of pieces. Every piece belongs to a
reading of a line, to a false start, or to an aside. Evidence is given as log-likelihood ratios to
an aside.

The model (Ostendorf, Digalakis & Kimball, "From HMM's to segment models", IEEE Transactions on
Speech and Audio Processing 1996) has four kinds of state:

    fresh[p, k]        pieces before p are explained, line k has not begun
    pending[p, k]      line k has begun but will be read again, after an aside
    reading[p, w, k]   the span of w pieces from p is a whole reading of line k
    broken[p, w, k]    the span of w pieces from p is a false start of line k

with p from 0 to the number of pieces, w - 1 from 0, k from 0 to the number of lines.

The best path through the lattice is found, and the posterior probability of its readings.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Evidence",
    "ReadingPriors",
    "Span",
    "TakeAlignment",
    "align_take",
    "backward",
    "best_spans",
    "forward",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ReadingPriors:
    """Log-probabilities of a reader's actions, that of an aside for each of its pieces.

    A reader may skip a line, read a completed one again (``retake``), or break it off.
    """

    skip: float = float(np.log(0.04))
    retake: float = float(np.log(0.06))
    false_start: float = float(np.log(0.06))
    aside: float = -4.0

    @property
    def done(self) -> float:
        """Log-probability that a line read to the end is not read again."""
        return float(np.log1p(-np.exp(self.retake)))


@dataclass(frozen=True, eq=False)
class Evidence:
    """Log-likelihood ratios; the index of a width is w - 1, and impossible spans have -inf.

    Attributes:
        whole: ratio for a span as a reading of a line, shape (pieces, widths, lines).
        part: ratio for a span as a false start of a line, same shape.
        retake: ratio for the span [p, p + w) as an earlier reading of the same line as the next w'
            pieces, shape (pieces, widths, widths).
        restart: the same for a false start.
    """

    whole: Floats
    part: Floats
    retake: Floats
    restart: Floats


@dataclass(frozen=True, eq=False)
class Lattice:
    """Log-weights of all paths into a state (`forward`) or out of it (`backward`)."""

    fresh: Floats
    pending: Floats
    reading: Floats
    broken: Floats


def forward(evidence: Evidence, priors: ReadingPriors, add: np.ufunc) -> Lattice:
    """Return the weight of the paths into each state, that of the state included.

    ``add`` is ``np.logaddexp`` for the sum over all paths, ``np.maximum`` for the best one.
    """
    pieces, widths, lines = evidence.whole.shape
    fresh = np.full((pieces + 1, lines + 1), -np.inf)
    pending = np.full((pieces + 1, lines), -np.inf)
    reading = np.full((pieces, widths, lines), -np.inf)
    broken = np.full((pieces, widths, lines), -np.inf)
    fresh[0, 0] = 0.0
    done = priors.done
    skips = priors.skip * np.arange(lines + 1)
    for at in range(pieces + 1):
        fresh[at] = add.accumulate(fresh[at] - skips) + skips
        if at == pieces:
            break
        start = add(fresh[at, :-1], pending[at])
        into_whole, into_part = [start[None]], [start[None]]
        reach = min(widths, at)
        if reach:
            wide = np.arange(reach)
            starts = at - 1 - wide
            earlier, cut_short = reading[starts, wide], broken[starts, wide]
            retaken, restarted = evidence.retake[starts, wide], evidence.restart[starts, wide]
            retaken, restarted = retaken[:, :, None] + priors.retake, restarted[:, :, None]
            into_whole += [
                add.reduce(earlier[:, None] + retaken, axis=0),
                add.reduce(cut_short[:, None] + restarted, axis=0),
            ]
            into_part += [
                add.reduce(cut_short, axis=0)[None],
                add.reduce(earlier, axis=0)[None] + priors.retake,
            ]
        for ways in into_whole:
            reading[at] = add(reading[at], ways)
        for ways in into_part:
            broken[at] = add(broken[at], ways)
        reading[at] += evidence.whole[at]
        broken[at] += evidence.part[at] + priors.false_start
        fresh[at + 1] = add(fresh[at + 1], fresh[at] + priors.aside)
        pending[at + 1] = add(pending[at + 1], pending[at] + priors.aside)
        for w in range(min(widths, pieces - at)):
            after = at + w + 1
            fresh[after, 1:] = add(fresh[after, 1:], reading[at, w] + done)
            left = add(reading[at, w] + priors.retake, broken[at, w])
            if after < pieces:  # a pending line is followed by at least one aside
                pending[after + 1] = add(pending[after + 1], left + priors.aside)
    return Lattice(fresh, pending, reading, broken)


def backward(evidence: Evidence, priors: ReadingPriors) -> Lattice:
    """Return the log-sum of the paths out of each state, that of the state excluded."""
    add = np.logaddexp
    pieces, widths, lines = evidence.whole.shape
    fresh = np.full((pieces + 1, lines + 1), -np.inf)
    pending = np.full((pieces + 1, lines), -np.inf)
    reading = np.full((pieces, widths, lines), -np.inf)
    broken = np.full((pieces, widths, lines), -np.inf)
    fresh[pieces, lines] = 0.0
    done = priors.done
    skips = priors.skip * np.arange(lines + 1)
    from_whole = np.full((pieces + 1, widths, lines), -np.inf)
    from_part = np.full((pieces + 1, widths, lines), -np.inf)
    for at in range(pieces, -1, -1):
        if at < pieces:
            for w in range(min(widths, pieces - at)):
                after = at + w + 1
                spoken_on = -np.inf
                if after < pieces:
                    spoken_on = pending[after + 1] + priors.aside
                    retaken = evidence.retake[at, w][:, None] + from_whole[after]
                    restarted = evidence.restart[at, w][:, None] + from_whole[after]
                    broken_off = add.reduce(from_part[after], axis=0)
                else:
                    retaken = restarted = np.full((1, lines), -np.inf)
                    broken_off = np.full(lines, -np.inf)
                onward = add(spoken_on, broken_off)
                reading[at, w] = add(
                    fresh[after, 1:] + done,
                    priors.retake + add(onward, add.reduce(retaken, axis=0)),
                )
                broken[at, w] = add(onward, add.reduce(restarted, axis=0))
            from_whole[at] = evidence.whole[at] + reading[at]
            from_part[at] = evidence.part[at] + priors.false_start + broken[at]
            start = add(add.reduce(from_whole[at], axis=0), add.reduce(from_part[at], axis=0))
            pending[at] = add(start, pending[at + 1] + priors.aside)
            fresh[at, :-1] = start
            fresh[at] = add(fresh[at], fresh[at + 1] + priors.aside)
        onward = (fresh[at] + skips)[::-1]
        fresh[at] = add.accumulate(onward)[::-1] - skips
    return Lattice(fresh, pending, reading, broken)


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
        spans: spans in order of time; lines without a kept span were skipped, other pieces are
            asides.
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
