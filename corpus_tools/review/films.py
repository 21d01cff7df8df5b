"""Which sources to make pages of, and where the film of each is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus_tools.runner import run_each
from corpus_tools.segmentation.inputs import find_media
from corpus_tools.segmentation.naming import identifies, nearest_names
from manifests.errors import CorpusError, DataError
from manifests.outcome import Outcome
from manifests.records import Source
from manifests.shards import STAGES, read_stage
from manifests.store import inside, sha256_file

__all__ = ["Reviewed", "choose_sources"]


@dataclass(frozen=True)
class Reviewed:
    """A source to make a page of.

    Attributes:
        source: its record.
        film: the file, ``None`` where nobody said where it is.
    """

    source: Source
    film: Path | None


def choose_sources(
    corpus: Path, media: Sequence[Path], wanted: Sequence[str], outcome: Outcome
) -> list[Reviewed]:
    """Return the sources that a command means; what can't be found is a failure.

    Args:
        corpus: the corpus folder.
        media: their films, or folders with them; none: wherever the corpus folder has them.
        wanted: ids of sources, or other names of them. None: those of ``media``, or without
            it all but the recordings of scripted sessions, which are many and a sentence long
            each.
        outcome: takes the failures; its ``items_in`` is raised by all that was asked for.

    Raises:
        DataError: if a shard can't be read.
    """
    known = {source.source_id: source for source in read_stage(corpus, STAGES["sources"], Source)}
    films = _identified(corpus, media, known.values(), outcome)
    if wanted:
        chosen = _named(wanted, known, outcome)
    elif media:
        chosen = [known[name] for name in films]
    else:
        chosen = [source for source in known.values() if source.kind == "drama"]
    outcome.items_in += len(chosen)
    return [
        Reviewed(source, films.get(source.source_id) or _in_corpus(corpus, source))
        for source in chosen
    ]


def _named(wanted: Sequence[str], known: dict[str, Source], outcome: Outcome) -> list[Source]:
    """Return the sources that go by names; each name of none or of several is a failure."""
    found: dict[str, Source] = {}
    for name in wanted:
        by_id = [known[name]] if name in known else []
        named = by_id or [source for source in known.values() if identifies(name, source)]
        if len(named) == 1:
            found[named[0].source_id] = named[0]
            continue
        outcome.items_in += 1
        if named:
            several = nearest_names(name, named)
            outcome.fail(name, f"names several sources; write the id of one: {several}")
        else:
            films_first = sorted(known.values(), key=lambda source: source.kind != "drama")
            nearest = nearest_names(name, films_first)
            hint = f"the nearest are {nearest}" if nearest else "it has none yet"
            outcome.fail(name, f"is no source of this corpus; {hint}")
    return list(found.values())


def _identified(
    corpus: Path, media: Sequence[Path], known: Iterable[Source], outcome: Outcome
) -> dict[str, Path]:
    """Return the film of each source among the media, found by content."""
    by_content: dict[str, list[Source]] = {}
    for source in known:
        by_content.setdefault(source.sha256, []).append(source)

    def sources_of(path: Path) -> list[Source]:
        try:
            found = by_content.get(sha256_file(path), [])
        except FileNotFoundError:
            raise CorpusError("no such file; check the path") from None
        if not found:
            raise CorpusError("is not in the corpus; cut it first: corpus segment")
        return found

    files = find_media(media, corpus, outcome)
    films = {
        source.source_id: path
        for path, sources in run_each(files, sources_of, outcome)
        for source in sources
    }
    outcome.items_in += len(files) - len(set(films.values()))
    return films


def _in_corpus(corpus: Path, source: Source) -> Path | None:
    """Return the film where the record says that the corpus folder has it, if it is still that."""
    try:
        path = inside(corpus, source.media_path)
        if not path.is_file() or path.stat().st_size != source.size:
            return None
        return path if sha256_file(path) == source.sha256 else None
    except (DataError, OSError):
        return None
