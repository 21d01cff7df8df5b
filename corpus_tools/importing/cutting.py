"""Clips of an audio file in an imported corpus, one per table row."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus_tools.configuration.segment import SegmentSettings
from corpus_tools.importing.rows import Row
from corpus_tools.media.cut import Cut
from corpus_tools.recordings.readings.recording import SPEECH_SETTINGS
from corpus_tools.registries.measures import added_inputs
from corpus_tools.segmentation.intake.identify import MediaInput
from corpus_tools.segmentation.ledger.commit import SourceResult
from corpus_tools.segmentation.ledger.ledger import measure_outside
from corpus_tools.segmentation.screening.rules import Rules
from corpus_tools.segmentation.source import ClipWriter, SpeakerInfo, open_source, sound_warnings
from corpus_tools.segmentation.voice.activity import runs
from corpus_tools.segmentation.voice.base import FRAME_MS, detector_name
from corpus_tools.segmentation.voice.track import DecodedTrack
from manifests.base.errors import DataError

__all__ = ["ACCEPT_ALL", "cut_rows", "import_inputs"]

ACCEPT_ALL = Rules(
    min_rms_db=-1000.0, max_clipping=1.0, max_dropouts=10**9, max_music=1.0, min_snr_db=-1000.0
)
"""Rules that accept every clip of an imported corpus; ``corpus screen`` can apply others later."""


def import_inputs(
    media: MediaInput, rows: Sequence[Row], segment: SegmentSettings
) -> dict[str, Any]:
    """Return the inputs of a file's clips, JSON-ready."""
    return {
        **media.inputs,
        "import": [
            [row.start, row.end, row.speaker and row.speaker.speaker_id, row.sentence]
            for row in rows
        ],
        "voice": detector_name(segment),
        **added_inputs(),
        "hearing": segment.model_dump(mode="json", include=SPEECH_SETTINGS),
    }


def cut_rows(
    media: MediaInput,
    rows: Sequence[Row],
    corpus: Path,
    segment: SegmentSettings,
    inputs: dict[str, Any],
    frozen: Mapping[str, str],
) -> SourceResult:
    """Write the clips of a file, with its rows in order of time.

    A file no longer than its only row is taken whole as the clip, whatever start and end the row
    gives. ``frozen`` has the sha256 of the samples of frozen clips, by clip id.

    Raises:
        DataError: if a row ends after the file, or two overlap.
        MediaError: if the file can't be decoded.
        CorpusError: if a frozen clip would change.
    """
    with open_source(media, segment, corpus) as track:
        cuts = {_row_cut(track, row, alone=len(rows) == 1): row for row in rows}
        _check_cuts(list(cuts), len(rows))

        def speaker_info(cut: Cut) -> SpeakerInfo:
            row = cuts[cut]
            speaker = row.speaker.speaker_id if row.speaker else None
            return SpeakerInfo(speaker, "file" if speaker else None, row.sentence)

        clips = ClipWriter(corpus, media.source.source_id, track, frozen).write(
            list(cuts), speaker_info
        )
        source = media.source.changed(duration=track.duration_ms / 1000)
        left = measure_outside(track.activity, list(cuts), track.duration_ms)
        warnings = sound_warnings(media.path, track, remedy=_REMEDY)
    return SourceResult(source, clips, None, left, inputs, warnings=warnings)


def _row_cut(track: DecodedTrack, row: Row, *, alone: bool) -> Cut:
    length = track.duration_ms
    if row.start is not None and row.end is not None:
        start, end = round(1000 * row.start), round(1000 * row.end)
        if not alone or length > end - start + _TOLERANCE_MS:
            if end > length + _TOLERANCE_MS:
                unit = ", or say that they are milliseconds: --column start_ms=NAME and end_ms"
                raise DataError(
                    f"{row.where}: ends at {row.end} s, but the file at "
                    f"{length / 1000} s; correct start and end"
                    f"{unit if end / 1000 <= length + _TOLERANCE_MS else ''}"
                )
            return Cut(start, min(end, length))
    if row.duration is not None and length > 1000 * row.duration + max(500, 0.1 * length):
        raise DataError(
            f"{row.where}: lasts {row.duration} s, but the file {length / 1000} s; say where the "
            f"clip starts: --column start=NAME"
        )
    recorded = runs(~track.activity.gap)
    if track.activity.gap.any() and len(recorded):
        return Cut(int(recorded[0][0]) * FRAME_MS, int(recorded[-1][1]) * FRAME_MS)
    return Cut(0, length)


def _check_cuts(cuts: Sequence[Cut], rows: int) -> None:
    ordered = sorted(cuts, key=lambda cut: cut.start_ms)
    overlap = any(a.end_ms > b.start_ms for a, b in itertools.pairwise(ordered))
    if overlap or len(cuts) < rows:
        raise DataError("its rows overlap; give each part of a file once")
    if any(cut.end_ms - cut.start_ms < _MIN_MS for cut in cuts):
        raise DataError(f"one of its clips is shorter than {_MIN_MS} ms; leave it out")


_TOLERANCE_MS = 50
_MIN_MS = 100


_REMEDY = (
    "give each as a file of its own, made with ffmpeg -i FILE -af 'pan=mono|c0=c0' OUT (c1 for the "
    "right one)"
)
