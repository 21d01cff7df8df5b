"""Scores of cuts of a constructed episode against its true times."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.common.constructed import Episode

__all__ = ["LENGTHS", "Score", "score"]

LENGTHS = (3.0, 5.0)
"""Shortest and longest clip, in seconds."""


@dataclass(frozen=True)
class Score:
    """Counts over one or several episodes.

    Attributes:
        clips: number of clips.
        inside: number of edges (two per clip) more than 50 ms inside an utterance.
        mixed: number of clips with more than 0.1 s of speech of each of two speakers.
        out_of_length: number of clips not within 3.000 to 5.000 s, to the millisecond.
        speech: duration of the utterances in seconds.
        in_clips: duration of the utterances within clips, in seconds.
    """

    clips: int = 0
    inside: int = 0
    mixed: int = 0
    out_of_length: int = 0
    speech: float = 0.0
    in_clips: float = 0.0

    def __add__(self, other: "Score") -> "Score":
        return Score(**{name: count + getattr(other, name) for name, count in vars(self).items()})

    @property
    def cuts_inside(self) -> float:
        """Share of edges inside utterances; 0 without clips."""
        return self.inside / (2 * self.clips) if self.clips else 0.0

    @property
    def covered(self) -> float:
        """Share of the utterances' duration within clips."""
        return self.in_clips / self.speech if self.speech else 0.0

    @property
    def mixed_share(self) -> float:
        """Share of mixed clips; 0 without clips."""
        return self.mixed / self.clips if self.clips else 0.0


def score(cuts: Sequence[tuple[float, float]], episode: Episode) -> Score:
    """Return the score of cuts (start and end in seconds); overlapping ones count twice."""
    starts = np.array([start for start, _, _ in episode.utterances])
    ends = np.array([end for _, end, _ in episode.utterances])
    speakers = np.array([speaker for _, _, speaker in episode.utterances])
    inside = mixed = out_of_length = 0
    covered = np.zeros(len(episode.samples), dtype=np.bool_)
    for start, end in cuts:
        for edge in (start, end):
            inside += bool(np.any((starts + _TOLERANCE < edge) & (edge < ends - _TOLERANCE)))
        spoken = np.clip(np.minimum(ends, end) - np.maximum(starts, start), 0, None)
        held = [float(spoken[speakers == one].sum()) for one in set(speakers[spoken > 0])]
        mixed += sum(seconds > _LEAST_SPEECH for seconds in held) > 1
        milliseconds = round((end - start) * 1000)
        out_of_length += not LENGTHS[0] * 1000 <= milliseconds <= LENGTHS[1] * 1000
        covered[round(start * _RATE) : round(end * _RATE)] = True
    in_clips = sum(
        int(covered[round(start * _RATE) : round(end * _RATE)].sum())
        for start, end in zip(starts, ends, strict=True)
    )
    return Score(
        clips=len(cuts),
        inside=inside,
        mixed=mixed,
        out_of_length=out_of_length,
        speech=float((ends - starts).sum()),
        in_clips=in_clips / _RATE,
    )


_TOLERANCE = 0.05  # s
_LEAST_SPEECH = 0.1  # s
_RATE = 16_000
