"""`corpus import-annotations`: import judgements from Label Studio's JSON exports."""

from pathlib import Path
from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Nameless, Quiet, Verbose
from corpus_tools.cli.session import session
from manifests.base.outcome import counted

__all__ = ["import_annotations"]


def import_annotations(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Label Studio exports: JSON, one or more.")
    ],
    server: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Id of the server of origin; keeps ids of several servers apart.",
        ),
    ] = "label-studio",
    nameless: Nameless = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Import judgements from Label Studio exports; importing a file twice adds nothing."""
    with session("import-annotations", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.api.corpus import Corpus

        with run.progress("importing") as progress:
            outcome = Corpus.open(corpus).import_annotations(
                *files, server=server, nameless=nameless, progress=progress
            )
        run.outcome.merge(outcome)
        details = outcome.details
        run.result(
            f"{outcome.kept} new judgements: {details['answered']} answered, "
            f"{details['skipped']} skipped, {details['relabelled']} of them relabelled"
        )
        run.note(
            f"{counted(details['tasks'], 'task')}, {details['unannotated_tasks']} without "
            "annotations; "
            f"ignored: {details['drafts']} drafts, {details['predictions']} predictions"
        )
