"""Splits of clips in earlier versions, including clips that the last version lacks."""

import re
from pathlib import Path

from manifests.errors import DataError
from manifests.index import open_manifest, placements
from manifests.records import Split
from manifests.versions import Manifest, versions

__all__ = ["earlier_placements"]


def earlier_placements(parent: Manifest) -> dict[str, tuple[Split, int | None]]:
    """Return the last split and fold of each clip since clips were last divided anew, by id.

    A clip that was left out for a while (its votes were withdrawn, screening was stricter) returns
    to its earlier split, so that a test clip never becomes a training clip.

    Args:
        parent: newest version; older ones count if they still lie beside it.

    Raises:
        DataError: if one of these can't be read.
    """
    found: dict[str, tuple[Split, int | None]] = {}
    for folder in _older(parent):
        try:
            found |= placements(open_manifest(folder))
        except DataError as error:
            raise DataError(
                f"{folder.name} has the splits of returning clips but can't be read: {error}; "
                f"or move its folder out of manifests/"
            ) from error
    return found | placements(parent)


def _older(parent: Manifest) -> list[Path]:
    """Return the folders of the parent's predecessors since the last redivision, oldest first."""
    drawn = _DRAWN_VERSION.fullmatch(str(parent.header.params.get("split", {}).get("drawn")))
    if drawn is None:
        return []
    last = int(parent.folder.name.removeprefix("v"))
    return [
        folder
        for folder in versions(parent.corpus)
        if int(drawn[1]) <= int(folder.name.removeprefix("v")) < last
    ]


_DRAWN_VERSION = re.compile(r"v([1-9]\d{0,8})")
