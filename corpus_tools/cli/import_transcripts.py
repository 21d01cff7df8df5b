"""`corpus import-transcripts`: import transcripts made elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session
from manifests.base.outcome import counted

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
        typer.Option(help="Name of the recogniser or transcriber.", show_default="the file's stem"),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="source_id of the source that a subtitle file belongs to.")
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Add transcripts from another recogniser or a person; existing texts are kept.

    Importing a file again changes nothing; another file of the same name replaces its texts.
    """
    with session("import-transcripts", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.transcription.imports import import_transcripts as import_texts
        from corpus_tools.workspace.workspace import Workspace

        outcome = import_texts(Workspace.find(corpus), file, name, source)
        run.outcome.merge(outcome)
        run.result(
            f"{outcome.kept} of {counted(outcome.items_in, 'text')} imported as "
            f"'{outcome.details['name']}'; "
            f"sources changed: {outcome.details['changed']}"
        )
