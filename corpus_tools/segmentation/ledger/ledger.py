"""Ledger of a source's seconds, which add up to its duration to the millisecond.

Screening decisions and ledger of a source: reading, checking and writing of their shards.

Both shards record their inputs: cuts, rules, manual decisions and suppressed repeats. The last are
determined for the whole corpus (`stand_ins`) and stay as recorded until that is done again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from corpus_tools.media.cut import Cut
from corpus_tools.segmentation.intake.selections import CLOSED, read_choices
from corpus_tools.segmentation.screening.rules import Rules, screen_clips
from corpus_tools.segmentation.voice.activity import Activity
from corpus_tools.segmentation.voice.base import FRAME_MS
from manifests.base.errors import DataError
from manifests.storage.records import Clip, LedgerEntry, Screen
from manifests.storage.shards import STAGES, read_header, read_shard, write_shard

__all__ = [
    "LEFT_OVER",
    "WITHDRAWN",
    "check_finished",
    "clips_of",
    "decide",
    "is_decided",
    "is_screened",
    "ledger_fits",
    "ledger_of",
    "measure_outside",
    "outside_from_ledger",
    "recorded_rules",
    "recorded_suppressed",
    "rescreen",
]

ACCEPTED = "accepted"
GAP, LEFT_OVER, NO_SPEECH, SILENCE = "gap", "speech_left_over", "no_speech", "silence"
WITHDRAWN = "withdrawn"
OUTSIDE = (GAP, *CLOSED, LEFT_OVER, NO_SPEECH, SILENCE, WITHDRAWN)
"""Reasons of time in no clip: no audio in the file, closed by manual regions, speech that fits no
clip, sound without speech, level below -50 dBFS, and withdrawn clips."""


def measure_outside(
    activity: Activity,
    cuts: Sequence[Cut],
    duration_ms: int,
    closed: Mapping[str, NDArray[np.bool_]] | None = None,
) -> dict[str, int]:
    """Return the milliseconds of a source that lie in no clip, by ledger reason.

    Args:
        activity: activity of the source.
        cuts: cuts of the source.
        duration_ms: duration of the source; the rest after its last whole frame counts as silence.
        closed: frames closed by manual regions, by ledger reason; gaps take precedence.
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

    A rejected clip counts under its first reason, a superseded one not at all: its time belongs to
    other clips.

    Args:
        source_id: id of the source.
        clips: all clips of the source.
        decisions: screening decision on each clip.
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


SEGMENTS, SCREEN, LEDGER = (STAGES[name] for name in ("segments", "screen", "ledger"))


def clips_of(corpus: Path, source_id: str) -> list[Clip]:
    """Return the clips of a source; none if it has no shard.

    Raises:
        DataError: if its shard can't be read.
    """
    path = SEGMENTS.path(corpus, source_id)
    return read_shard(path, Clip) if path.is_file() else []


def ledger_fits(corpus: Path, source_id: str) -> bool:
    """Return whether a source has a ledger of its current cuts."""
    if not (
        SEGMENTS.path(corpus, source_id).is_file() and LEDGER.path(corpus, source_id).is_file()
    ):
        return False
    segments = read_header(SEGMENTS.path(corpus, source_id)).fingerprint
    recorded = read_header(LEDGER.path(corpus, source_id)).inputs.get("segments")
    return bool(recorded == segments)


def check_finished(corpus: Path, source_id: str) -> None:
    """Raise DataError if cutting a source was interrupted."""
    if not ledger_fits(corpus, source_id):
        raise DataError("cutting it was interrupted; give its film to corpus segment again")


def decide(
    corpus: Path,
    source_id: str,
    clips: Sequence[Clip],
    outside_ms: Mapping[str, int],
    rules: Rules,
    suppressed: Mapping[str, str],
) -> None:
    """Write the screening decisions on a source's clips, and its ledger.

    Args:
        corpus: corpus folder.
        source_id: id of the source.
        clips: clips of the source.
        outside_ms: milliseconds in no clip, by ledger reason.
        rules: screening rules.
        suppressed: suppressed repeats, and the clip kept instead of each.
    """
    inputs = _decision_inputs(corpus, source_id, rules, suppressed)
    decisions = screen_clips(clips, rules, read_choices(corpus, source_id), suppressed)
    write_shard(corpus, SCREEN, source_id, decisions, inputs)
    ledger = ledger_of(source_id, clips, decisions, outside_ms)
    write_shard(corpus, LEDGER, source_id, ledger, inputs)


def rescreen(
    corpus: Path, source_id: str, rules: Rules, suppressed: Mapping[str, str] | None = None
) -> None:
    """Screen a source's clips again, without cutting.

    Args:
        corpus: corpus folder.
        source_id: id of the source.
        rules: screening rules.
        suppressed: as for `decide`; ``None`` for those on record.

    Raises:
        DataError: if a shard can't be read, or cutting it was interrupted.
    """
    check_finished(corpus, source_id)
    outside_ms = outside_from_ledger(read_shard(LEDGER.path(corpus, source_id), LedgerEntry))
    if suppressed is None:
        suppressed = recorded_suppressed(corpus, source_id)
    decide(corpus, source_id, clips_of(corpus, source_id), outside_ms, rules, suppressed)


def is_screened(corpus: Path, source_id: str, rules: Rules) -> bool:
    """Return whether decisions and ledger exist and are of the current cuts and rules."""
    return is_decided(corpus, source_id, rules, recorded_suppressed(corpus, source_id))


def is_decided(corpus: Path, source_id: str, rules: Rules, suppressed: Mapping[str, str]) -> bool:
    """Return whether decisions and ledger are what `decide` would write."""
    inputs = _decision_inputs(corpus, source_id, rules, suppressed)
    for stage in (SCREEN, LEDGER):
        path = stage.path(corpus, source_id)
        if not path.is_file():
            return False
        header = read_header(path)
        if header.inputs != inputs or header.fingerprint != stage.fingerprint(inputs):
            return False
    return True


def recorded_suppressed(corpus: Path, source_id: str) -> dict[str, str]:
    """Return the recorded suppressed repeats of a source, and the clip kept instead of each."""
    return dict(_recorded_inputs(corpus, source_id).get("duplicates", []))


def recorded_rules(corpus: Path, source_id: str) -> Rules | None:
    """Return the rules that a source was last screened with; ``None`` if unknown."""
    try:
        return Rules.model_validate(_recorded_inputs(corpus, source_id)["rules"])
    except (KeyError, ValidationError):
        return None


def _recorded_inputs(corpus: Path, source_id: str) -> dict[str, Any]:
    path = SCREEN.path(corpus, source_id)
    return read_header(path).inputs if path.is_file() else {}


def _decision_inputs(
    corpus: Path, source_id: str, rules: Rules, suppressed: Mapping[str, str]
) -> dict[str, Any]:
    choices = read_choices(corpus, source_id)
    return {
        "segments": read_header(SEGMENTS.path(corpus, source_id)).fingerprint,
        "rules": rules.model_dump(mode="json"),
        "choices": [[row.start, row.end, row.origin, row.decision] for row in choices.rows],
        "duplicates": [list(pair) for pair in sorted(suppressed.items())],
    }
