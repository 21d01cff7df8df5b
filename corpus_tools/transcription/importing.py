"""Import transcripts of another recogniser or a person: ``corpus import-transcripts``."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from corpus_tools.segmentation.naming import nearest_names
from corpus_tools.segmentation.publish import sweep
from corpus_tools.transcription.import_files import ImportedText, read_imported_texts
from corpus_tools.transcription.lines import assign_lines
from corpus_tools.transcription.normalisation import NORMALISATION, normalise
from corpus_tools.transcription.store import STAGE, put_transcripts, transcript_origin
from corpus_tools.transcription.subtitle_texts import subtitle_transcripts
from corpus_tools.transcription.subtitles import SUFFIXES, read_subtitle_file
from corpus_tools.workspace import Workspace
from manifests.errors import ConfigurationError, DataError
from manifests.outcome import Outcome
from manifests.records import Clip, Source, Transcript
from manifests.shards import STAGES, read_shard, read_stage
from manifests.store import fingerprint
from manifests.tombstones import Withdrawn

__all__ = ["import_transcripts"]


def import_transcripts(
    workspace: Workspace, path: Path, name: str | None = None, source_id: str | None = None
) -> Outcome:
    """Import the texts of a file; importing the same file again changes nothing.

    Texts imported under the same name replace each other clip by clip.

    Args:
        workspace: the corpus.
        path: .jsonl or .csv with ``clip_id`` and ``text``, or .srt, .ass, .ssa, .vtt.
        name: name of the recogniser or person; by default the file's stem.
        source_id: source of the subtitles; for subtitle files only.

    Returns:
        Rows (or subtitle lines) as items; every unusable row is a failure.
        ``details``: ``name``, and ``changed``, the number of sources with new texts.

    Raises:
        ConfigurationError: if ``source_id`` is missing, unknown, or given with a table.
        DataError: if the file can't be read.
    """
    name = name or path.stem
    outcome = Outcome()
    with workspace.lock():
        sweep(workspace.root)
        if path.suffix.lower() in SUFFIXES:
            texts = _subtitle_file_texts(workspace, path, name, source_id, outcome)
        elif path.suffix.lower() in (".jsonl", ".csv"):
            if source_id is not None:
                raise ConfigurationError(f"--source is for subtitle files; {path.name} names clips")
            texts = _table_texts(workspace, path, name, outcome)
        else:
            raise ConfigurationError(
                f"{path.name}: unknown kind of file; expected .jsonl, .csv or {', '.join(SUFFIXES)}"
            )
        changed = [
            sid for sid, new in sorted(texts.items()) if _merge_into_shard(workspace.root, sid, new)
        ]
    outcome.outputs += [STAGE.path(workspace.root, sid) for sid in changed]
    outcome.details |= {"name": name, "changed": len(changed)}
    if not changed and outcome.ok:
        outcome.warnings.append(f"{path.name}: no new texts")
    return outcome


def _subtitle_file_texts(
    workspace: Workspace, path: Path, name: str, source_id: str | None, outcome: Outcome
) -> Mapping[str, list[Transcript]]:
    if source_id is None:
        raise ConfigurationError(f"{path.name}: give the source it belongs to with --source SOURCE")
    shard = STAGES["segments"].path(workspace.root, source_id)
    if source_id not in _known_sources(workspace.root):
        known = read_stage(workspace.root, STAGES["sources"], Source)
        raise ConfigurationError(
            f"no source '{source_id}' with clips; the nearest are {nearest_names(source_id, known)}"
        )
    subtitles = read_subtitle_file(path, workspace.configuration.corpus.language)
    events = subtitles.events
    outcome.warnings += subtitles.notes
    clips = [clip for clip in read_shard(shard, Clip) if clip.superseded_by is None]
    texts = assign_lines(events, clips)
    outcome.items_in = len(events)
    outcome.kept = sum(len(text.lines) for text in texts.values())
    outcome.rejected += Counter({"outside clips": len(events) - outcome.kept})
    language = workspace.configuration.corpus.language
    return {source_id: subtitle_transcripts(texts, clips, "import", name, language)}


def _table_texts(
    workspace: Workspace, path: Path, name: str, outcome: Outcome
) -> Mapping[str, list[Transcript]]:
    sources = {
        clip.clip_id: clip.source_id
        for clip in read_stage(workspace.root, STAGES["segments"], Clip)
    }
    texts: dict[str, list[Transcript]] = defaultdict(list)
    seen: dict[str, str] = {}
    language = workspace.configuration.corpus.language
    withdrawn = Withdrawn.of(workspace.root).clips
    for given in read_imported_texts(path, outcome):
        outcome.items_in += 1
        if gone := withdrawn.get(given.clip_id):
            outcome.fail(given.where, f"{given.clip_id} went with {gone.summary}; leave it out")
        elif given.clip_id not in sources:
            outcome.fail(given.where, f"no clip '{given.clip_id}' in the corpus")
        elif given.clip_id in seen:
            outcome.fail(
                given.where, f"{given.clip_id} already has a text in {seen[given.clip_id]}"
            )
        else:
            try:
                texts[sources[given.clip_id]].append(_transcript(given, name, language))
                seen[given.clip_id] = given.where
                outcome.kept += 1
            except DataError as error:
                outcome.fail(given.where, str(error).removeprefix(f"{given.where}: "))
    return texts


def _transcript(given: ImportedText, name: str, language: str) -> Transcript:
    text = given.fields["text"]
    row = given.fields | {
        "text": normalise(text, given.fields.get("language") or language),
        "text_raw": text,
        "source": "import",
        "model": name,
    }
    parsed: Transcript = Transcript.parse(row, given.where)
    return parsed


def _merge_into_shard(corpus: Path, source_id: str, new: Iterable[Transcript]) -> bool:
    """Merge texts with those of the same origin in a source; return whether any changed."""
    new = list(new)
    if not new:
        return False
    origin = transcript_origin(new[0])
    path = STAGE.path(corpus, source_id)
    existing = read_shard(path, Transcript) if path.exists() else []
    merged = {text.clip_id: text for text in existing if transcript_origin(text) == origin}
    merged |= {text.clip_id: text for text in new}
    rows = [merged[clip_id].row() for clip_id in sorted(merged)]
    inputs = {"texts": fingerprint(rows), "normalisation": NORMALISATION}
    return put_transcripts(corpus, source_id, origin, list(merged.values()), inputs)


def _known_sources(corpus: Path) -> frozenset[str]:
    return frozenset(path.stem for path in (corpus / "stages" / "segments").glob("*.jsonl"))
