"""A sound file of an imported corpus: a source with a clip for each of its rows."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus_tools.importing.rows import Row
from corpus_tools.recordings.recording import SPEECH_SETTINGS
from corpus_tools.segmentation.activity import FRAME_MS, runs
from corpus_tools.segmentation.clips import ClipWriter, SpeakerInfo
from corpus_tools.segmentation.inputs import MediaInput
from corpus_tools.segmentation.ledger import measure_outside
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.publish import SourceCuts
from corpus_tools.segmentation.screening import Rules
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.tape import DecodedTrack, open_track
from corpus_tools.segmentation.voice import detector_name
from manifests.errors import DataError

__all__ = ["EVERYTHING", "cut_rows", "import_inputs"]

EVERYTHING = Rules(
    min_rms_db=-1000.0, max_clipping=1.0, max_dropouts=10**9, max_music=1.0, min_snr_db=-1000.0
)
"""Whoever made the corpus chose its clips: all are accepted; their measures are there to choose
otherwise, with ``corpus screen``."""


def import_inputs(one: MediaInput, rows: Sequence[Row], segment: SegmentSettings) -> dict[str, Any]:
    """Return what the clips of a file depend on, JSON-ready."""
    return {
        "media": one.source.sha256,
        "track": one.source.track,
        "import": [
            [row.start, row.end, row.speaker and row.speaker.speaker_id, row.sentence]
            for row in rows
        ],
        "voice": detector_name(segment),
        "hearing": segment.model_dump(mode="json", include=SPEECH_SETTINGS),
    }


def cut_rows(
    one: MediaInput,
    rows: Sequence[Row],
    corpus: Path,
    segment: SegmentSettings,
    inputs: dict[str, Any],
    frozen: Mapping[str, str],
) -> SourceCuts:
    """Write the clips of a file.

    A file that lasts no longer than its only row says is the clip itself, wherever the row has it
    from.

    Args:
        one: the source.
        rows: its clips, in order of time.
        corpus: the corpus folder.
        segment: section [segment], for what counts as speech.
        inputs: as from `import_inputs`.
        frozen: sha256 of the samples of clips that must not change.

    Raises:
        DataError: if a row lies past the end, or two overlap.
        MediaError: if the file can't be decoded.
        CorpusError: if a frozen clip would change.
    """
    with open_track(one.path, one.source.track, segment, corpus) as tape:
        cuts = {_cut(tape, row, alone=len(rows) == 1): row for row in rows}
        _check(list(cuts), len(rows))

        def who(cut: Cut) -> SpeakerInfo:
            row = cuts[cut]
            speaker = row.speaker.speaker_id if row.speaker else None
            return SpeakerInfo(speaker, "file" if speaker else None, row.sentence)

        clips = ClipWriter(corpus, one.source.source_id, tape, frozen).write(list(cuts), who)
        source = one.source.changed(duration=tape.duration_ms / 1000)
        left = measure_outside(tape.activity, list(cuts), tape.duration_ms)
    return SourceCuts(source, clips, None, left, inputs)


def _cut(tape: DecodedTrack, row: Row, *, alone: bool) -> Cut:
    length = tape.duration_ms
    if row.start is not None and row.end is not None:
        start, end = round(1000 * row.start), round(1000 * row.end)
        if not alone or length > end - start + _TOLERANCE_MS:
            if end > length + _TOLERANCE_MS:
                raise DataError(
                    f"{row.where}: ends at {row.end} s, but the file at {length / 1000} s; "
                    f"correct start and end"
                )
            return Cut(start, min(end, length))
    there = runs(~tape.activity.gap)
    if tape.activity.gap.any() and len(there):
        return Cut(int(there[0][0]) * FRAME_MS, int(there[-1][1]) * FRAME_MS)
    return Cut(0, length)


def _check(cuts: Sequence[Cut], rows: int) -> None:
    ordered = sorted(cuts, key=lambda cut: cut.start_ms)
    overlap = any(a.end_ms > b.start_ms for a, b in itertools.pairwise(ordered))
    if overlap or len(cuts) < rows:
        raise DataError("rows of it overlap; give each stretch of a file once")
    if any(cut.end_ms - cut.start_ms < _SHORTEST_MS for cut in cuts):
        raise DataError(f"a clip of it is shorter than {_SHORTEST_MS} ms; leave it out")


_TOLERANCE_MS = 50
_SHORTEST_MS = 100
