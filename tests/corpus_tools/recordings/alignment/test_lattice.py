"""The lattice against an enumeration of all readings of a short script."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_tools.recordings.alignment.hsmm import (
    Evidence,
    ReadingPriors,
    Span,
    align_take,
    backward,
    best_spans,
    forward,
)

CHANCES = ReadingPriors()


def evidence_of(pieces: int, widths: int, lines: int, seed: int) -> Evidence:
    rng = np.random.default_rng(seed)
    shape = (pieces, widths, lines)
    beyond = np.add.outer(np.arange(pieces), np.arange(widths)) >= pieces
    whole, part = (np.where(beyond[:, :, None], -np.inf, rng.normal(0, 3, shape)) for _ in "ab")
    again, begun = (rng.normal(0, 3, (pieces, widths, widths)) for _ in "ab")
    return Evidence(whole, part, again, begun)


def ways(evidence: Evidence) -> Iterator[tuple[float, list[Span]]]:
    """Yield every reading of the script, with its weight."""
    pieces, widths, lines = evidence.whole.shape

    def attempts(at: int, line: int, last: Span | None, paused: bool) -> Iterator:
        """Yield readings of a line from piece ``at``, after the attempt ``last`` if any."""
        for width in range(min(widths, pieces - at)):
            whole, part = evidence.whole[at, width, line], evidence.part[at, width, line]
            joined, spliced = 0.0, 0.0
            if last is not None and not paused:
                pair = last.first, last.last - last.first, width
                joined = (
                    evidence.restart[pair] if last.kind == "false_start" else evidence.retake[pair]
                )
            for kind, weight in (("kept", whole + joined), ("retake", whole + joined)):
                span = Span(kind, line, at, at + width)
                if kind == "kept":
                    yield weight + CHANCES.done, [span], at + width + 1
                else:
                    for more, spans, end in after(at + width + 1, line, span):
                        yield weight + CHANCES.retake + more, [span, *spans], end
            span = Span("false_start", line, at, at + width)
            for more, spans, end in after(at + width + 1, line, span):
                yield part + spliced + CHANCES.false_start + more, [span, *spans], end

    def after(at: int, line: int, last: Span) -> Iterator:
        yield from attempts(at, line, last, False)
        for asides in range(1, pieces - at + 1):
            for weight, spans, end in attempts(at + asides, line, last, True):
                yield weight + asides * CHANCES.aside, spans, end

    def script(at: int, line: int) -> Iterator[tuple[float, list[Span]]]:
        if line == lines:
            yield (pieces - at) * CHANCES.aside, []
            return
        for asides in range(pieces - at + 1):
            here = at + asides
            for weight, spans in script(here, line + 1) if not asides else ():
                yield weight + CHANCES.skip, spans
            for weight, spans, end in attempts(here, line, None, False):
                for more, others in script(end, line + 1):
                    yield asides * CHANCES.aside + weight + more, [*spans, *others]

    return script(0, 0)


def merged(evidence: Evidence) -> dict[tuple[Span, ...], float]:
    """Return the weight of each set of spans, which is independent of the place of skips."""
    found: dict[tuple[Span, ...], float] = {}
    for weight, spans in ways(evidence):
        found[tuple(spans)] = max(weight, found.get(tuple(spans), -np.inf))
    return found


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 2, 1), (4, 2, 2), (5, 3, 2)])
def test_the_best_path_is_the_best_of_all_paths(shape) -> None:
    for seed in range(10):
        evidence = evidence_of(*shape, seed)
        everything = merged(evidence)
        best = tuple(best_spans(evidence, CHANCES))
        assert everything[best] == pytest.approx(max(everything.values()))


@given(st.integers(1, 6), st.integers(1, 3), st.integers(1, 4), st.integers(0, 10**6))
def test_forward_and_backward_agree_and_probabilities_are_valid(
    pieces, widths, lines, seed
) -> None:
    evidence = evidence_of(pieces, min(widths, pieces), lines, seed)
    ahead = forward(evidence, CHANCES, np.logaddexp).fresh[-1, -1]
    assert backward(evidence, CHANCES).fresh[0, 0] == pytest.approx(ahead)
    aligned = align_take(evidence, CHANCES)
    assert (aligned.kept >= 0).all()
    assert (aligned.kept.sum(axis=(0, 1)) <= 1 + 1e-9).all()
    assert sum(one.last - one.first + 1 for one in aligned.spans) <= pieces


def test_a_clear_retake_is_found_with_high_probability() -> None:
    evidence = evidence_of(3, 1, 2, 0)
    evidence.whole[:] = [[[8, -8]], [[8, -8]], [[-8, 8]]]
    evidence.part[:] = -20
    evidence.retake[:] = 6
    aligned = align_take(evidence, CHANCES)
    assert aligned.spans == [
        Span("retake", 0, 0, 0), Span("kept", 0, 1, 1), Span("kept", 1, 2, 2),
    ]  # fmt: skip
    assert aligned.kept[1, 0, 0] > 0.99
