"""Sources of a command with their films and records."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus_tools.segmentation.intake.identify import find_media, identifies, nearest_names
from corpus_tools.segmentation.intake.selections import Choices, read_choices
from corpus_tools.segmentation.ledger.decisions import check_finished, recorded_suppressed
from corpus_tools.workspace.runner import run_each
from manifests.base.errors import CorpusError, DataError
from manifests.base.outcome import Outcome
from manifests.storage.decisions import is_decided
from manifests.storage.records import Clip, LedgerEntry, Screen, Source, SubtitleLine, Transcript
from manifests.storage.shards import STAGES, read_header, read_shard, read_stage
from manifests.storage.store import inside, sha256_file

__all__ = ["SourceData", "SourceMedia", "choose_sources", "read_source_data"]


@dataclass(frozen=True)
class SourceData:
    """Records of a source; superseded clips are left out.

    Clips and lines are in order of time, ``decisions`` and preferred transcripts by clip id,
    thresholds (``rules``) by name; the ledger has seconds by reason. ``repeats`` maps rejected
    repeats to the clip that they repeat.
    """

    source: Source
    clips: list[Clip]
    decisions: Mapping[str, Screen]
    rules: Mapping[str, Any]
    ledger: list[LedgerEntry]
    lines: list[SubtitleLine]
    texts: Mapping[str, Transcript]
    choices: Choices
    repeats: Mapping[str, str]


def read_source_data(corpus: Path, source: Source) -> SourceData:
    """Return a source's records; DataError also if cutting or screening was interrupted."""
    inside(corpus, f"clips/{source.source_id}")
    paths = {name: stage.path(corpus, source.source_id) for name, stage in STAGES.items()}
    check_finished(corpus, source.source_id)
    if not is_decided(corpus, source.source_id):
        raise DataError("screening was interrupted; run corpus screen")
    decisions = {row.clip_id: row for row in read_shard(paths["screen"], Screen)}
    cuts = read_shard(paths["segments"], Clip)
    if any(clip.clip_id not in decisions for clip in cuts):
        raise DataError("screening was interrupted; run corpus screen")
    clips = [clip for clip in cuts if clip.superseded_by is None]
    lines = read_shard(paths["subtitles"], SubtitleLine) if paths["subtitles"].is_file() else []
    texts = read_shard(paths["transcripts"], Transcript) if paths["transcripts"].is_file() else []
    return SourceData(
        source=source,
        clips=sorted(clips, key=lambda clip: (clip.start, clip.end)),
        decisions=decisions,
        rules=read_header(paths["screen"]).inputs.get("rules", {}),
        ledger=read_shard(paths["ledger"], LedgerEntry),
        lines=sorted(lines, key=lambda line: (line.start, line.end)),
        texts=_preferred(texts),
        choices=read_choices(corpus, source.source_id),
        repeats=recorded_suppressed(corpus, source.source_id),
    )


def _preferred(texts: list[Transcript]) -> dict[str, Transcript]:
    """Return one text per clip; human transcripts precede recognised ones."""
    ordered = sorted(texts, key=lambda text: _PREFERENCE.index(text.source), reverse=True)
    return {text.clip_id: text for text in ordered}


_PREFERENCE = (
    "annotator",
    "script",
    "import",
    "combined",
    "subtitle",
    "ocr",
    "recogniser",
    "whisper",
)


@dataclass(frozen=True)
class SourceMedia:
    """Source with the file of its film, None if not found."""

    source: Source
    film: Path | None


def choose_sources(
    corpus: Path, media: Sequence[Path], wanted: Sequence[str], outcome: Outcome
) -> list[SourceMedia]:
    """Return the sources selected for a command; unknown names and files are failures.

    Without ``media`` (films or folders of films) the films in the corpus folder are used;
    ``wanted`` are ids, titles or file names of sources. If empty, the sources of ``media`` are
    taken, or without media all films (scripted recordings are many and a sentence long each).
    ``items_in`` of the outcome is raised by the number of queries. Raise DataError if a shard can't
    be read.
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
