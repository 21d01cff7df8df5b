"""Cross-validation folds of a manifest version."""

from collections.abc import Mapping
from dataclasses import replace

from manifests.errors import ConfigurationError
from manifests.folds import SPEAKERS, place_in_folds, side_in
from manifests.groups import Keys
from manifests.records import ManifestEntry
from manifests.versions import Manifest

__all__ = ["fold_manifests"]


def fold_manifests(manifest: Manifest, folds: str) -> Mapping[int, Manifest]:
    """Return the manifest for testing each fold, by number of the fold.

    The folds are those of :mod:`manifests.folds`: a version without folds is divided by group, as
    ``build-manifest --folds`` would. The next fold is the validation split, so that the test fold
    doesn't influence training; with two folds there is none. Held clips are left out.

    Args:
        manifest: opened manifest version.
        folds: number of folds, or ``speakers`` for one per speaker.

    Raises:
        ConfigurationError: if it is neither, or the version has other folds.
        DataError: if there are too few groups.
    """
    if folds != SPEAKERS and not (folds.isdecimal() and int(folds) >= _FEWEST_FOLDS):
        raise ConfigurationError(
            f"--folds {folds}: expected {SPEAKERS}, or a number of at least {_FEWEST_FOLDS}"
        )
    entries = [entry for entry in manifest.entries if entry.split != "held"]
    number = max((entry.fold or 0 for entry in entries), default=0)
    if number:
        own = str(manifest.header.params.get("split", {}).get("folds", number))
        if folds not in (own, str(number)):
            raise ConfigurationError(
                f"{manifest.header.version} has its own folds ({own}); use --folds {own}, or build "
                f"a version with others: corpus build-manifest --folds {folds} --resplit"
            )
    else:
        keys = {entry.clip_id: _group_keys(entry, folds) for entry in entries}
        entries, number = place_in_folds(entries, keys, folds, {}, seed=0)
    numbers = sorted({entry.fold for entry in entries if entry.fold is not None})
    return {fold: replace(manifest, entries=_split_by(entries, fold, number)) for fold in numbers}


def _group_keys(entry: ManifestEntry, folds: str) -> Keys:
    group = f"clip:{entry.group}"  # weakest kind of key, since groups are named after speakers
    if folds == SPEAKERS and entry.speaker is not None:
        return (f"speaker:{entry.speaker}", group)
    return (group,)


def _split_by(entries: list[ManifestEntry], test_fold: int, number: int) -> list[ManifestEntry]:
    """Return the entries with the splits for testing a fold."""
    return [
        entry.changed(split=side_in(entry.fold, test_fold, number))
        for entry in entries
        if entry.fold is not None
    ]


_FEWEST_FOLDS = 2
