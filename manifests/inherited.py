"""Grouping and folds that the next version inherits from the previous one."""

from manifests.errors import ConfigurationError, DataError
from manifests.groups import groupings
from manifests.settings import SplitSettings
from manifests.versions import Manifest

__all__ = ["folds_of", "grouping_of"]


def grouping_of(parent: Manifest, settings: SplitSettings) -> tuple[str, ...]:
    """Return the keys that the parent keeps whole.

    Raises:
        ConfigurationError: if the settings conflict with them.
    """
    by = tuple(parent.header.groups.by)
    if settings.group_by != "auto" and by not in groupings(settings.group_by):
        was = " and ".join(by).replace("_", " ") or "nothing (clips at random)"
        raise ConfigurationError(
            f"{parent.header.version} was grouped by {was}; to group by {settings.group_by} "
            f"instead, let clips move between train, val and test with: "
            f"corpus build-manifest --resplit"
        )
    return by


def folds_of(parent: Manifest, settings: SplitSettings) -> str | None:
    """Return the folds of the parent, None if it has none.

    Raises:
        ConfigurationError: if the settings conflict with them.
        DataError: if the parent's are invalid.
    """
    recorded = parent.header.params.get("split", {}).get("folds")
    try:
        folds = SplitSettings(folds=recorded).folds
    except ValueError as error:
        raise DataError(
            f"{parent.folder}: its header has invalid folds; restore it from a copy, or "
            f"divide anew with: corpus build-manifest --resplit"
        ) from error
    if settings.folds is not None and settings.folds != folds:
        has = "no folds" if folds is None else f"{folds} folds".replace("speakers ", "speakers' ")
        raise ConfigurationError(
            f"{parent.header.version} has {has}; for others let clips move with: corpus "
            f"build-manifest --folds {settings.folds} --resplit"
        )
    return folds
