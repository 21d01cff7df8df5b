"""Following of lines of text from the first frame with them to the last."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus_tools.burned_in.boxes import Box, joined_rows
from corpus_tools.burned_in.picture import Frame
from corpus_tools.burned_in.reader import Luma, TextReader

__all__ = ["Appearance", "follow"]

Strokes = NDArray[np.float32]


@dataclass(frozen=True)
class Appearance:
    """A line of text as shown: box in the band, seconds of its first frame and of that after it.

    ``pictures``: first the mean of its frames, in which what moves behind it is blurred; then
    single frames. They begin ``beside`` columns before the box, and are as much wider on the right.
    """

    start: float
    end: float
    box: Box
    pictures: list[Luma]
    beside: int = 0

    @property
    def narrow(self) -> list[Luma]:
        """The pictures, no wider than the box."""
        return [picture[:, self.beside : self.beside + self.box.width] for picture in self.pictures]


def follow(frames: Iterable[Frame], reader: TextReader, line: int = 0) -> Iterator[Appearance]:
    """Yield the lines shown in the band that consecutive frames hold, in order of their ends.

    The reader looks for text where strokes appear that stand still, and every few seconds; what it
    finds is compared with the frames before
    and after it, to the frame in which it appears and that in which it is gone. Memory doesn't
    grow with the number of frames. What was shown for less than `LEAST_SECONDS` is left out, and
    what is much higher or lower than a ``line``, unless that is 0.
    """
    recent: deque[Frame] = deque()
    active: list[_Track] = []
    searched = looked = -np.inf
    changed = False
    watch = _Watch(line or _SOME_LINE)
    last: Frame | None = None
    step = 0.0
    for frame in frames:
        step = frame.time - last.time if last is not None else 0.0
        last = frame
        for track in active:
            track.add(frame)
        ended = [track for track in active if track.gone]
        active = [track for track in active if not track.gone]
        yield from (track.appearance() for track in ended if track.long_enough)
        changed = changed or any(track.long_enough for track in ended)
        recent.append(frame)
        while frame.time - recent[0].time > _LOOK_BACK:
            recent.popleft()
        standing = [track for track in active if frame.time - track.start >= _STANDING]
        busy = len(standing) < len(active)
        if not changed and frame.time - looked >= (_RARELY if busy else _OFTEN):
            looked = frame.time
            changed = frame.time - searched >= _SELDOM or watch.news(frame, recent)
        if changed:
            searched = looked = frame.time
            changed = False
            watch.forget(frame, recent)
            found = reader.find(frame.luma)
            new = [box for box in found if not any(track.covers(box) for track in standing)]
            for box in joined_rows(new):
                if line and not _LOWEST * line < box.height < _HIGHEST * line:
                    continue
                replaced = [track for track in active if track.covers(box)]
                if any(not track.outgrown_by(box) for track in replaced):
                    continue
                active.append(_Track(box, recent))
    for track in active:
        if last is not None:
            track.end_at(last.time + step)
            if track.long_enough:
                yield track.appearance()


class _Watch:
    """Strokes that stand still: only where there are new ones may text have appeared."""

    def __init__(self, line: int) -> None:
        self._line = line
        self._known: Strokes | None = None

    def news(self, frame: Frame, recent: Sequence[Frame]) -> bool:
        """Return whether there are as many new strokes as of a letter or two."""
        if self._known is None:
            return True
        return bool((self._standing(frame, recent) - self._known).max() > _NEW_STROKES)

    def forget(self, frame: Frame, recent: Sequence[Frame]) -> None:
        """Take the strokes of this frame for known."""
        self._known = self._standing(frame, recent)

    def _standing(self, frame: Frame, recent: Sequence[Frame]) -> Strokes:
        """Return the share of strokes, in this and an earlier frame, around each pixel."""
        import cv2

        before = next((one for one in recent if frame.time - one.time <= _STILL), frame)
        now, then = (self._strokes(one) for one in (frame, before))
        both = (np.minimum(now, then) > _STROKE) | (np.maximum(now, then) < -_STROKE)
        side = max(self._line // _HALF, 4)
        return np.asarray(cv2.blur(both.astype(np.float32), (2 * side, side)), np.float32)

    def _strokes(self, frame: Frame) -> Strokes:
        import cv2

        luma = frame.luma[::_HALF, ::_HALF].astype(np.float32)
        side = max(self._line // (2 * _HALF), 3)
        return np.asarray(luma - cv2.blur(luma, (side, side)), np.float32)


class _Track:
    """A line of text, as long as it is shown."""

    def __init__(self, box: Box, recent: deque[Frame]) -> None:
        found = recent[-1]
        self.box = box
        self._wide = max(box.height, 12)
        self._beside = round(_BESIDE * box.height)
        self._step = 2 if box.height > _LARGE else 1
        self._reference = self._strokes(found)
        self._mask = _text_pixels(self._reference)
        self._seen = 1
        self._sum = self._picture(found).astype(np.float32)
        self._kept: list[Luma] = [self._picture(found).copy()]
        self.start = self._first(recent)
        self.end = found.time
        self._missed = 0

    def _first(self, recent: deque[Frame]) -> float:
        """Return the time of the first of the recent frames from which on the text is shown."""
        start, missed = recent[-1].time, 0
        for frame in list(recent)[-2::-1]:
            if self._likeness(self._strokes(frame)) >= _SAME:
                start, missed = frame.time, 0
                self._take(frame)
            else:
                missed += 1
                if missed > _MISSED:
                    break
        return start

    def add(self, frame: Frame) -> None:
        """Take the next frame."""
        strokes = self._strokes(frame)
        if self._likeness(strokes) >= _SAME:
            self._missed = 0
            if self._seen < _SETTLED:
                self._reference += (strokes - self._reference) / (self._seen + 1)
            self._take(frame)
        else:
            if not self._missed:
                self.end = frame.time
            self._missed += 1

    def _take(self, frame: Frame) -> None:
        self._seen += 1
        self._sum += self._picture(frame)
        # frames at doubled distances: few, and from all over the line
        if self._seen in _KEPT:
            self._kept.append(self._picture(frame).copy())

    @property
    def gone(self) -> bool:
        return self._missed > _MISSED

    def end_at(self, time: float) -> None:
        if not self._missed:
            self.end = time

    @property
    def long_enough(self) -> bool:
        return self.end - self.start >= LEAST_SECONDS

    def covers(self, box: Box) -> bool:
        return self.box.beside(box) and self.box.shared(box) > 0.3 * min(
            self.box.height * self.box.width, box.height * box.width
        )

    def outgrown_by(self, box: Box) -> bool:
        return box.width > self.box.width + _GROWN * self.box.height

    def appearance(self) -> Appearance:
        mean = (self._sum / self._seen).round().astype(np.uint8)
        beside = min(self._beside, self.box.left)
        return Appearance(self.start, self.end, self.box, [mean, *self._kept], beside)

    def _picture(self, frame: Frame) -> Luma:
        box = self.box
        first, last = max(box.left - self._beside, 0), box.right + self._beside
        return frame.luma[box.top : box.bottom, first:last]

    def _strokes(self, frame: Frame) -> Strokes:
        """Return how much brighter each pixel is than its neighbourhood."""
        import cv2

        box = self.box
        crop = frame.luma[box.top : box.bottom : self._step, box.left : box.right : self._step]
        side = max(self._wide // (2 * self._step), 3)
        bright = crop.astype(np.float32)
        return np.asarray(bright - cv2.blur(bright, (side, side)), np.float32)

    def _likeness(self, strokes: Strokes) -> float:
        """Return the correlation with the line's strokes and their edges, -1 to 1."""
        ours, theirs = self._reference[self._mask], strokes[self._mask]
        norm = float(np.sqrt((ours @ ours) * (theirs @ theirs)))
        return float(ours @ theirs) / norm if norm else 0.0


def _text_pixels(strokes: Strokes) -> NDArray[np.bool_]:
    size = np.abs(strokes)
    mask: NDArray[np.bool_] = size > 0.35 * np.percentile(size, 95)
    return mask


LEAST_SECONDS = 0.3
"""The shortest line; what moves, as in a ticker, is alike for shorter times only."""
_LOOK_BACK = 1.2  # s
_LOWEST, _HIGHEST = 0.45, 1.9  # heights of a line
_OFTEN, _RARELY = 0.35, 1.0  # s; while no line is shown, and while one is
_SELDOM = 2.0  # s; where no strokes appear
_SOME_LINE = 24  # pixels, if the height of a line is unknown
_STILL = 0.17  # s
_STROKE = 20.0  # grey levels
_NEW_STROKES = 0.12  # of the pixels
_HALF = 2  # of the pixels across, and down
_STANDING = 5.0  # s; what is shown for longer, as logos are, is no part of a new line
_GROWN = 0.5  # heights of the line; half a letter, as of a line first found while it fades in
_SAME = 0.55  # correlation
_MISSED = 1  # frames that may be unlike
_SETTLED = 8  # frames from which the reference is made
_KEPT = (4, 12, 36, 80)
_LARGE = 40  # pixels
_BESIDE = 0.7  # heights of the line; a letter
