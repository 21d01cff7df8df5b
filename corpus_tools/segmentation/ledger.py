"""Where a source's seconds went; they add up to its duration, to the millisecond."""

from collections import Counter
from collections.abc import Mapping, Sequence

from corpus_tools.segmentation.activity import FRAME_MS, Activity
from corpus_tools.segmentation.planning import Cut
from manifests.records import Clip, LedgerEntry, Screen

__all__ = ["ACCEPTED", "GAP", "LEFT_OVER", "SILENCE", "ledger_of", "outside", "outside_of"]

ACCEPTED, LEFT_OVER, SILENCE, GAP = "accepted", "speech_left_over", "silence", "gap"
OUTSIDE = (LEFT_OVER, SILENCE, GAP)


def outside(activity: Activity, cuts: Sequence[Cut], duration_ms: int) -> dict[str, int]:
    """Return the milliseconds of a source that lie in no clip, by what is there.

    Args:
        activity: the source, frame by frame.
        cuts: of the source.
        duration_ms: of the source; what is left after its last whole frame counts as silence.
    """
    free = ~activity.gap
    for cut in cuts:
        free[cut.start_ms // FRAME_MS : -(-cut.end_ms // FRAME_MS)] = False
    left_over = int((free & activity.speech).sum()) * FRAME_MS
    gap = min(int(activity.gap.sum()) * FRAME_MS, duration_ms)
    inside = sum(cut.end_ms - cut.start_ms for cut in cuts)
    return {LEFT_OVER: left_over, GAP: gap, SILENCE: duration_ms - inside - left_over - gap}


def outside_of(ledger: Sequence[LedgerEntry]) -> dict[str, int]:
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

    A rejected clip counts under the first of its reasons.

    Args:
        source_id: of which source.
        clips: all its cuts.
        decisions: one for each clip.
        outside_ms: milliseconds in no clip, by reason.
    """
    spent = Counter({reason: ms for reason, ms in outside_ms.items() if ms})
    decided = {decision.clip_id: decision for decision in decisions}
    for clip in clips:
        decision = decided[clip.clip_id]
        reason = ACCEPTED if decision.accepted else decision.reasons[0]
        spent[reason] += round((clip.end - clip.start) * 1000)
    return [
        LedgerEntry(source_id=source_id, reason=reason, seconds=ms / 1000)
        for reason, ms in sorted(spent.items())
    ]
