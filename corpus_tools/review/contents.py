"""JSON data of a source's review page."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from corpus_tools.review.envelope import PER_SECOND
from corpus_tools.review.material import SourceData
from corpus_tools.review.wording import measure_texts, reason_label, reason_sentence
from corpus_tools.segmentation.activity import FRAME_MS, runs
from corpus_tools.segmentation.choices import Choices
from corpus_tools.segmentation.screening import Rules, screen_clips
from manifests.records import Clip, SubtitleLine

__all__ = ["SoundMap", "page_data"]

Run = tuple[int, int]
"""Start and end in milliseconds."""


@dataclass(frozen=True)
class SoundMap:
    """Mapping of the page's audio to the source, with the speech and gaps found in it.

    Attributes:
        pieces: start and end in the source and start in the audio, in seconds, of each section of
            the audio; one section from 0 if it is the whole film.
        whole: whether the audio is the whole film.
        speech: runs of speech; empty without the film.
        gaps: runs without samples in the film.
    """

    pieces: Sequence[tuple[float, float, float]]
    whole: bool
    speech: Sequence[Run] = field(default=())
    gaps: Sequence[Run] = field(default=())


def page_data(
    data: SourceData, sound: SoundMap, limits: tuple[float, float] | None
) -> dict[str, Any]:
    """Return the data of the page's script, without the audio and its envelope.

    Args:
        data: records of the source.
        sound: map of the page's audio.
        limits: minimum and maximum clip length in seconds for trimming; ``None`` if clips can't be
            trimmed.
    """
    source = data.source
    subtitles = _SubtitleIndex(data.lines)
    earlier = _EarlierDecisions(data)
    return {
        "source": {"id": source.source_id, "title": source.title, "duration": source.duration},
        "limits": limits,
        "perSecond": PER_SECOND,
        "whole": sound.whole,
        "pieces": sound.pieces,
        "speech": sound.speech,
        "gaps": sound.gaps,
        "closed": _closed(data),
        "lines": [[line.start, line.end, line.text, line.speaker] for line in data.lines],
        "clips": [
            {**_clip(clip, data, subtitles.within(clip)), **earlier.of(clip)} for clip in data.clips
        ],
        "labels": _labels(data),
    }


def _closed(data: SourceData) -> list[tuple[int, int, str]]:
    """Return the regions closed by manual regions, in milliseconds, with the reason."""
    frames = round(data.source.duration * 1000) // FRAME_MS
    return [
        (int(start) * FRAME_MS, int(end) * FRAME_MS, reason_label(reason))
        for reason, mask in data.choices.closed(frames).items()
        for start, end in runs(mask)
    ]


def _clip(clip: Clip, data: SourceData, lines: list[SubtitleLine]) -> dict[str, Any]:
    decision = data.decisions[clip.clip_id]
    text = data.texts.get(clip.clip_id)
    return {
        "id": clip.clip_id,
        "fingerprint": clip.sha256[:16],
        "start": clip.start,
        "end": clip.end,
        "accepted": decision.accepted,
        "reasons": decision.reasons,
        "why": [reason_sentence(reason, clip, data.rules) for reason in decision.reasons],
        "measures": measure_texts(clip),
        "speaker": clip.speaker,
        "speakerSource": clip.speaker_source,
        "duplicateOf": clip.duplicate_of,
        "text": text.text if text else None,
        "textSource": text.source if text else None,
        "subtitles": [line.text for line in lines],
    }


def _labels(data: SourceData) -> dict[str, str]:
    decisions = (data.decisions[clip.clip_id] for clip in data.clips)
    reasons = {reason for decision in decisions for reason in decision.reasons}
    return {reason: reason_label(reason) for reason in sorted(reasons)}


class _EarlierDecisions:
    """Stored review decisions on clips, and the screening decisions without them."""

    def __init__(self, data: SourceData) -> None:
        self._rows = {(row.start, row.end): row for row in data.choices.reviews}
        self._regions = Choices(tuple(data.choices.regions))
        self._rules = _parse_rules(data)

    def of(self, clip: Clip) -> dict[str, Any]:
        """Return the fields of one clip; none if it has no review decision."""
        row = self._rows.get((clip.start, clip.end))
        if row is None:
            return {}
        moved = row.clip_id != clip.clip_id
        kept = "trim" if moved else "keep"
        return {
            "stored": "drop" if row.decision == "drop" else kept,
            "storedNote": row.note,
            "planned": row.clip_id,
            "ruled": self._screened(clip),
        }

    def _screened(self, clip: Clip) -> bool | None:
        if self._rules is None:
            return None
        (screen,) = screen_clips([clip], self._rules, self._regions)
        return screen.accepted


def _parse_rules(data: SourceData) -> Rules | None:
    try:
        return Rules.model_validate(data.rules)
    except ValidationError:
        return None


class _SubtitleIndex:
    """Index of a source's subtitle lines by time."""

    def __init__(self, lines: Sequence[SubtitleLine]) -> None:
        self._lines = lines
        self._starts = [line.start for line in lines]
        self._longest = max((line.end - line.start for line in lines), default=0.0)

    def within(self, clip: Clip) -> list[SubtitleLine]:
        """Return the lines that overlap the clip by more than `_MIN_OVERLAP`."""
        low = bisect.bisect_left(self._starts, clip.start - self._longest)
        high = bisect.bisect_right(self._starts, clip.end)
        return [
            line
            for line in self._lines[low:high]
            if min(line.end, clip.end) - max(line.start, clip.start) > _MIN_OVERLAP
        ]


_MIN_OVERLAP = 0.2  # seconds
