"""Wider excerpts around clips, for annotators who can't judge a line without what comes before.

They lie beside the clips, in ``clips/<source_id>/context/<clip_id>.wav``, and are listening aids:
no record names them, and whoever deletes them loses nothing that the film doesn't have.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from corpus_tools.media.decode import SAMPLE_RATE, decode
from corpus_tools.media.errors import MediaError
from corpus_tools.media.levels import Samples
from corpus_tools.media.wav import write_wav
from corpus_tools.review.films import choose_sources
from manifests.outcome import Outcome, Progress, no_progress
from manifests.records import Clip, Source
from manifests.shards import STAGES, read_stage
from manifests.store import inside

__all__ = ["Excerpts", "stretches", "window"]


class Excerpts:
    """Writes the excerpts of clips; called with the clips, it returns the paths of those there are.

    One that is there already is left as it is. Only drama has any: what comes before a line of a
    script was not said to it. Hold the corpus's lock.

    Args:
        corpus: the corpus folder.
        media: films that lie outside the corpus folder, or folders with them.
        progress: called after each film.

    Attributes:
        warnings: for how many clips there is none, and why.
    """

    def __init__(
        self, corpus: Path, media: Sequence[Path] = (), progress: Progress = no_progress
    ) -> None:
        self.corpus = corpus
        self.media = media
        self.warnings: list[str] = []
        self._progress = progress

    def __call__(self, clips: Sequence[Clip]) -> dict[str, str]:
        """Return where the excerpt of each clip lies, relative to the corpus folder, by clip id.

        Raises:
            DataError: if a shard can't be read, or a folder is a link that leads out of the corpus.
        """
        sources = {one.source_id: one for one in read_stage(self.corpus, STAGES["sources"], Source)}
        drama = {name for name, source in sources.items() if source.kind == "drama"}
        wanted = [clip for clip in clips if clip.source_id in drama]
        missing: dict[str, list[Clip]] = defaultdict(list)
        for clip in wanted:
            if not self._path(clip).is_file():
                missing[clip.source_id].append(clip)
        self._write(sources, missing)
        found = {clip.clip_id: _place(clip) for clip in wanted if self._path(clip).is_file()}
        if len(found) < len(wanted):
            self.warnings.append(
                f"{len(wanted) - len(found)} of {len(wanted)} clips get no wider excerpt; name "
                f"their films, or folders with them: --media PATH"
            )
        return found

    def _write(self, sources: dict[str, Source], missing: dict[str, list[Clip]]) -> None:
        if not missing:
            return
        looked = Outcome()
        films = choose_sources(self.corpus, self.media, sorted(missing), looked)
        self.warnings += [f"{failure.item}: {failure.reason}" for failure in looked.failures]
        for done, one in enumerate(films, start=1):
            if one.film is not None:
                self._write_all(one.film, one.source, missing[one.source.source_id])
            self._progress(done, len(films), one.source.source_id)

    def _write_all(self, film: Path, source: Source, clips: Sequence[Clip]) -> None:
        folder = inside(self.corpus, f"clips/{source.source_id}/{_FOLDER}")
        for left in folder.glob(".*.partial*"):
            left.unlink()
        blocks = (block.samples for block in decode(film, source.track))
        wanted = [(*window(clip, source.duration), clip) for clip in clips]
        try:
            for clip, samples in stretches(blocks, wanted):
                write_wav(self._path(clip), samples)
        except MediaError as error:
            self.warnings.append(f"{film} {error}")

    def _path(self, clip: Clip) -> Path:
        return inside(self.corpus, _place(clip))


def window(clip: Clip, duration: float) -> tuple[int, int]:
    """Return the stretch of a source around a clip, as [start, end) in samples.

    It is 8 s long with the clip in its middle; at the beginning or end of the source the clip is
    not in the middle, and in a source that is shorter the stretch is all of it.

    Args:
        clip: the clip.
        duration: of its source in seconds.
    """
    middle = (clip.start + clip.end) / 2
    start = max(0.0, min(middle - SECONDS / 2, duration - SECONDS))
    end = min(duration, start + SECONDS)
    return round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)


def stretches(
    blocks: Iterable[Samples], wanted: Iterable[tuple[int, int, Clip]]
) -> Iterator[tuple[Clip, Samples]]:
    """Yield stretches of a stream as it goes by; it is not read further than the last one's end.

    Args:
        blocks: the stream, in pieces.
        wanted: start and end of each in samples, and whose it is.
    """
    waiting = deque(sorted(wanted, key=lambda one: one[:2]))
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


def _place(clip: Clip) -> str:
    return f"clips/{clip.source_id}/{_FOLDER}/{clip.clip_id}.wav"


SECONDS = 8.0
_FOLDER = "context"
