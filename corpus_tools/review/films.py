"""Choice of sources by id, title or film, and lookup of their films."""

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

__all__ = ["SourceMedia", "choose_sources"]


@dataclass(frozen=True)
class SourceMedia:
    """Source with its film.

    Attributes:
        source: record of the source.
        film: file of the film, ``None`` if not found.
    """

    source: Source
    film: Path | None


def choose_sources(
    corpus: Path, media: Sequence[Path], wanted: Sequence[str], outcome: Outcome
) -> list[SourceMedia]:
    """Return the sources selected for a command; unknown names and files are failures.

    Args:
        corpus: the corpus folder.
        media: films, or folders of films; empty: the films in the corpus folder.
        wanted: ids, titles or file names of sources. Empty: the sources of ``media``, or without
            ``media`` all films (scripted recordings are many and a sentence long each).
        outcome: receives the failures; its ``items_in`` is raised by the number of queries.

    Raises:
        DataError: if a shard can't be read.
    """
    known = {source.source_id: source for source in read_stage(corpus, STAGES["sources"], Source)}
    films = _films_by_content(corpus, media, known.values(), outcome)
    if wanted:
        chosen = _sources_by_name(wanted, known, outcome)
    elif media:
        chosen = [known[name] for name in films]
    else:
        chosen = [source for source in known.values() if source.kind == "drama"]
    outcome.items_in += len(chosen)
    return [
        SourceMedia(source, films.get(source.source_id) or _film_in_corpus(corpus, source))
        for source in chosen
    ]


def _sources_by_name(
    wanted: Sequence[str], known: dict[str, Source], outcome: Outcome
) -> list[Source]:
    """Return the sources with the given names; unknown and ambiguous names are failures."""
    found: dict[str, Source] = {}
    for name in wanted:
        by_id = [known[name]] if name in known else []
        matches = by_id or [source for source in known.values() if identifies(name, source)]
        if len(matches) == 1:
            found[matches[0].source_id] = matches[0]
            continue
        outcome.items_in += 1
        if matches:
            ids = nearest_names(name, matches)
            outcome.fail(name, f"matches several sources; give the id of one: {ids}")
        else:
            films_first = sorted(known.values(), key=lambda source: source.kind != "drama")
            nearest = nearest_names(name, films_first)
            hint = f"similar: {nearest}" if nearest else "it has none yet"
            outcome.fail(name, f"is not a source of this corpus; {hint}")
    return list(found.values())


def _films_by_content(
    corpus: Path, media: Sequence[Path], known: Iterable[Source], outcome: Outcome
) -> dict[str, Path]:
    """Return the film of each source among the media, matched by content."""
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


def _film_in_corpus(corpus: Path, source: Source) -> Path | None:
    """Return the film at the path of the record, if it is in the corpus folder and unchanged."""
    try:
        path = inside(corpus, source.media_path)
        if not path.is_file() or path.stat().st_size != source.size:
            return None
        return path if sha256_file(path) == source.sha256 else None
    except (DataError, OSError):
        return None
