"""Context excerpts around clips, for annotators who need what comes before a line.

They are ``clips/<source_id>/context/<clip_id>.wav``; no record refers to them, and they can be
deleted and cut again from the film.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from corpus_tools.media.decode import decode
from corpus_tools.media.errors import MediaError
from corpus_tools.media.resample import SAMPLE_RATE
from corpus_tools.media.samples import Samples
from corpus_tools.media.wav import write_wav
from corpus_tools.review.source_data import choose_sources
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.storage.partials import clear_partials
from manifests.storage.records import Clip, Source
from manifests.storage.shards import STAGES, read_stage
from manifests.storage.store import inside

__all__ = ["Excerpts", "context_window", "cut_windows"]


class Excerpts:
    """Writer of context excerpts; called with clips, it returns the paths of their excerpts.

    Existing excerpts are kept. Only drama has excerpts: the lines of a script are not a dialogue.
    Films outside the corpus folder are found in ``media``. ``warnings`` are the numbers of clips
    without an excerpt, with the reasons. Hold the corpus's lock.
    """

    def __init__(
        self, corpus: Path, media: Sequence[Path] = (), progress: Progress = no_progress
    ) -> None:
        self.corpus = corpus
        self.media = media
        self.warnings: list[str] = []
        self._progress = progress

    def __call__(self, clips: Sequence[Clip]) -> dict[str, str]:
        """Return the path of each clip's excerpt in the corpus folder, by clip id.

        Raises:
            DataError: if a shard can't be read, or a folder is a link to outside the corpus.
        """
        sources = {row.source_id: row for row in read_stage(self.corpus, STAGES["sources"], Source)}
        drama = {name for name, source in sources.items() if source.kind == "drama"}
        wanted = [clip for clip in clips if clip.source_id in drama]
        missing: dict[str, list[Clip]] = defaultdict(list)
        for clip in wanted:
            if not self._path(clip).is_file():
                missing[clip.source_id].append(clip)
        self._cut_missing(sources, missing)
        found = {clip.clip_id: _excerpt_path(clip) for clip in wanted if self._path(clip).is_file()}
        if len(found) < len(wanted):
            self.warnings.append(
                f"{len(wanted) - len(found)} of {len(wanted)} clips have no context excerpt; "
                f"name their films, or folders of films: --media PATH"
            )
        return found

    def _cut_missing(self, sources: dict[str, Source], missing: dict[str, list[Clip]]) -> None:
        if not missing:
            return
        lookup = Outcome()
        films = choose_sources(self.corpus, self.media, sorted(missing), lookup)
        self.warnings += [f"{failure.item}: {failure.reason}" for failure in lookup.failures]
        for done, item in enumerate(films, start=1):
            if item.film is not None:
                self._cut(item.film, item.source, missing[item.source.source_id])
            self._progress(done, len(films), item.source.source_id)

    def _cut(self, film: Path, source: Source, clips: Sequence[Clip]) -> None:
        folder = inside(self.corpus, f"clips/{source.source_id}/{_FOLDER}")
        clear_partials(folder)
        blocks = (block.samples for block in decode(film, source.track, channel=source.channel))
        wanted = [(*_samples_around(clip, source.duration), clip) for clip in clips]
        try:
            for clip, samples in cut_windows(blocks, wanted):
                write_wav(self._path(clip), samples)
        except MediaError as error:
            self.warnings.append(f"{film} {error}")

    def _path(self, clip: Clip) -> Path:
        return inside(self.corpus, _excerpt_path(clip))


def context_window(start: float, end: float, duration: float) -> tuple[float, float]:
    """Return start and end of a clip's context window, in seconds of the source.

    It is 8 s long and centred on the clip, shifted at the start or end of the source; a shorter
    source is the whole window.

    Example:
        >>> context_window(10.0, 14.0, 60.0), context_window(1.0, 5.0, 60.0)
        ((8.0, 16.0), (0.0, 8.0))
    """
    first = max(0.0, min((start + end) / 2 - SECONDS / 2, duration - SECONDS))
    return first, min(duration, first + SECONDS)


def _samples_around(clip: Clip, duration: float) -> tuple[int, int]:
    first, last = context_window(clip.start, clip.end, duration)
    return round(first * SAMPLE_RATE), round(last * SAMPLE_RATE)


def cut_windows(
    blocks: Iterable[Samples], wanted: Iterable[tuple[int, int, Clip]]
) -> Iterator[tuple[Clip, Samples]]:
    """Yield each wanted window (start and end in samples, clip) of a stream of consecutive blocks.

    The stream is read no further than the end of the last window.
    """
    waiting = deque(sorted(wanted, key=lambda window: window[:2]))
    held: deque[tuple[int, Samples]] = deque()
    position = 0
    for block in blocks:
        if not waiting:
            return
        held.append((position, block))
        position += len(block)
        while waiting and waiting[0][1] <= position:
            start, end, clip = waiting.popleft()
            yield clip, _joined(held, start, end)
        while held and (not waiting or held[0][0] + len(held[0][1]) <= waiting[0][0]):
            held.popleft()
    for start, end, clip in waiting:
        if start < position:
            yield clip, _joined(held, start, end)


def _joined(held: Iterable[tuple[int, Samples]], start: int, end: int) -> Samples:
    parts = [block[max(start - first, 0) : max(end - first, 0)] for first, block in held]
    return np.concatenate(parts)


def _excerpt_path(clip: Clip) -> str:
    return f"clips/{clip.source_id}/{_FOLDER}/{clip.clip_id}.wav"


SECONDS = 8.0
_FOLDER = "context"
