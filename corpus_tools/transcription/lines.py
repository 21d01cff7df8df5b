"""Assignment of timed lines to the clips in which they are spoken."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["STRADDLES", "ClipText", "TimedClip", "TimedLine", "assign_lines"]

STRADDLES = "straddles"
"""Flag of a text that is partly spoken in another clip, or lacks a part spoken in its own."""

_MIN_SHARE = 0.5  # share of a line within the clip that gets it
_SHARED = 0.25  # share of a line within each clip that shares it
_MIN_LINE_STRADDLE = 0.2  # seconds of a line in another clip, more than the usual display lag


class TimedLine(Protocol):
    """A line with times: a subtitle event or record."""

    @property
    def start(self) -> float:
        """Start in seconds."""

    @property
    def end(self) -> float:
        """End in seconds."""

    @property
    def text(self) -> str:
        """Text of the line."""


class TimedClip(Protocol):
    """A clip with times: a record of a corpus, or a segment of a file."""

    @property
    def clip_id(self) -> str:
        """Id of the clip."""

    @property
    def start(self) -> float:
        """Start in seconds."""

    @property
    def end(self) -> float:
        """End in seconds."""

    @property
    def superseded_by(self) -> str | None:
        """Id of the clip that replaced it, if any."""


@dataclass
class ClipText:
    """Lines assigned to a clip.

    Attributes:
        lines: texts of its own lines, in order of time.
        flags: flags of the text.
        shared: texts of lines of which it holds a quarter or more, but no clip holds half.
        inside_s: seconds of its lines (or of the shared ones if it has none) within the clip.
        shown_s: total duration of these lines in seconds.
        covered_s: seconds of the clip that they cover.
    """

    lines: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    inside_s: float = 0.0
    shown_s: float = 0.0
    covered_s: float = 0.0

    def confidence(self, speech_s: float) -> float:
        """Return the confidence, 0 to 1, that the text is that of the whole clip.

        It is the share of the lines' time within the clip times the share of the clip's speech that
        they cover; only durations are compared, not where in the clip its speech lies.

        Args:
            speech_s: seconds of speech in the clip.
        """
        covered = min(self.covered_s / speech_s, 1.0) if speech_s > 0 else 1.0
        return round(covered * self.inside_s / self.shown_s, 4) if self.shown_s else 0.0


def assign_lines(lines: Iterable[TimedLine], clips: Sequence[TimedClip]) -> Mapping[str, ClipText]:
    """Assign each line to the clip that holds most of it, if that is half of the line or more.

    Of clips that hold equally much the first gets it. A line that also reaches into another clip by
    0.2 s flags both clips as ``straddles``. A line of which no clip holds half is shared by those
    that hold a quarter. Superseded clips are handled apart, so that they take no line from those
    that replaced them.

    Args:
        lines: lines of one source, with times on its timeline.
        clips: clips of the same source.

    Returns:
        Texts of the clips with own or shared lines, by clip id.
    """
    texts: dict[str, ClipText] = {}
    ordered = sorted(lines, key=lambda line: (line.start, line.end, line.text))
    for superseded in (False, True):
        peers = [clip for clip in clips if (clip.superseded_by is not None) == superseded]
        texts |= _assign_to_peers(ordered, sorted(peers, key=lambda clip: (clip.start, clip.end)))
    return texts


def _assign_to_peers(lines: Sequence[TimedLine], clips: Sequence[TimedClip]) -> dict[str, ClipText]:
    owned: dict[str, list[TimedLine]] = defaultdict(list)
    shared: dict[str, list[TimedLine]] = defaultdict(list)
    straddled: set[str] = set()
    starts = [clip.start for clip in clips]
    longest = max((clip.end - clip.start for clip in clips), default=0.0)
    for line in lines:
        near = clips[bisect_left(starts, line.start - longest) : bisect_left(starts, line.end)]
        held = {clip.clip_id: seconds for clip in near if (seconds := _overlap(line, clip)) > 0}
        owner = max(held, key=lambda clip_id: held[clip_id], default=None)
        shown = line.end - line.start
        if owner is not None and held[owner] >= _MIN_SHARE * shown:
            owned[owner].append(line)
        else:
            owner = None
            for clip_id in held:
                if held[clip_id] >= _SHARED * shown:
                    shared[clip_id].append(line)
        reached = {clip_id for clip_id, seconds in held.items() if seconds > _MIN_LINE_STRADDLE}
        if reached - {owner}:
            straddled |= reached if owner is None else reached | {owner}
    return {
        clip.clip_id: _clip_text(
            clip, owned[clip.clip_id], shared[clip.clip_id], clip.clip_id in straddled
        )
        for clip in clips
        if clip.clip_id in owned.keys() | shared.keys()
    }


def _clip_text(
    clip: TimedClip, own: Sequence[TimedLine], shared: Sequence[TimedLine], straddles: bool
) -> ClipText:
    lines = own or shared
    return ClipText(
        lines=[line.text for line in own],
        flags=[STRADDLES] if straddles else [],
        shared=[line.text for line in shared],
        inside_s=sum(_overlap(line, clip) for line in lines),
        shown_s=sum(line.end - line.start for line in lines),
        covered_s=_covered_seconds(clip, lines),
    )


def _covered_seconds(clip: TimedClip, lines: Sequence[TimedLine]) -> float:
    seconds, until = 0.0, clip.start
    for line in lines:  # in order of their starts
        start, end = max(line.start, until), min(line.end, clip.end)
        seconds += max(end - start, 0.0)
        until = max(until, end)
    return seconds


def _overlap(line: TimedLine, clip: TimedClip) -> float:
    return min(line.end, clip.end) - max(line.start, clip.start)
