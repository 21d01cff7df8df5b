"""Options shared by the commands.

Resolve the manifest version that a command works on.
"""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AsJson", "CorpusFolder", "Quiet", "Verbose", "manifest_folder"]

CorpusFolder = Annotated[
    Path | None,
    typer.Option("--corpus", help="Corpus folder.  [default: the nearest one, from here upwards]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document with the result.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the result.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print more; show tracebacks of errors.")
]


def manifest_folder(corpus: Path, given: str | None) -> Path:
    """Return the folder of a manifest version.

    Args:
        corpus: the corpus folder.
        given: a version (``v2``), a folder with a ``manifest.json`` in it, or None for the newest.

    Raises:
        manifests.base.errors.DataError: if there is no such version; names the existing ones.
    """
    from manifests.versions.manifest import HEADER, find_manifest

    if given is not None and (Path(given) / HEADER).is_file():
        return Path(given).resolve()
    return find_manifest(corpus, given)
