"""Timed lines given to the clips that they are spoken in."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["STRADDLES", "ClipText", "TimedClip", "TimedLine", "lines_of_clips"]

STRADDLES = "straddles"
"""Flag of a text, part of which is spoken in another clip, or that lacks a part spoken in its."""

_MIN_SHARE = 0.5  # of a line that a clip must hold to get it
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
        lines: their texts, in order of time.
        flags: what is doubtful about it.
    """

    lines: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)


def lines_of_clips(
    lines: Iterable[TimedLine], clips: Sequence[TimedClip]
) -> Mapping[str, ClipText]:
    """Give each line to the clip that holds most of it, if that is half of the line or more.

    Of clips that hold the same of it the first gets it. A line that reaches notably into a clip
    that doesn't get it raises the flag ``straddles`` there, and on the clip that does. Superseded
    clips are served apart, so that they take nothing from those that replaced them.

    Args:
        lines: of one source, in seconds on its timeline.
        clips: of the same source.

    Returns:
        The texts of the clips that got a line, by clip id.
    """
    texts: dict[str, ClipText] = {}
    ordered = sorted(lines, key=lambda line: (line.start, line.end, line.text))
    for superseded in (False, True):
        peers = [clip for clip in clips if (clip.superseded_by is not None) == superseded]
        texts |= _assigned(ordered, sorted(peers, key=lambda clip: (clip.start, clip.end)))
    return texts


def _assigned(lines: Sequence[TimedLine], clips: Sequence[TimedClip]) -> dict[str, ClipText]:
    texts: dict[str, ClipText] = defaultdict(ClipText)
    straddled: set[str] = set()
    for line in lines:
        held = {clip.clip_id: seconds for clip in clips if (seconds := _overlap(line, clip)) > 0}
        owner = max(held, key=lambda clip_id: held[clip_id], default=None)
        if owner is not None and held[owner] >= _MIN_SHARE * (line.end - line.start):
            texts[owner].lines.append(line.text)
        else:
            owner = None
        reached = {clip_id for clip_id, seconds in held.items() if seconds > _NOTABLE}
        if reached - {owner}:
            straddled |= reached if owner is None else reached | {owner}
    for clip_id in straddled & texts.keys():
        texts[clip_id].flags.append(STRADDLES)
    return dict(texts)


def _overlap(line: TimedLine, clip: TimedClip) -> float:
    return min(line.end, clip.end) - max(line.start, clip.start)
