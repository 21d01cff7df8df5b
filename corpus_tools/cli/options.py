"""Options shared by the commands."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AsJson", "CorpusFolder", "Quiet", "Verbose"]

CorpusFolder = Annotated[
    Path | None,
    typer.Option("--corpus", help="Corpus folder.  [default: the nearest one, from here upwards]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document with the result.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the result.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print more; show tracebacks of errors.")
]
