"""All ways to read a script aloud, in order, with skips, false starts and retakes.

A take is pieces of speech, a *span* some of them in a row. Every piece is part of a reading of a
line, of a false start, or of something else that was said. Evidence for all of these is given as
log-likelihood ratios to "something else".

A semi-Markov model (Ostendorf, Digalakis & Kimball, "From HMM's to segment models", IEEE
Transactions on Speech and Audio Processing 1996) over four kinds of place:

    fresh[p, k]        pieces before p are done, line k is not begun
    pending[p, k]      line k was begun but is to be read again, and something else may be said
    reading[p, w, k]   the span of w pieces from p reads line k from beginning to end
    broken[p, w, k]    that span breaks off line k

with p from 0 to the number of pieces, w - 1 from 0, k from 0 to the number of lines.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chances", "Evidence", "Lattice", "backward", "forward"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Chances:
    """What a reader does, as log-probabilities.

    Attributes:
        skip: leaves a line out.
        retake: reads a line again that was read to the end.
        false_start: breaks a line off.
        aside: says something else, for each of its pieces.
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
    """Log-likelihood ratios; widths are w - 1, -inf where no span can be.

    Attributes:
        whole: for a span as a reading of a line, shape (pieces, widths, lines).
        part: for a span as a false start of a line, the same shape.
        again: for the span [p, p + w) as an earlier reading of what the next w' pieces read,
            shape (pieces, widths, widths).
        begun: the same for a false start.
    """

    whole: Floats
    part: Floats
    again: Floats
    begun: Floats


@dataclass(frozen=True, eq=False)
class Lattice:
    """Log-weights of all beginnings (`forward`) or all continuations (`backward`) of a place."""

    fresh: Floats
    pending: Floats
    reading: Floats
    broken: Floats


def forward(evidence: Evidence, chances: Chances, add: np.ufunc) -> Lattice:
    """Return the weight of each place's beginnings, the place itself included.

    Args:
        evidence: for spans.
        chances: of what a reader does.
        add: ``np.logaddexp`` for the sum of all ways, ``np.maximum`` for the best one.
    """
    pieces, widths, lines = evidence.whole.shape
    fresh = np.full((pieces + 1, lines + 1), -np.inf)
    pending = np.full((pieces + 1, lines), -np.inf)
    reading = np.full((pieces, widths, lines), -np.inf)
    broken = np.full((pieces, widths, lines), -np.inf)
    fresh[0, 0] = 0.0
    done = chances.done
    skips = chances.skip * np.arange(lines + 1)
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
            again, begun = evidence.again[starts, wide], evidence.begun[starts, wide]
            again, begun = again[:, :, None] + chances.retake, begun[:, :, None]
            into_whole += [
                add.reduce(earlier[:, None] + again, axis=0),
                add.reduce(cut_short[:, None] + begun, axis=0),
            ]
            into_part += [
                add.reduce(cut_short, axis=0)[None],
                add.reduce(earlier, axis=0)[None] + chances.retake,
            ]
        for ways in into_whole:
            reading[at] = add(reading[at], ways)
        for ways in into_part:
            broken[at] = add(broken[at], ways)
        reading[at] += evidence.whole[at]
        broken[at] += evidence.part[at] + chances.false_start
        fresh[at + 1] = add(fresh[at + 1], fresh[at] + chances.aside)
        pending[at + 1] = add(pending[at + 1], pending[at] + chances.aside)
        for w in range(min(widths, pieces - at)):
            after = at + w + 1
            fresh[after, 1:] = add(fresh[after, 1:], reading[at, w] + done)
            left = add(reading[at, w] + chances.retake, broken[at, w])
            if after < pieces:  # at least one aside lies between
                pending[after + 1] = add(pending[after + 1], left + chances.aside)
    return Lattice(fresh, pending, reading, broken)


def backward(evidence: Evidence, chances: Chances) -> Lattice:
    """Return the log-sum of each place's continuations, the place itself left out."""
    add = np.logaddexp
    pieces, widths, lines = evidence.whole.shape
    fresh = np.full((pieces + 1, lines + 1), -np.inf)
    pending = np.full((pieces + 1, lines), -np.inf)
    reading = np.full((pieces, widths, lines), -np.inf)
    broken = np.full((pieces, widths, lines), -np.inf)
    fresh[pieces, lines] = 0.0
    done = chances.done
    skips = chances.skip * np.arange(lines + 1)
    from_whole = np.full((pieces + 1, widths, lines), -np.inf)
    from_part = np.full((pieces + 1, widths, lines), -np.inf)
    for at in range(pieces, -1, -1):
        if at < pieces:
            for w in range(min(widths, pieces - at)):
                after = at + w + 1
                spoken_on = -np.inf
                if after < pieces:
                    spoken_on = pending[after + 1] + chances.aside
                    again = evidence.again[at, w][:, None] + from_whole[after]
                    begun = evidence.begun[at, w][:, None] + from_whole[after]
                    broken_off = add.reduce(from_part[after], axis=0)
                else:
                    again = begun = np.full((1, lines), -np.inf)
                    broken_off = np.full(lines, -np.inf)
                onward = add(spoken_on, broken_off)
                reading[at, w] = add(
                    fresh[after, 1:] + done,
                    chances.retake + add(onward, add.reduce(again, axis=0)),
                )
                broken[at, w] = add(onward, add.reduce(begun, axis=0))
            from_whole[at] = evidence.whole[at] + reading[at]
            from_part[at] = evidence.part[at] + chances.false_start + broken[at]
            start = add(add.reduce(from_whole[at], axis=0), add.reduce(from_part[at], axis=0))
            pending[at] = add(start, pending[at + 1] + chances.aside)
            fresh[at, :-1] = start
            fresh[at] = add(fresh[at], fresh[at + 1] + chances.aside)
        onward = (fresh[at] + skips)[::-1]
        fresh[at] = add.accumulate(onward)[::-1] - skips
    return Lattice(fresh, pending, reading, broken)
