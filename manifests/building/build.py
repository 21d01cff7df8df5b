"""Build the next version of a manifest, atomically and only if its content is new."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.building.selection import ManifestInputs, select
from manifests.building.write import publish
from manifests.splits.oversized_groups import OversizedGroupError
from manifests.splits.partition import Partition, apply_given_split, divide_clips
from manifests.storage.locking import FolderLock
from manifests.storage.records import Clip, Label, ManifestEntry, Source, Speaker, Split, TextSource
from manifests.storage.sections import SplitSettings
from manifests.versions.index import open_manifest
from manifests.versions.manifest import Manifest, newest

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
    confidences: Mapping[str, float] = MappingProxyType({}),
    least_confidence: float = 0.0,
    repeats: Mapping[str, str] = MappingProxyType({}),
    facts: Mapping[str, Any] = MappingProxyType({}),
    resplit: bool = False,
    given: Mapping[str, Split] | None = None,
    check_files: bool = True,
    progress: Progress = no_progress,
) -> Outcome:
    """Write ``manifests/vN/`` from labelled clips, unless the newest version has equal content.

    A missing or changed file, an unknown source or an oversized group is a failure in the outcome,
    and no version is written. Its ``details``, JSON-ready: ``tangle`` describes an oversized group,
    ``manifest`` the version (``version new folder parent digest counts groups shares size_deviation
    class_deviation held bridges folds leakage giveaways``).

    Labels, texts (with their sources) and the recordings shared with other clips (``repeats``; such
    clips stay together) are by clip id, and so are ``confidences`` of texts; clips with one below
    ``least_confidence`` are left out. ``params`` are content: ``corpus`` and ``card`` (sections
    of corpus.toml, shown in the card), ``labels``, ``text``. ``facts`` of the card
    (`manifests.card.draft.CardFacts`) are no content, so a change makes no new version. Clips of
    the newest version keep its splits, even against ``given``, unless ``resplit`` divides all anew.
    ``check_files`` compares every clip with its sha256.

    Raises:
        ConfigurationError: if the settings conflict with the grouping of the newest version.
        DataError: if the newest version is damaged.
        CorpusError: if another process is building.
    """
    outcome = Outcome()
    inputs = ManifestInputs(
        list(clips), labels, texts, speakers, sources, confidences, least_confidence
    )
    folder = corpus / "manifests"
    with FolderLock(folder, "build") as lock:
        if lock.broken:
            outcome.warnings.append(lock.broken)
        entries = select(corpus, inputs, outcome, check_files=check_files, progress=progress)
        if _buildable(entries, outcome):
            last = newest(corpus)
            parent = None
            if last is not None:
                parent = open_manifest(last)
            partition = _divided(
                entries, settings, given, parent, resplit=resplit, repeats=repeats, outcome=outcome
            )
            del entries
            if partition is not None:
                split = {**settings.model_dump(mode="json"), "folds": partition.requested_folds}
                loudness = {clip.clip_id: clip.rms_db for clip in inputs.clips}
                publish(
                    corpus,
                    partition,
                    {**params, "split": split},
                    parent,
                    outcome,
                    loudness=loudness,
                    repeats=repeats,
                    facts=facts,
                    drawn_anew=resplit,
                )
    return outcome


def _buildable(entries: Sequence[ManifestEntry], outcome: Outcome) -> bool:
    """Return whether a version can be made of the entries; add a warning if not."""
    if not outcome.ok:
        outcome.warnings.append(
            "no version was written, since a version is never changed and would lack these clips; "
            "repair them first"
        )
    elif not entries:
        outcome.warnings.append(
            "no accepted clip has a label yet, so there is nothing to build; bring answers "
            "in with: corpus import-annotations FILE"
        )
    return outcome.ok and bool(entries)


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
    """Return the divided clips; None, and a failure in the outcome, for an oversized group."""
    try:
        if given is not None:
            return apply_given_split(entries, settings, given, parent, repeats)
        return divide_clips(entries, settings, None if resplit else parent, repeats)
    except OversizedGroupError as error:
        outcome.fail("split", str(error))
        outcome.details["tangle"] = error.group.row()
        return None
