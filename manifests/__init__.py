"""Manifests: versions of a corpus with clips, labels and splits, and the records of its files.

Here belongs what every other package reads or writes: records, shards, locks, versions, splits,
the card and the exports. Nothing here decodes sound, asks people or trains; it imports none of the
other packages.

Example:
    >>> import manifests
    >>> m = manifests.load("corpus/manifests/v1")  # doctest: +SKIP
    >>> m.clips[0].emotion, len(m.splits["test"])  # doctest: +SKIP
    ('angry', 451)
    >>> m.to_pandas().groupby("split").duration.sum()  # doctest: +SKIP
    >>> manifests.export(m, "corpus-hf", format="hf")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from manifests.api import Manifest, ManifestDiff, ManifestEntry, diff, export, load, verify

__all__ = ["Manifest", "ManifestDiff", "ManifestEntry", "diff", "export", "load", "verify"]


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used, so that the package alone stays light."""
    if name in __all__:
        from manifests import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
