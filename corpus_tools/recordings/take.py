"""One long take: what is said in it, and its clips, one for each line that was read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus_tools.media.errors import MediaError
from corpus_tools.recordings.matches import LineMatch
from corpus_tools.recordings.matching import MATCHING, Said
from corpus_tools.recordings.pieces import pieces_of
from corpus_tools.recordings.recording import HEARING
from corpus_tools.recordings.script import ScriptRow
from corpus_tools.recordings.voiceprint import Voiced
from corpus_tools.segmentation.activity import FRAME_MS, runs
from corpus_tools.segmentation.clips import ClipWriter, SpeakerInfo
from corpus_tools.segmentation.inputs import MediaInput
from corpus_tools.segmentation.ledger import measure_outside
from corpus_tools.segmentation.planning import Cut
from corpus_tools.segmentation.publish import SourceCuts
from corpus_tools.segmentation.settings import SegmentSettings
from corpus_tools.segmentation.tape import DecodedTrack, open_track
from corpus_tools.segmentation.voice import detector_name
from manifests.errors import DataError

__all__ = ["Hear", "Take", "cut_take", "cuts_of", "listen", "take_inputs"]

Hear = Callable[[DecodedTrack, NDArray[np.intp]], Sequence[str]]
"""Returns the letters recognised in each piece of speech of a tape."""


@dataclass(frozen=True)
class Take:
    """A file in which a speaker reads several lines.

    Attributes:
        file: as the script names it.
        path: where it is.
        rows: its lines, in the order in which they should be read.
    """

    file: str
    path: Path
    rows: tuple[ScriptRow, ...]

    @property
    def speaker(self) -> str:
        """Id of who reads it."""
        return self.rows[0].speaker.speaker_id


def take_inputs(
    one: MediaInput,
    take: Take,
    segment: SegmentSettings,
    heard: Any,
    companions: Sequence[str],
) -> dict[str, Any]:
    """Return what the clips of a take depend on, JSON-ready.

    Args:
        one: the source.
        take: its lines.
        segment: section [segment].
        heard: what identifies the recognised text, ``None`` without any.
        companions: sha256 of the takes that help to match this one.
    """
    return {
        "media": one.source.sha256,
        "track": one.source.track,
        "speaker": take.speaker,
        "lines": [row.sentence for row in take.rows],
        "margin": segment.margin_seconds,
        "voice": detector_name(segment),
        "hearing": segment.model_dump(mode="json", include=HEARING),
        "matching": {
            "version": MATCHING,
            "texts": [row.text for row in take.rows],
            "heard": heard,
            "companions": sorted(companions),
        },
    }


def listen(
    take: Take, one: MediaInput, segment: SegmentSettings, corpus: Path, hear: Hear | None
) -> Said:
    """Return what is known of a take before it is matched.

    Args:
        take: its lines.
        one: the source.
        segment: section [segment].
        corpus: on whose disk its samples wait.
        hear: recognises text; ``None`` to do without.

    Raises:
        MediaError: if it can't be decoded, or has a gap in its midst.
        DataError: if nobody speaks in it, or its texts can't be read.
    """
    with open_track(one.path, one.source.track, segment, corpus) as tape:
        there = runs(~tape.activity.gap)
        if len(there) > 1:
            at = int(there[0][1]) * FRAME_MS / 1000
            raise MediaError(f"has a gap in its sound at {at:.2f} s; record or export it again")
        pieces = pieces_of(tape.activity)
        if not len(pieces):
            raise DataError("nobody speaks in it; check that it is the right file")
        return Said(
            pieces,
            Voiced.of(tape, pieces),
            [row.text for row in take.rows],
            [row.sentence for row in take.rows],
            None if hear is None else hear(tape, pieces),
        )


def cuts_of(
    matches: Sequence[LineMatch], pieces: NDArray[np.intp], margin_ms: int
) -> dict[Cut, int]:
    """Return the clips of the lines that were read, in order of time, and which line each is.

    A clip has some silence on either side, but no more than half of the pause there.

    Args:
        matches: of all lines.
        pieces: of speech.
        margin_ms: silence wanted.
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
    one: MediaInput,
    take: Take,
    cuts: Mapping[Cut, int],
    corpus: Path,
    segment: SegmentSettings,
    inputs: dict[str, Any],
    frozen: Mapping[str, str],
) -> SourceCuts:
    """Write the clips of a take.

    Args:
        one: the source.
        take: its lines.
        cuts: as from `cuts_of`.
        corpus: the corpus folder.
        segment: section [segment].
        inputs: as from `take_inputs`.
        frozen: sha256 of the samples of clips that must not change.

    Raises:
        MediaError: if it can't be decoded.
        CorpusError: if a frozen clip would change.
    """

    def who(cut: Cut) -> SpeakerInfo:
        return SpeakerInfo(take.speaker, "script", take.rows[cuts[cut]].sentence)

    with open_track(one.path, one.source.track, segment, corpus) as tape:
        clips = ClipWriter(corpus, one.source.source_id, tape, frozen).write(list(cuts), who)
        source = one.source.changed(duration=tape.duration_ms / 1000)
        left = measure_outside(tape.activity, list(cuts), tape.duration_ms)
    return SourceCuts(source, clips, None, left, inputs)
