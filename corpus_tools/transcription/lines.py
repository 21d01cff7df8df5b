"""Assignment of timed lines to the clips in which they are spoken."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["STRADDLES", "ClipText", "TimedClip", "TimedLine", "assign_lines"]

STRADDLES = "straddles"
"""Flag of a text, part of which is spoken in another clip, or that lacks a part spoken in its."""

_MIN_SHARE = 0.5  # of a line that a clip must hold to get it
_SHARED = 0.25  # of a line that no clip holds so much of
_NOTABLE = 0.2  # seconds of a line in another clip that are more than its usual lingering


class TimedLine(Protocol):
    """A line with its time in seconds; a subtitle event or record."""

    @property
    def start(self) -> float:
        """When it begins."""

    @property
    def end(self) -> float:
        """When it ends."""

    @property
    def text(self) -> str:
        """What it says."""


class TimedClip(Protocol):
    """A clip with its time in seconds; a record of a corpus, or a piece of a file."""

    @property
    def clip_id(self) -> str:
        """What it is called."""

    @property
    def start(self) -> float:
        """When it begins."""

    @property
    def end(self) -> float:
        """When it ends."""

    @property
    def superseded_by(self) -> str | None:
        """The clip that replaced it, if one did."""


@dataclass
class ClipText:
    """What the lines of one clip come to.

    Attributes:
        lines: the texts of those that are its own, in order of time.
        flags: what is doubtful about it.
        shared: the texts of those that it holds a quarter of or more, but no clip a half.
        inside_s: seconds of its lines, or of the shared ones if it has none, that lie in it.
        shown_s: seconds that these lines last.
        covered_s: seconds of the clip that lie under them.
    """

    lines: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    inside_s: float = 0.0
    shown_s: float = 0.0
    covered_s: float = 0.0

    def confidence(self, speech_s: float) -> float:
        """Return how far the text is that of the clip, and all of it, from 0 to 1.

        It is the share of the lines' time that lies in the clip, times the share of the clip's
        speech that they cover. Where in the clip its speech lies isn't asked: seconds are compared.

        Args:
            speech_s: seconds of speech in the clip.
        """
        covered = min(self.covered_s / speech_s, 1.0) if speech_s > 0 else 1.0
        return round(covered * self.inside_s / self.shown_s, 4) if self.shown_s else 0.0


def assign_lines(lines: Iterable[TimedLine], clips: Sequence[TimedClip]) -> Mapping[str, ClipText]:
    """Give each line to the clip that holds most of it, if that is half of the line or more.

    Of clips that hold the same of it the first gets it. A line that reaches notably into a clip
    that doesn't get it raises the flag ``straddles`` there, and on the clip that does. A line that
    no clip holds half of is shared by those that hold a quarter. Superseded clips are served apart,
    so that they take nothing from those that replaced them.

    Args:
        lines: of one source, in seconds on its timeline.
        clips: of the same source.

    Returns:
        The texts of the clips that got a line or share one, by clip id.
    """
    texts: dict[str, ClipText] = {}
    ordered = sorted(lines, key=lambda line: (line.start, line.end, line.text))
    for superseded in (False, True):
        peers = [clip for clip in clips if (clip.superseded_by is not None) == superseded]
        texts |= _assigned(ordered, sorted(peers, key=lambda clip: (clip.start, clip.end)))
    return texts


def _assigned(lines: Sequence[TimedLine], clips: Sequence[TimedClip]) -> dict[str, ClipText]:
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
        reached = {clip_id for clip_id, seconds in held.items() if seconds > _NOTABLE}
        if reached - {owner}:
            straddled |= reached if owner is None else reached | {owner}
    return {
        clip.clip_id: _text(
            clip, owned[clip.clip_id], shared[clip.clip_id], clip.clip_id in straddled
        )
        for clip in clips
        if clip.clip_id in owned.keys() | shared.keys()
    }


def _text(
    clip: TimedClip, own: Sequence[TimedLine], shared: Sequence[TimedLine], straddles: bool
) -> ClipText:
    lines = own or shared
    return ClipText(
        lines=[line.text for line in own],
        flags=[STRADDLES] if straddles else [],
        shared=[line.text for line in shared],
        inside_s=sum(_overlap(line, clip) for line in lines),
        shown_s=sum(line.end - line.start for line in lines),
        covered_s=_covered(clip, lines),
    )


def _covered(clip: TimedClip, lines: Sequence[TimedLine]) -> float:
    seconds, until = 0.0, clip.start
    for line in lines:  # in order of their starts
        start, end = max(line.start, until), min(line.end, clip.end)
        seconds += max(end - start, 0.0)
        until = max(until, end)
    return seconds


def _overlap(line: TimedLine, clip: TimedClip) -> float:
    return min(line.end, clip.end) - max(line.start, clip.start)
