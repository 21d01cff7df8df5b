"""Make the next version of a manifest: whole or not at all, and never the same one twice."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from manifests.given_split import apply_given_split
from manifests.index import open_manifest
from manifests.lock import FolderLock
from manifests.outcome import Outcome, Progress, no_progress
from manifests.partition import Partition, divide_clips
from manifests.publish import ManifestFacts, publish
from manifests.records import Clip, Label, ManifestEntry, Source, Speaker, Split, TextSource
from manifests.selection import ManifestInputs, select
from manifests.settings import SplitSettings
from manifests.store import clear_partial_folders
from manifests.tangles import OversizedGroupError
from manifests.versions import Manifest, check_content, newest

__all__ = ["build_manifest"]


def build_manifest(
    corpus: Path,
    clips: Iterable[Clip],
    labels: Mapping[str, Label],
    texts: Mapping[str, tuple[str, TextSource]],
    speakers: Mapping[str, Speaker],
    sources: Mapping[str, Source],
    settings: SplitSettings,
    params: dict[str, Any],
    *,
    repeats: Mapping[str, str] = MappingProxyType({}),
    facts: Mapping[str, Any] = MappingProxyType({}),
    resplit: bool = False,
    given: Mapping[str, Split] | None = None,
    check_files: bool = True,
    progress: Progress = no_progress,
) -> Outcome:
    """Write ``manifests/vN/`` from labelled clips, unless the newest version holds just that.

    If a clip's file is gone or changed, or its source unknown, every such clip is a failure in the
    outcome and no version is written. The outcome's ``details["manifest"]`` tells what
    the version holds, JSON-ready: ``version new folder parent digest counts groups shares
    size_deviation class_deviation held bridges folds leakage giveaways``. If the clips hang
    together too much to be divided, that is a failure, no version is written, and
    ``details["tangle"]`` tells what ties them.

    Args:
        corpus: the corpus folder.
        clips: the accepted ones.
        labels: what the votes come to, by clip id.
        texts: the chosen text and where it is from, by clip id.
        speakers: rows of speakers.csv, by id.
        sources: by id.
        settings: section [split] of corpus.toml.
        params: what else the content depends on, JSON-ready: ``corpus`` and ``card`` (sections of
            corpus.toml, shown in the card), ``labels``, ``text``.
        repeats: the recording that clips have in common with others, by clip id; these clips stay
            together.
        facts: what the card tells beyond the content, JSON-ready (`manifests.card`); another fact
            makes no new version.
        resplit: divide everything anew instead of leaving clips where the newest version has them.
        given: splits that others gave clips, by id, to be kept as they are; clips of the newest
            version stay where they are.
        check_files: read every clip and compare it with its sha256.
        progress: called after each clip.

    Raises:
        ConfigurationError: if the settings ask for another grouping than the newest version's.
        DataError: if the newest version is damaged.
        CorpusError: if another process is building.
    """
    outcome = Outcome()
    inputs = ManifestInputs(list(clips), labels, texts, speakers, sources)
    folder = corpus / "manifests"
    with FolderLock(folder, "build") as lock:
        if lock.broken:
            outcome.warnings.append(lock.broken)
        clear_partial_folders(folder)
        entries = select(corpus, inputs, outcome, check_files=check_files, progress=progress)
        if _buildable(entries, outcome):
            last = newest(corpus)
            parent = _parent(last) if last else None
            partition = _divided(
                entries, settings, given, parent, resplit=resplit, repeats=repeats, outcome=outcome
            )
            del entries
            if partition is not None:
                split = {**settings.model_dump(mode="json"), "folds": partition.requested_folds}
                loudness = {clip.clip_id: clip.rms_db for clip in inputs.clips}
                version_facts = ManifestFacts({**params, "split": split}, loudness, repeats, facts)
                publish(corpus, partition, version_facts, parent, outcome, drawn_anew=resplit)
    return outcome


def _buildable(entries: Sequence[ManifestEntry], outcome: Outcome) -> bool:
    """Return whether a version can be made of the entries; tell why if not."""
    if not outcome.ok:
        outcome.warnings.append(
            "no version was written, for a version is never changed and these clips would be "
            "missing from it; repair them first"
        )
    elif not entries:
        outcome.warnings.append(
            "no accepted clip has a label yet, so there is nothing to build; bring answers "
            "in with: corpus import-annotations FILE"
        )
    return outcome.ok and bool(entries)


def _parent(folder: Path) -> Manifest:
    """Open the version before, of which only where its clips went is needed."""
    check_content(folder)
    return open_manifest(folder)


def _divided(
    entries: Sequence[ManifestEntry],
    settings: SplitSettings,
    given: Mapping[str, Split] | None,
    parent: Manifest | None,
    *,
    resplit: bool,
    repeats: Mapping[str, str],
    outcome: Outcome,
) -> Partition | None:
    """Return the clips divided; None if they hang together too much, which is then a failure."""
    try:
        if given is not None:
            return apply_given_split(entries, settings, given, parent, repeats)
        return divide_clips(entries, settings, None if resplit else parent, repeats)
    except OversizedGroupError as error:
        outcome.fail("split", str(error))
        outcome.details["tangle"] = error.group.row()
        return None
