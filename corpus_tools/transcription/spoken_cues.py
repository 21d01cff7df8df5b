"""Removal of cues that can't be spoken lines."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from corpus_tools.transcription.cue_markup import Cue

__all__ = ["spoken_cues"]


def spoken_cues(cues: Sequence[Cue]) -> tuple[list[Cue], Counter[str]]:
    """Return the cues that may be spoken lines, in order of time, and the reasons for the others.

    Left out are cues that end before they begin, lie before the start or after four days, last
    longer than half a minute (titles, watermarks), or have too much text. Cues without text or
    duration are dropped without a reason. Repetitions of a text without a pause, from animation and
    layers, are merged into one cue.

    Args:
        cues: cues without markup.
    """
    reasons: Counter[str] = Counter()
    kept = []
    for cue in cues:
        reason = _rejection(cue)
        if reason:
            reasons[reason] += 1
        elif cue.text.strip() and cue.end > cue.start:
            kept.append(cue if cue.start >= 0 else replace(cue, start=0.0))
    return _merge_repeated(sorted(kept, key=lambda cue: (cue.start, cue.end, cue.text))), reasons


def _rejection(cue: Cue) -> str | None:
    if cue.end < cue.start:
        return "end before they begin"
    if cue.start > _LATEST or (cue.start < 0 and cue.end <= 0):
        return "lie outside any film"
    if cue.end - cue.start > _LONGEST:
        return f"last more than {_LONGEST} s"
    if len(cue.text) > _MOST_TEXT:
        return f"have more than {_MOST_TEXT} characters"
    return None


def _merge_repeated(cues: Sequence[Cue]) -> list[Cue]:
    """Merge consecutive cues with the same text and speaker."""
    joined: list[Cue] = []
    last: dict[tuple[str, str | None], int] = {}
    for cue in cues:
        key = cue.text.strip(), cue.speaker
        at = last.get(key)
        if at is not None and cue.start <= joined[at].end + _AT_ONCE:
            end = max(joined[at].end, cue.end)
            if end - joined[at].start <= _LONGEST:
                joined[at] = replace(joined[at], end=end)
                continue
        last[key] = len(joined)
        joined.append(cue)
    return joined


_LATEST = 4 * 24 * 3600  # s
_LONGEST = 30  # s
_MOST_TEXT = 500
_AT_ONCE = 0.05  # s
