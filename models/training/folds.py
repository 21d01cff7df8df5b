"""A manifest version divided into folds, each of which is tested once."""

from collections.abc import Mapping
from dataclasses import replace

from manifests.errors import ConfigurationError
from manifests.folds import SPEAKERS, place_in_folds, side_in
from manifests.groups import Keys
from manifests.records import ManifestEntry
from manifests.versions import Manifest

__all__ = ["fold_manifests"]


def fold_manifests(manifest: Manifest, asked: str) -> Mapping[int, Manifest]:
    """Return the version as it is divided while each of its folds is tested, by the fold's number.

    The folds are those of :mod:`manifests.folds`: of a version that has none, its groups are dealt
    out as ``build-manifest --folds`` would. The next fold validates, so that no speaker who is
    tested had a say in training; with two folds nothing validates. Held clips stay held.

    Args:
        manifest: an opened version.
        asked: how many folds, or ``speakers`` for one each.

    Raises:
        ConfigurationError: if it is neither, or the version has other folds.
        DataError: if there are too few groups.
    """
    if asked != SPEAKERS and not (asked.isdecimal() and int(asked) >= _FEWEST):
        raise ConfigurationError(
            f"--folds {asked}: expected a number from {_FEWEST} on, or {SPEAKERS}"
        )
    entries = [entry for entry in manifest.entries if entry.split != "held"]
    number = max((entry.fold or 0 for entry in entries), default=0)
    if number:
        own = str(manifest.header.params.get("split", {}).get("folds", number))
        if asked not in (own, str(number)):
            raise ConfigurationError(
                f"{manifest.header.version} has folds of its own, {own}; say --folds {own}, or "
                f"build a version with others: corpus build-manifest --folds {asked} --resplit"
            )
    else:
        keys = {entry.clip_id: _keys(entry, asked) for entry in entries}
        entries, number = place_in_folds(entries, keys, asked, {}, seed=0)
    folds = sorted({entry.fold for entry in entries if entry.fold is not None})
    return {fold: replace(manifest, entries=_tested(entries, fold, number)) for fold in folds}


def _keys(entry: ManifestEntry, asked: str) -> Keys:
    group = f"clip:{entry.group}"  # the weakest kind of key: groups are called after speakers
    if asked == SPEAKERS and entry.speaker is not None:
        return (f"speaker:{entry.speaker}", group)
    return (group,)


def _tested(entries: list[ManifestEntry], tested: int, number: int) -> list[ManifestEntry]:
    return [
        entry.changed(split=side_in(entry.fold, tested, number))
        for entry in entries
        if entry.fold is not None
    ]


_FEWEST = 2
