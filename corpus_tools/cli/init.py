"""`corpus init`: create a corpus folder."""

from pathlib import Path
from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, Quiet, Verbose
from corpus_tools.cli.session import explain_language, session

__all__ = ["init"]


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder of the corpus.")] = Path(),
    name: Annotated[
        str | None, typer.Option(help="Name of the corpus.  [default: the folder's name]")
    ] = None,
    language: Annotated[
        str, typer.Option(help="Spoken language, by code or name, e.g. zh, pl, yue.")
    ] = "zh",
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Create a corpus folder with its corpus.toml and speakers.csv."""
    with session("init", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.workspace.workspace import Workspace

        workspace = Workspace.create(folder, name or folder.resolve().name, language)
        explain_language(run, language)
        run.outcome.outputs.append(workspace.root)
        run.result(f"created the corpus {workspace.root}")
        run.note(f"next: corpus segment MEDIA… --corpus {folder}")
