"""JSON data of a source's review page: clips with their reasons, and the sound to draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples
from corpus_tools.registries.measures import measures, screening_measures
from corpus_tools.review.source_data import SourceData
from corpus_tools.segmentation.intake.selections import Choices
from corpus_tools.segmentation.screening.rules import Rules, screen_clips
from corpus_tools.segmentation.voice.activity import runs
from corpus_tools.segmentation.voice.base import FRAME_MS
from manifests.storage.records import Choice, Clip

__all__ = ["Envelope", "SoundMap", "measure_texts", "page_data", "reason_label", "reason_sentence"]

PER_SECOND = 100
"""Values per second."""


class Envelope:
    """Envelope of a track of some seconds, added block by block; parts without a block stay 0.

    Example:
        >>> envelope = Envelope(0.03)
        >>> envelope.add(0, np.full(320, -8192, dtype=np.int16))
        >>> envelope.values.tolist()
        [128, 128, 0]
    """

    def __init__(self, seconds: float) -> None:
        self.values: NDArray[np.uint8] = np.zeros(-(-round(seconds * 1000) // 10), dtype=np.uint8)

    def add(self, start: int, samples: Samples) -> None:
        """Add a block (int16 mono at 16 kHz) that starts at a sample of the track."""
        lead = start % _STEP
        tail = -(lead + len(samples)) % _STEP
        padded = np.pad(np.abs(samples.astype(np.int32)), (lead, tail))
        peaks = padded.reshape(-1, _STEP).max(axis=1) / _FULL_SCALE
        first = start // _STEP
        known = self.values[first : first + len(peaks)]
        heights = np.round(255 * np.sqrt(np.minimum(peaks, 1))).astype(np.uint8)
        np.maximum(known, heights[: len(known)], out=known)


_STEP = SAMPLE_RATE // PER_SECOND
_FULL_SCALE = 32768


def reason_label(reason: str) -> str:
    """Return the short label of a reason of the screen or the ledger.

    Example:
        >>> reason_label("low_snr"), reason_label("some_new_reason")
        ('noisy', 'some new reason')
    """
    labels = {threshold.reason: threshold.name for _, threshold in screening_measures()}
    return (labels | _LABELS).get(reason, reason.replace("_", " "))


def reason_sentence(reason: str, clip: Clip, rules: Mapping[str, Any]) -> str:
    """Return a screening reason with the measured value and the threshold."""
    sentence, values = _SENTENCES.get(reason), {**rules, **clip.row()}
    for measure, threshold in screening_measures():
        if threshold.reason == reason and threshold.key in rules:
            sentence = f"{threshold.name}: {threshold.sentence}"
            values = {"value": measure.value(clip), "limit": rules[threshold.key]}
    if sentence is None:
        return reason_label(reason)
    try:
        return sentence.format_map(values)
    except (KeyError, ValueError, TypeError):
        return reason_label(reason)


def measure_texts(clip: Clip) -> list[tuple[str, str]]:
    """Return the name and value of each measure of the clip; whole numbers only above 0."""
    values = [(measure, measure.value(clip)) for measure in measures() if measure.label]
    return [
        (measure.label, measure.form.format(value))
        for measure, value in values
        if value is not None and not (isinstance(value, int) and value == 0)
    ]


_LABELS = {
    "speech_left_over": "speech outside clips",
    "no_speech": "sound without speech",
    "gap": "gap in the file",
    "duplicate": "repeat",
    "superseded": "superseded",
    "human_keep": "kept by a person",
    "human_drop": "dropped by a person",
    "region_drop": "dropped region",
    "not_chosen": "outside the kept regions",
}

_SENTENCES = {
    "superseded": "superseded by {superseded_by}",
    "duplicate": "repeat of {duplicate_of:s}",
    "too_short": "too short: {duration:.2f} s, at least {min_seconds:.1f} s",
    "too_long": "too long: {duration:.2f} s, at most {max_seconds:.1f} s",
}


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

    ``limits`` are the clip lengths in seconds for trimming, None if clips can't be trimmed.
    """
    source = data.source
    reviews = {(row.start, row.end): row for row in data.choices.reviews}
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
            _clip(clip, data) | _review_fields(clip, reviews.get((clip.start, clip.end)), data)
            for clip in data.clips
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


def _clip(clip: Clip, data: SourceData) -> dict[str, Any]:
    decision = data.decisions[clip.clip_id]
    clip = clip.changed(duplicate_of=data.repeats.get(clip.clip_id, clip.duplicate_of))
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
        "subtitles": [
            line.text
            for line in data.lines
            if min(line.end, clip.end) - max(line.start, clip.start) > _MIN_OVERLAP
        ],
    }


def _labels(data: SourceData) -> dict[str, str]:
    decisions = (data.decisions[clip.clip_id] for clip in data.clips)
    reasons = {reason for decision in decisions for reason in decision.reasons}
    return {reason: reason_label(reason) for reason in sorted(reasons)}


def _review_fields(clip: Clip, row: Choice | None, data: SourceData) -> dict[str, Any]:
    """Return the stored review decision on a clip, if any, and the decision without it."""
    if row is None:
        return {}
    kept = "trim" if row.clip_id != clip.clip_id else "keep"
    try:
        regions = Choices(tuple(data.choices.regions))
        (alone,) = screen_clips([clip], Rules.model_validate(data.rules), regions)
        ruled = alone.accepted
    except ValidationError:
        ruled = None
    return {
        "stored": "drop" if row.decision == "drop" else kept,
        "storedNote": row.note,
        "planned": row.clip_id,
        "ruled": ruled,
    }


_MIN_OVERLAP = 0.2  # seconds
