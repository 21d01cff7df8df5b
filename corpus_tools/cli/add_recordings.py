"""`corpus add-recordings`: a scripted session into the corpus."""

from pathlib import Path
from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session

__all__ = ["add_recordings"]


def add_recordings(
    script: Annotated[
        Path,
        typer.Argument(
            metavar="SCRIPT.csv",
            help="Columns file, speaker, gender, text; optional sentence, age, region, native.",
        ),
    ],
    folder: Annotated[
        Path, typer.Argument(help="The recordings; the column file is relative to it.")
    ],
    series: Annotated[
        str | None, typer.Option(help="Name of the session (default: that of the script's folder).")
    ] = None,
    length: Annotated[
        str | None,
        typer.Option(
            metavar="keep|drop",
            help="Keep recordings of any length, or drop those outside the clip length "
            "of segment (default: keep).",
        ),
    ] = None,
    trim_silence: Annotated[
        bool | None,
        typer.Option(
            "--trim-silence/--no-trim-silence",
            help="Cut off silence before and after the line (default: no).",
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Add recordings of a script: each becomes a clip with its speaker and its text.

    Run it again after the script or the folder has changed: what is done already is skipped.
    The flags hold for this run; set them for good in corpus.toml, section recordings.
    A column intended_emotion may be there and is read past, so that no annotator ever sees it.
    """
    with session("add-recordings", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.flags import with_flags
        from corpus_tools.recordings import add
        from corpus_tools.workspace import Workspace

        workspace = Workspace.find(corpus)
        configuration = workspace.configuration
        settings = with_flags(configuration.recordings, length=length, trim_silence=trim_silence)
        with workspace.lock() as lock, run.progress("adding") as progress:
            if lock.broken:
                run.note(lock.broken)
            outcome = add.add_recordings(
                workspace.root,
                script,
                folder,
                settings=settings,
                segment=configuration.segment,
                screen=configuration.screen,
                series=series,
                progress=progress,
            )
        run.outcome.merge(outcome)
        details = outcome.details
        run.result(
            f"{details['recordings']} recordings of {len(details['speakers'])} speakers reading "
            f"{details['sentences']} sentences, {outcome.kept} accepted"
        )
