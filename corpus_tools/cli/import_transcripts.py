"""`corpus import-transcripts`: texts that another recogniser or a person made."""

from pathlib import Path
from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session

__all__ = ["import_transcripts"]


def import_transcripts(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="JSON Lines or CSV with clip_id and text, or .srt, .ass, .ssa, .vtt.",
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(help="Recogniser or person who made them.", show_default="the file's stem"),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Which source a subtitle file belongs to (its source_id).")
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Add texts to clips, beside those that they have.

    The same file again changes nothing; another under the same name replaces its clips' texts.
    """
    with session("import-transcripts", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.transcription.importing import import_transcripts as take_texts
        from corpus_tools.workspace import Workspace

        outcome = take_texts(Workspace.find(corpus), file, name, source)
        run.outcome.merge(outcome)
        run.result(
            f"{outcome.kept} of {outcome.items_in} texts taken as '{outcome.details['name']}'; "
            f"sources changed: {outcome.details['changed']}"
        )
