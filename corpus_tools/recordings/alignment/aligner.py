"""Alignment of scripts with takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from corpus_tools.recordings.alignment.evidence.acoustic import (
    Reading,
    cross_speaker_evidence,
    retake_evidence,
)
from corpus_tools.recordings.alignment.evidence.spans import (
    Spans,
    duration_correlation,
    expected_ms,
    false_start_by_duration,
    reading_by_duration,
)
from corpus_tools.recordings.alignment.evidence.text import TextEvidence
from corpus_tools.recordings.alignment.evidence.voiceprint import SpeechFeatures
from corpus_tools.recordings.alignment.hsmm import (
    Evidence,
    ReadingPriors,
    Span,
    TakeAlignment,
    align_take,
    best_spans,
)
from manifests.base.errors import DataError
from manifests.base.letters import plain_letters

__all__ = ["LEAST_FIT", "MATCHING", "Matcher", "TakeSpeech", "match_takes"]

Floats = NDArray[np.float64]

MATCHING = 2
"""Version of the algorithm, raised whenever it matches the same takes differently."""


@dataclass(frozen=True, eq=False)
class TakeSpeech:
    """Speech of a take in pieces, as from `speech_pieces`, and the lines of its script in order.

    Sentence ids are the same in all takes. ``transcribed`` has the recognised letters of each
    piece, None without recognised text.
    """

    pieces: NDArray[np.intp]
    voiced: SpeechFeatures
    lines: Sequence[str]
    sentences: Sequence[str]
    transcribed: Sequence[str] | None


class Matcher:
    """Matcher of one take, which adapts to its speaking rate and recognition error rate."""

    def __init__(self, speech: TakeSpeech) -> None:
        letters = np.array([len(plain_letters(line)) for line in speech.lines])
        spoken = float((speech.pieces[:, 1] - speech.pieces[:, 0]).sum())
        self.speech = speech
        self._by_letters = expected_ms(letters, spoken)
        self._pace = np.zeros(len(letters))
        self._error = _FIRST_ERROR
        self._contradicted: set[Span] = set()
        self.spans = Spans.up_to(speech.pieces, _LONGEST * self._by_letters.max() + _PAUSES_MS)
        if len(self.spans) * self.spans.widths * len(letters) > _MOST_PLACES:
            raise DataError(
                f"{len(letters)} lines in {spoken / 60_000:.0f} minutes of speech are too many to "
                f"match at once; split the take and its script in two"
            )

    @cached_property
    def _text_evidence(self) -> TextEvidence | None:
        letters = self.speech.transcribed
        return None if letters is None else TextEvidence.of(letters, self.spans, self.speech.lines)

    @cached_property
    def _retakes(self) -> tuple[Floats, Floats]:
        return retake_evidence(self.speech.voiced, self.spans)

    @property
    def fit(self) -> float:
        """Reduction of the letter error rate against chance, 0 to 1; 1 without recognised text."""
        return 1.0 if self._text_evidence is None else 1 - self._error / self._text_evidence.chance

    @property
    def _expected_error(self) -> float:
        return float(np.clip(self._error, *_ERROR_RANGE))

    def duration_correlation(self, lines: Sequence[int], spoken_ms: Sequence[int]) -> float:
        """Return the correlation between durations of readings and lengths of their lines."""
        return duration_correlation(
            np.asarray(spoken_ms, dtype=float), self._by_letters[list(lines)]
        )

    def sounds_like(self, attempt: Span, following: Span) -> bool:
        """Return whether an attempt at a line sounds like the span right after it."""
        if following.first != attempt.last + 1:
            return False
        again, begun = self._retakes
        evidence = begun if attempt.kind == "false_start" else again
        widths = attempt.last - attempt.first, following.last - following.first
        return bool(evidence[(attempt.first, *widths)] > 0)

    def text_supports(self, span: Span) -> bool:
        """Return whether a reading's recognised text, if any, is likelier its line than not."""
        place = span.first, span.last - span.first, span.line
        return self._text_evidence is None or self._text_evidence.supports(
            *place, self._expected_error
        )

    def agrees_with_others(self, span: Span) -> bool:
        """Return whether no cross-speaker evidence contradicts a reading."""
        return span not in self._contradicted

    def align(self, extra: tuple[Floats, Floats] | None = None) -> TakeAlignment:
        """Return the alignment of the take, with any evidence from `cross_speaker_evidence`."""
        for _ in range(_ROUNDS):
            self._learn(best_spans(self._evidence(extra), ReadingPriors()))
        return align_take(self._evidence(extra), ReadingPriors())

    def realign(
        self, aligned: TakeAlignment, others: Sequence[Mapping[str, Sequence[Reading]]]
    ) -> TakeAlignment:
        """Return a new alignment that uses each other take's candidate readings by sentence id."""
        at_line: dict[str, int] = {}
        for line, sentence in enumerate(self.speech.sentences):
            at_line.setdefault(sentence, line)
        known = [
            {at_line[name]: found for name, found in readings.items() if name in at_line}
            for readings in others
        ]
        for line in range(len(self._pace)):
            found = [reading for readings in known for reading in readings.get(line, ())]
            trust = sum(reading.trust for reading in found)
            pace = sum(reading.trust * reading.pace for reading in found)
            self._pace[line] = pace / (trust + _PACE_PRIOR)
        plausible = (aligned.kept + aligned.tried).sum(axis=1) > _PLAUSIBLE
        extra = cross_speaker_evidence(self.speech.voiced, self.spans, plausible, known)
        again = self.align(extra)
        self._contradicted = {
            span
            for span in again.spans
            if extra[0][span.first, span.last - span.first, span.line] < 0
        }
        return again

    def readings(self, aligned: TakeAlignment) -> dict[str, list[Reading]]:
        """Return each sentence's candidate readings, none if the recognised text doesn't fit."""
        if self.fit < LEAST_FIT:
            return {}
        spoken = self.spans.speech_ms()
        found: dict[str, list[Reading]] = {}
        for line, sentence in enumerate(self.speech.sentences):
            left = aligned.kept[:, :, line].copy()
            for _ in range(_CANDIDATES):
                first, width = (int(at) for at in np.unravel_index(left.argmax(), left.shape))
                nearby = slice(max(first - 1, 0), first + 2), slice(max(width - 2, 0), width + 3)
                trust = float(left[nearby].sum())
                if trust < _MIN_TRUST:
                    break
                left[nearby] = 0
                pace = np.log(spoken[first, width] / self._by_letters[line])
                found.setdefault(sentence, []).append(
                    Reading(
                        self.speech.voiced.sound(first, first + width + 1),
                        min(trust, 1.0),
                        float(np.clip(pace, -_MAX_PACE, _MAX_PACE)),
                    )
                )
        return found

    def _evidence(self, extra: tuple[Floats, Floats] | None) -> Evidence:
        spoken, edges = self.spans.speech_ms(), self.spans.edges()[:, :, None]
        expected = self._by_letters * np.exp(self._pace)
        whole = reading_by_duration(spoken, expected) + edges
        part = false_start_by_duration(spoken, expected) + edges
        if self._text_evidence is not None:
            whole += self._text_evidence.whole_evidence(self._expected_error)
            part += self._text_evidence.part_evidence(self._expected_error)
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
        if self._text_evidence is not None:
            edits = self._text_evidence.whole[first, width, line].sum()
            letters = max(1, self._text_evidence.whole_letters[first, width, line].sum())
            self._error = float(edits / letters)


def match_takes(matchers: Sequence[Matcher]) -> list[TakeAlignment]:
    """Return the alignment of each take.

    Takes with recognised text are matched by it. The others are first matched alone, by durations,
    pauses and retakes, and then again with the candidate readings of all other takes.
    """
    alignments = [matcher.align() for matcher in matchers]
    for _ in range(_CROSS_ROUNDS if len(matchers) > 1 else 0):
        readings = [
            matcher.readings(aligned) for matcher, aligned in zip(matchers, alignments, strict=True)
        ]
        alignments = [
            aligned
            if matcher.speech.transcribed is not None
            else matcher.realign(aligned, [*readings[:at], *readings[at + 1 :]])
            for at, (matcher, aligned) in enumerate(zip(matchers, alignments, strict=True))
        ]
    return alignments


LEAST_FIT = 1 / 3
"""Fit below which recognised text and script don't belong together."""
_FIRST_ERROR = 0.3  # letter error rate of the recogniser before it is estimated
_ERROR_RANGE = (0.02, 0.6)
_LONGEST, _PAUSES_MS = 2.0, 1000.0  # times what is expected, and pauses, that a line may take
_ROUNDS = 2  # rounds of estimating speaking rate and error rate
_CROSS_ROUNDS = 3  # rounds with the readings of other takes
_CANDIDATES, _MIN_TRUST = 3, 0.05  # candidate readings of a line, and their least probability
_PACE_PRIOR = 1.0  # weight, in readings, of the pace expected from the letters
_MAX_PACE = 0.6  # log-ratio of a line's duration to the one expected from its letters
_PLAUSIBLE = 1e-3  # probability of a line at a piece above which it is compared with other takes
_MOST_PLACES = 12_000_000  # pieces by widths by lines: 0.9 GB
