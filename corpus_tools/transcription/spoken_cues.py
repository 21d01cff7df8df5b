"""What in a subtitle file is no spoken line, or can't be one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from corpus_tools.transcription.cue_markup import Cue

__all__ = ["spoken_cues"]


def spoken_cues(cues: Sequence[Cue]) -> tuple[list[Cue], Counter[str]]:
    """Return the cues that may be spoken lines, in order of time, and why others were left out.

    Left out are cues that end before they begin, that are shown before the film begins or four
    days into it, for longer than half a minute (titles, watermarks), or with more text than
    anybody says in that time. Cues without text or length go unmentioned. The same text shown
    again at once, as animation and layers do, is one cue.

    Args:
        cues: without markup.
    """
    reasons: Counter[str] = Counter()
    kept = []
    for cue in cues:
        reason = _why_not(cue)
        if reason:
            reasons[reason] += 1
        elif cue.text.strip() and cue.end > cue.start:
            kept.append(cue if cue.start >= 0 else replace(cue, start=0.0))
    return _joined(sorted(kept, key=lambda cue: (cue.start, cue.end, cue.text))), reasons


def _why_not(cue: Cue) -> str | None:
    if cue.end < cue.start:
        return "end before they begin"
    if cue.start > _LATEST or (cue.start < 0 and cue.end <= 0):
        return "lie outside any film"
    if cue.end - cue.start > _LONGEST:
        return f"last more than {_LONGEST} s"
    if len(cue.text) > _MOST_TEXT:
        return f"have more than {_MOST_TEXT} characters"
    return None


def _joined(cues: Sequence[Cue]) -> list[Cue]:
    """Return cues with those that go on saying the same joined to the first of them."""
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
