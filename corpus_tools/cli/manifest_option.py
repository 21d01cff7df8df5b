"""Resolve the manifest version that a command works on."""

from pathlib import Path

__all__ = ["manifest_folder"]


def manifest_folder(corpus: Path, given: str | None) -> Path:
    """Return the folder of a manifest version.

    Args:
        corpus: the corpus folder.
        given: a version (``v2``), a folder with a ``manifest.json`` in it, or None for the newest.

    Raises:
        manifests.errors.DataError: if there is no such version; names the existing ones.
    """
    from manifests.versions import HEADER, find_manifest

    if given is not None and (Path(given) / HEADER).is_file():
        return Path(given).resolve()
    return find_manifest(corpus, given)
