"""Where a source's seconds went; they add up to its duration, to the millisecond."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from corpus_tools.segmentation.activity import FRAME_MS, Activity
from corpus_tools.segmentation.choices import CLOSED
from corpus_tools.segmentation.planning import Cut
from manifests.records import Clip, LedgerEntry, Screen

__all__ = [
    "ACCEPTED",
    "LEFT_OVER",
    "WITHDRAWN",
    "ledger_of",
    "measure_outside",
    "outside_from_ledger",
]

ACCEPTED = "accepted"
GAP, LEFT_OVER, NO_SPEECH, SILENCE = "gap", "speech_left_over", "no_speech", "silence"
WITHDRAWN = "withdrawn"
OUTSIDE = (GAP, *CLOSED, LEFT_OVER, NO_SPEECH, SILENCE, WITHDRAWN)
"""Reasons of what lies in no clip: the file has nothing there, a person wants none there, speech
that no clip could take, sound that nobody speaks, what is below -50 dBFS, and clips that somebody
took back."""


def measure_outside(
    activity: Activity,
    cuts: Sequence[Cut],
    duration_ms: int,
    closed: Mapping[str, NDArray[np.bool_]] | None = None,
) -> dict[str, int]:
    """Return the milliseconds of a source that lie in no clip, by what is there.

    Args:
        activity: the source, frame by frame.
        cuts: of the source.
        duration_ms: of the source; what is left after its last whole frame counts as silence.
        closed: frames in which people want no clip, by ledger reason; a gap stays one.
    """
    free = np.ones(len(activity), dtype=np.bool_)
    for cut in cuts:
        free[cut.start_ms // FRAME_MS : -(-cut.end_ms // FRAME_MS)] = False
    kinds = {
        GAP: activity.gap,
        **(closed or {}),
        LEFT_OVER: activity.speech,
        NO_SPEECH: activity.power > _SILENCE,
    }
    spent: dict[str, int] = {}
    for reason, frames in kinds.items():
        spent[reason] = int((free & frames).sum()) * FRAME_MS
        free &= ~frames
    inside = sum(cut.end_ms - cut.start_ms for cut in cuts)
    return {**spent, SILENCE: duration_ms - inside - sum(spent.values())}


def outside_from_ledger(ledger: Sequence[LedgerEntry]) -> dict[str, int]:
    """Return the milliseconds in no clip that a ledger tells of."""
    return {
        entry.reason: round(entry.seconds * 1000) for entry in ledger if entry.reason in OUTSIDE
    }


def ledger_of(
    source_id: str,
    clips: Sequence[Clip],
    decisions: Sequence[Screen],
    outside_ms: Mapping[str, int],
) -> list[LedgerEntry]:
    """Return a source's ledger, reasons in alphabetical order and none with no time.

    A rejected clip counts under the first of its reasons, a superseded one not at all: its time
    is that of other clips.

    Args:
        source_id: of which source.
        clips: all its cuts.
        decisions: one for each clip.
        outside_ms: milliseconds in no clip, by reason.
    """
    spent = Counter({reason: ms for reason, ms in outside_ms.items() if ms})
    decided = {decision.clip_id: decision for decision in decisions}
    for clip in clips:
        if clip.superseded_by is not None:
            continue
        decision = decided[clip.clip_id]
        reason = ACCEPTED if decision.accepted else decision.reasons[0]
        spent[reason] += round((clip.end - clip.start) * 1000)
    return [
        LedgerEntry(source_id=source_id, reason=reason, seconds=ms / 1000)
        for reason, ms in sorted(spent.items())
    ]


_SILENCE = 10 ** (-50 / 10)  # mean square of a frame
