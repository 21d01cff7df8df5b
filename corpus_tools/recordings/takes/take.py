"""Long take: its speech, divided into pieces at pauses and weak places, and its clips."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.media.cut import Cut
from corpus_tools.media.errors import MediaError
from corpus_tools.recordings.alignment.aligner import MATCHING, TakeSpeech
from corpus_tools.recordings.alignment.evidence.voiceprint import SpeechFeatures
from corpus_tools.recordings.readings.recording import SPEECH_SETTINGS
from corpus_tools.recordings.readings.script import ScriptRow
from corpus_tools.recordings.takes.matches import LineMatch
from corpus_tools.registries.measures import added_inputs
from corpus_tools.segmentation.intake.identify import MediaInput
from corpus_tools.segmentation.ledger.commit import SourceResult
from corpus_tools.segmentation.ledger.ledger import measure_outside
from corpus_tools.segmentation.source import ClipWriter, SpeakerInfo, open_source, sound_warnings
from corpus_tools.segmentation.voice.activity import Activity, runs
from corpus_tools.segmentation.voice.base import FRAME_MS, detector_name
from corpus_tools.segmentation.voice.track import DecodedTrack
from manifests.base.errors import DataError

__all__ = [
    "PieceTranscriber",
    "Take",
    "analyse_take",
    "clip_cuts",
    "cut_take",
    "speech_pieces",
    "take_inputs",
]


def speech_pieces(activity: Activity) -> NDArray[np.intp]:
    """Return the start and end of each piece of speech in milliseconds; shape (pieces, 2).

    Speech is divided at pauses, and within stretches of speech at places so weak that one line may
    end and the next begin there without a pause.
    """
    pieces: list[tuple[int, int]] = []
    level = np.convolve(np.pad(activity.prominence, _SMOOTH // 2, mode="edge"), _KERNEL, "valid")
    for start, end in runs(activity.speech):
        edges = [int(start), *_weak_places(level, int(start), int(end)), int(end)]
        pieces += pairwise(edges)
    return np.array(pieces, dtype=np.intp).reshape(-1, 2) * FRAME_MS


def _weak_places(level: NDArray[np.float64], start: int, end: int) -> list[int]:
    """Return the frames that divide a stretch of speech, choosing the weakest places first."""
    inside = np.arange(start + _SHORTEST, end - _SHORTEST + 1)
    if not len(inside):
        return []
    least = (level[inside] <= level[inside - 1]) & (level[inside] < level[inside + 1])
    chosen: list[int] = []
    for at in sorted(inside[least], key=lambda frame: (level[frame], frame)):
        if level[at] > _WEAK:
            break
        if all(abs(at - other) >= _SHORTEST for other in chosen):
            chosen.append(int(at))
    return sorted(chosen)


_SHORTEST = 20  # frames between a weak place and the next edge
_WEAK = 0.45  # prominence below which a stretch may be divided
_SMOOTH = 3  # frames
_KERNEL = np.full(_SMOOTH, 1 / _SMOOTH)


PieceTranscriber = Callable[[DecodedTrack, NDArray[np.intp]], Sequence[str]]
"""Function that returns the recognised letters of each piece of speech."""


@dataclass(frozen=True)
class Take:
    """File in which a speaker reads several lines: the script's rows, in reading order."""

    file: str
    path: Path
    rows: tuple[ScriptRow, ...]

    @property
    def speaker(self) -> str:
        """Id of its speaker."""
        return self.rows[0].speaker.speaker_id


def take_inputs(
    media: MediaInput,
    take: Take,
    segment: SegmentSettings,
    text_id: Any,
    other_takes: Sequence[str],
) -> dict[str, Any]:
    """Return the JSON-ready inputs of a take's clips.

    ``text_id`` identifies the recognised text, if any; ``other_takes`` are the sha256 of the takes
    used for cross-speaker evidence.
    """
    return {
        **media.inputs,
        "speaker": take.speaker,
        "lines": [row.sentence for row in take.rows],
        "margin": segment.margin_seconds,
        "voice": detector_name(segment),
        **added_inputs(),
        "hearing": segment.model_dump(mode="json", include=SPEECH_SETTINGS),
        "matching": {
            "version": MATCHING,
            "texts": [row.text for row in take.rows],
            "heard": text_id,
            "companions": sorted(other_takes),
        },
    }


def analyse_take(
    take: Take,
    media: MediaInput,
    segment: SegmentSettings,
    corpus: Path,
    transcribe: PieceTranscriber | None,
) -> TakeSpeech:
    """Return the speech of a take and the lines of its script; match by sound without transcriber.

    Decoded samples are buffered on the disk of the corpus folder.

    Raises:
        MediaError: if it can't be decoded, or has a gap in its sound.
        DataError: if it has no speech, or its texts can't be read.
    """
    with open_source(media, segment, corpus) as track:
        present = runs(~track.activity.gap)
        if len(present) > 1:
            at = int(present[0][1]) * FRAME_MS / 1000
            raise MediaError(f"has a gap in its sound at {at:.2f} s; record or export it again")
        pieces = speech_pieces(track.activity)
        if not len(pieces):
            raise DataError("has no speech; check that it is the right file")
        return TakeSpeech(
            pieces,
            SpeechFeatures.of(track, pieces),
            [row.text for row in take.rows],
            [row.sentence for row in take.rows],
            None if transcribe is None else transcribe(track, pieces),
        )


def clip_cuts(
    matches: Sequence[LineMatch], pieces: NDArray[np.intp], margin_ms: int
) -> dict[Cut, int]:
    """Return the cuts of the lines that were read, in order of time, with their line indices.

    A clip has a margin of silence on either side, at most half of the pause there.
    """
    ends = np.concatenate([[0], pieces[:, 1]])
    starts = np.append(pieces[:, 0], pieces[-1, 1])
    cuts = {}
    for match in matches:
        if match.span is not None:
            start, end = match.span
            before = start - int(ends[np.searchsorted(ends, start, side="right") - 1])
            after = int(starts[np.searchsorted(starts, end, side="left")]) - end
            cut = Cut(start - min(margin_ms, before // 2), end + min(margin_ms, after // 2))
            cuts[cut] = match.line
    return cuts


def cut_take(
    media: MediaInput,
    take: Take,
    cuts: Mapping[Cut, int],
    corpus: Path,
    segment: SegmentSettings,
    inputs: dict[str, Any],
    frozen: Mapping[str, str],
) -> SourceResult:
    """Write the clips of a take; ``frozen`` has the sha256 of samples that must not change, by id.

    Raises:
        MediaError: if it can't be decoded.
        CorpusError: if a frozen clip would change.
    """

    def who(cut: Cut) -> SpeakerInfo:
        return SpeakerInfo(take.speaker, "script", take.rows[cuts[cut]].sentence)

    with open_source(media, segment, corpus) as track:
        clips = ClipWriter(corpus, media.source.source_id, track, frozen).write(list(cuts), who)
        source = media.source.changed(duration=track.duration_ms / 1000)
        left = measure_outside(track.activity, list(cuts), track.duration_ms)
        warnings = sound_warnings(media.path, track, mixed=media.mixed)
    return SourceResult(source, clips, None, left, inputs, warnings=warnings)
