"""Lay the lines of a script over what was said in takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.companions import Reading, likeness
from corpus_tools.recordings.durations import (
    agreement,
    expected_ms,
    part_by_duration,
    whole_by_duration,
)
from corpus_tools.recordings.lattice import Chances, Evidence
from corpus_tools.recordings.letters import letters_of
from corpus_tools.recordings.path import Aligned, Span, align, best_spans
from corpus_tools.recordings.retakes import again_and_begun
from corpus_tools.recordings.spans import Spans
from corpus_tools.recordings.voiceprint import Voiced
from corpus_tools.recordings.wording import Wording
from manifests.errors import DataError

__all__ = ["LEAST_FIT", "MATCHING", "Matcher", "Said", "match_takes"]

Floats = NDArray[np.float64]

MATCHING = 2
"""Raised whenever the same takes would be matched otherwise."""


@dataclass(frozen=True, eq=False)
class Said:
    """What is known of a take before it is matched.

    Attributes:
        pieces: of speech, as from `pieces_of`.
        voiced: their sound.
        lines: texts that should have been read, in order.
        sentences: id of each line, the same in all takes.
        heard: letters that were recognised in each piece, ``None`` without recognised text.
    """

    pieces: NDArray[np.intp]
    voiced: Voiced
    lines: Sequence[str]
    sentences: Sequence[str]
    heard: Sequence[str] | None


class Matcher:
    """Matches one take, and learns how fast it is read and how well it was recognised.

    Args:
        said: the take.

    Raises:
        DataError: if it is too long to be matched in one go.
    """

    def __init__(self, said: Said) -> None:
        letters = np.array([len(letters_of(line)) for line in said.lines])
        spoken = float((said.pieces[:, 1] - said.pieces[:, 0]).sum())
        self.said = said
        self._by_letters = expected_ms(letters, spoken)
        self._pace = np.zeros(len(letters))
        self._error = _FIRST_ERROR
        self._unlike: set[Span] = set()
        self.spans = Spans.up_to(said.pieces, _LONGEST * self._by_letters.max() + _PAUSES_MS)
        if len(self.spans) * self.spans.widths * len(letters) > _MOST_PLACES:
            raise DataError(
                f"{len(letters)} lines in {spoken / 60_000:.0f} minutes of speech are too many to "
                f"match in one go; divide take and script in two"
            )

    @cached_property
    def _wording(self) -> Wording | None:
        heard = self.said.heard
        return None if heard is None else Wording.of(heard, self.spans, self.said.lines)

    @cached_property
    def _retakes(self) -> tuple[Floats, Floats]:
        return again_and_begun(self.said.voiced, self.spans)

    @property
    def fit(self) -> float:
        """How much fewer letters of the lines found are wrong than would be by chance, 0 to 1.

        1 without recognised text.
        """
        return 1.0 if self._wording is None else 1 - self._error / self._wording.chance

    @property
    def _usual_error(self) -> float:
        return float(np.clip(self._error, *_ERRORS))

    def agreement(self, lines: Sequence[int], spoken_ms: Sequence[int]) -> float:
        """Return how far readings of lines take the longer the more letters these have."""
        return agreement(np.asarray(spoken_ms, dtype=float), self._by_letters[list(lines)])

    def sounds_like(self, attempt: Span, following: Span) -> bool:
        """Return whether an attempt at a line sounds rather like what comes right after it."""
        if following.first != attempt.last + 1:
            return False
        again, begun = self._retakes
        evidence = begun if attempt.kind == "false_start" else again
        widths = attempt.last - attempt.first, following.last - following.first
        return bool(evidence[(attempt.first, *widths)] > 0)

    def is_heard(self, span: Span) -> bool:
        """Return whether the text heard in a reading, if any, is rather its line than another."""
        place = span.first, span.last - span.first, span.line
        return self._wording is None or self._wording.supports(*place, self._usual_error)

    def is_like_others(self, span: Span) -> bool:
        """Return whether nothing speaks against a reading in how others read its line."""
        return span not in self._unlike

    def align(self, extra: tuple[Floats, Floats] | None = None) -> Aligned:
        """Return the alignment of the take.

        Args:
            extra: further evidence for readings and for false starts, as from `likeness`.
        """
        for _ in range(_ROUNDS):
            self._learn(best_spans(self._evidence(extra), Chances()))
        return align(self._evidence(extra), Chances())

    def hear(self, aligned: Aligned, others: Sequence[Mapping[str, Sequence[Reading]]]) -> Aligned:
        """Return the alignment again, knowing how others read the lines.

        Args:
            aligned: what it was without them.
            others: what may be the reading of each sentence, in each other take.
        """
        at_line: dict[str, int] = {}
        for line, sentence in enumerate(self.said.sentences):
            at_line.setdefault(sentence, line)
        known = [
            {at_line[name]: some for name, some in readings.items() if name in at_line}
            for readings in others
        ]
        for line in range(len(self._pace)):
            found = [one for readings in known for one in readings.get(line, ())]
            trust = sum(one.trust for one in found)
            self._pace[line] = sum(one.trust * one.pace for one in found) / (trust + _DOUBT)
        plausible = (aligned.kept + aligned.tried).sum(axis=1) > _PLAUSIBLE
        extra = likeness(self.said.voiced, self.spans, plausible, known)
        again = self.align(extra)
        self._unlike = {
            span
            for span in again.spans
            if extra[0][span.first, span.last - span.first, span.line] < 0
        }
        return again

    def readings(self, aligned: Aligned) -> dict[str, list[Reading]]:
        """Return what may be the reading of each sentence, for `hear` of other takes.

        None if the recognised text doesn't fit the script.
        """
        if self.fit < LEAST_FIT:
            return {}
        spoken = self.spans.speech_ms()
        found: dict[str, list[Reading]] = {}
        for line, sentence in enumerate(self.said.sentences):
            left = aligned.kept[:, :, line].copy()
            for _ in range(_CANDIDATES):
                first, width = (int(at) for at in np.unravel_index(left.argmax(), left.shape))
                around = slice(max(first - 1, 0), first + 2), slice(max(width - 2, 0), width + 3)
                trust = float(left[around].sum())
                if trust < _LEAST_TRUST:
                    break
                left[around] = 0
                pace = np.log(spoken[first, width] / self._by_letters[line])
                found.setdefault(sentence, []).append(
                    Reading(
                        self.said.voiced.sound(first, first + width + 1),
                        min(trust, 1.0),
                        float(np.clip(pace, -_MOST_PACE, _MOST_PACE)),
                    )
                )
        return found

    def _evidence(self, extra: tuple[Floats, Floats] | None) -> Evidence:
        spoken, edges = self.spans.speech_ms(), self.spans.edges()[:, :, None]
        expected = self._by_letters * np.exp(self._pace)
        whole = whole_by_duration(spoken, expected) + edges
        part = part_by_duration(spoken, expected) + edges
        if self._wording is not None:
            whole += self._wording.whole_evidence(self._usual_error)
            part += self._wording.part_evidence(self._usual_error)
        if extra is not None:
            whole += extra[0]
            part += extra[1]
        return Evidence(whole, part, *self._retakes)

    def _learn(self, spans: Sequence[Span]) -> None:
        kept = [span for span in spans if span.kind == "kept"]
        if not kept:
            return
        first = np.array([span.first for span in kept])
        width = np.array([span.last - span.first for span in kept])
        line = np.array([span.line for span in kept])
        expected = self._by_letters[line] * np.exp(self._pace[line])
        slower = np.median(np.log(self.spans.speech_ms()[first, width] / expected))
        self._by_letters = self._by_letters * np.exp(slower)
        if self._wording is not None:
            edits = self._wording.whole[first, width, line].sum()
            letters = max(1, self._wording.whole_letters[first, width, line].sum())
            self._error = float(edits / letters)


def match_takes(matchers: Sequence[Matcher]) -> list[Aligned]:
    """Return the alignment of each take.

    Takes with recognised text are matched by it. The others are first matched each by itself, by
    durations, pauses and retakes, then again, each knowing how the lines seem to be read in all
    other takes.
    """
    found = [one.align() for one in matchers]
    for _ in range(_HEARINGS if len(matchers) > 1 else 0):
        readings = [one.readings(aligned) for one, aligned in zip(matchers, found, strict=True)]
        found = [
            aligned
            if one.said.heard is not None
            else one.hear(aligned, [*readings[:at], *readings[at + 1 :]])
            for at, (one, aligned) in enumerate(zip(matchers, found, strict=True))
        ]
    return found


LEAST_FIT = 1 / 3
"""Below it, recognised text and script don't belong together."""
_FIRST_ERROR = 0.3  # of the recogniser for a letter, before any is known
_ERRORS = (0.02, 0.6)
_LONGEST, _PAUSES_MS = 2.0, 1000.0  # times what is expected, and pauses, that a line may take
_ROUNDS = 2  # of learning
_HEARINGS = 3  # rounds of listening to others
_CANDIDATES, _LEAST_TRUST = 3, 0.05  # readings of a line told to others, their probability
_DOUBT = 1.0  # others that would have to contradict a line's pace
_MOST_PACE = 0.6  # log of how much longer a line takes than its letters say
_PLAUSIBLE = 1e-3  # probability of a line at a piece from which others are asked
_MOST_PLACES = 12_000_000  # pieces by widths by lines: 0.9 GB
