"""The facts that a source's page shows, ready to be written as JSON."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from corpus_tools.review.envelope import PER_SECOND
from corpus_tools.review.material import Material
from corpus_tools.review.wording import label_of, measures_of, sentence_of
from corpus_tools.segmentation.activity import FRAME_MS, runs
from corpus_tools.segmentation.choices import Choices
from corpus_tools.segmentation.screening import Rules, screen_clips
from manifests.records import Clip, SubtitleLine

__all__ = ["Heard", "contents_of"]

Run = tuple[int, int]
"""Start and end in whole milliseconds."""


@dataclass(frozen=True)
class Heard:
    """What the page's sound is, and what was found in it.

    Attributes:
        pieces: where each stretch of the sound belongs: start and end in the source and start in
            the sound, all in seconds; one piece from 0 where the whole film is there.
        whole: whether the whole film is.
        speech: where somebody speaks; empty without the film.
        gaps: where the film has nothing.
    """

    pieces: Sequence[tuple[float, float, float]]
    whole: bool
    speech: Sequence[Run] = field(default=())
    gaps: Sequence[Run] = field(default=())


def contents_of(
    material: Material, heard: Heard, limits: tuple[float, float] | None
) -> dict[str, Any]:
    """Return all that the page's script needs but the sound and its outline.

    Args:
        material: the source's records.
        heard: its sound.
        limits: shortest and longest clip, in seconds, that edges may be moved to; ``None`` where
            they may not be moved.
    """
    source = material.source
    nearby = _Lines(material.lines)
    stored = _Stored(material)
    return {
        "source": {"id": source.source_id, "title": source.title, "duration": source.duration},
        "limits": limits,
        "perSecond": PER_SECOND,
        "whole": heard.whole,
        "pieces": heard.pieces,
        "speech": heard.speech,
        "gaps": heard.gaps,
        "closed": _closed(material),
        "lines": [[one.start, one.end, one.text, one.speaker] for one in material.lines],
        "clips": [
            {**_clip(clip, material, nearby.within(clip)), **stored.of(clip)}
            for clip in material.clips
        ],
        "labels": _labels(material),
    }


def _closed(material: Material) -> list[tuple[int, int, str]]:
    """Return the stretches in which people want no clip, in milliseconds, with the reason."""
    frames = round(material.source.duration * 1000) // FRAME_MS
    return [
        (int(start) * FRAME_MS, int(end) * FRAME_MS, label_of(reason))
        for reason, mask in material.choices.closed(frames).items()
        for start, end in runs(mask)
    ]


def _clip(clip: Clip, material: Material, lines: list[SubtitleLine]) -> dict[str, Any]:
    decision = material.decisions[clip.clip_id]
    text = material.texts.get(clip.clip_id)
    return {
        "id": clip.clip_id,
        "fingerprint": clip.sha256[:16],
        "start": clip.start,
        "end": clip.end,
        "accepted": decision.accepted,
        "reasons": decision.reasons,
        "why": [sentence_of(one, clip, material.rules) for one in decision.reasons],
        "measures": measures_of(clip),
        "speaker": clip.speaker,
        "speakerSource": clip.speaker_source,
        "duplicateOf": clip.duplicate_of,
        "text": text.text if text else None,
        "textSource": text.source if text else None,
        "subtitles": [one.text for one in lines],
    }


def _labels(material: Material) -> dict[str, str]:
    shown = (material.decisions[clip.clip_id] for clip in material.clips)
    reasons = {reason for one in shown for reason in one.reasons}
    return {reason: label_of(reason) for reason in sorted(reasons)}


class _Stored:
    """Tells what was decided on clips before, and what the rules alone would make of them."""

    def __init__(self, material: Material) -> None:
        self._rows = {(row.start, row.end): row for row in material.choices.reviews}
        self._regions = Choices(tuple(material.choices.regions))
        self._rules = _rules_of(material)

    def of(self, clip: Clip) -> dict[str, Any]:
        """Return it for one clip; nothing if nobody decided on it."""
        row = self._rows.get((clip.start, clip.end))
        if row is None:
            return {}
        moved = row.clip_id != clip.clip_id
        kept = "trim" if moved else "keep"
        return {
            "stored": "drop" if row.decision == "drop" else kept,
            "storedNote": row.note,
            "planned": row.clip_id,
            "ruled": self._ruled(clip),
        }

    def _ruled(self, clip: Clip) -> bool | None:
        if self._rules is None:
            return None
        (screen,) = screen_clips([clip], self._rules, self._regions)
        return screen.accepted


def _rules_of(material: Material) -> Rules | None:
    try:
        return Rules.model_validate(material.rules)
    except ValidationError:
        return None


class _Lines:
    """Finds the subtitle lines within a clip without looking at all of the film's."""

    def __init__(self, lines: Sequence[SubtitleLine]) -> None:
        self._lines = lines
        self._starts = [line.start for line in lines]
        self._longest = max((line.end - line.start for line in lines), default=0.0)

    def within(self, clip: Clip) -> list[SubtitleLine]:
        """Return the lines of which the clip has a noticeable part."""
        low = bisect.bisect_left(self._starts, clip.start - self._longest)
        high = bisect.bisect_right(self._starts, clip.end)
        return [
            line
            for line in self._lines[low:high]
            if min(line.end, clip.end) - max(line.start, clip.start) > _NOTICEABLE
        ]


_NOTICEABLE = 0.2  # seconds
