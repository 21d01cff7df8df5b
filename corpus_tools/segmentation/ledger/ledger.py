"""Ledger of a source's seconds, which add up to its duration to the millisecond."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from corpus_tools.media.cut import Cut
from corpus_tools.segmentation.intake.selections import CLOSED
from manifests.storage.records import Clip, LedgerEntry, Screen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from corpus_tools.segmentation.voice.activity import Activity

__all__ = ["LEFT_OVER", "WITHDRAWN", "ledger_of", "measure_outside", "outside_from_ledger"]

ACCEPTED, UNDECIDED = "accepted", "undecided"
GAP, LEFT_OVER, NO_SPEECH, SILENCE = "gap", "speech_left_over", "no_speech", "silence"
WITHDRAWN = "withdrawn"
OUTSIDE = (GAP, *CLOSED, LEFT_OVER, NO_SPEECH, SILENCE, WITHDRAWN)
"""Reasons of time in no clip: no audio in the file, closed by manual regions, speech that fits no
clip, sound without speech, level below -50 dBFS, and withdrawn clips."""


def measure_outside(
    activity: "Activity",
    cuts: Sequence[Cut],
    duration_ms: int,
    closed: "Mapping[str, NDArray[np.bool_]] | None" = None,
) -> dict[str, int]:
    """Return the milliseconds of a source that lie in no clip, by ledger reason.

    The rest after the last whole frame counts as silence. Gaps take precedence over ``closed``:
    frames closed by manual regions, by reason.
    """
    import numpy as np  # not at the top: corpus why reads ledgers, too

    from corpus_tools.segmentation.voice.base import FRAME_MS

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
    """Return the milliseconds in no clip recorded in a ledger, by reason."""
    return {
        entry.reason: round(entry.seconds * 1000) for entry in ledger if entry.reason in OUTSIDE
    }


def ledger_of(
    source_id: str,
    clips: Sequence[Clip],
    decisions: Sequence[Screen],
    outside_ms: Mapping[str, int],
) -> list[LedgerEntry]:
    """Return a source's ledger, in alphabetical order of the reasons that have any time.

    A rejected clip counts under its first reason, one without a decision as ``undecided``, and a
    superseded one not at all: its time belongs to other clips. ``outside_ms`` is in no clip.
    """
    spent = Counter({reason: ms for reason, ms in outside_ms.items() if ms})
    decided = {decision.clip_id: decision for decision in decisions}
    for clip in clips:
        if clip.superseded_by is not None:
            continue
        decision = decided.get(clip.clip_id)
        if decision is None:
            reason = UNDECIDED
        else:
            reason = ACCEPTED if decision.accepted else decision.reasons[0]
        spent[reason] += round((clip.end - clip.start) * 1000)
    return [
        LedgerEntry(source_id=source_id, reason=reason, seconds=ms / 1000)
        for reason, ms in sorted(spent.items())
    ]


_SILENCE = 10 ** (-50 / 10)  # mean square of a frame
