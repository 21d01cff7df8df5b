"""`corpus verify-manifest`: whether a version and its clips are unchanged."""

from typing import Annotated

import typer

from corpus_tools.cli.manifest_option import manifest_folder
from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session

__all__ = ["verify_manifest"]


def verify_manifest(
    version: Annotated[
        str | None,
        typer.Argument(
            metavar="V",
            help="A version, e.g. v2, or the folder of one.",
            show_default="the newest",
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Compare the files of a version, and every clip that it names, with their sha256.

    Whatever is changed, missing or out of place is named, and the exit code is 1. What was
    withdrawn is told, and is no damage.
    """
    with session("verify-manifest", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.workspace import Workspace
        from manifests.verify import verify_manifest as verify

        folder = manifest_folder(Workspace.find(corpus).root, version)
        with run.progress("checking clips") as progress:
            outcome = verify(folder, progress=progress)
        run.outcome.merge(outcome)
        found = outcome.details
        if outcome.ok:
            but = ": withdrawn in part, and the rest is unchanged:" if found["withdrawn"] else ":"
            run.result(
                f"{found['version']}{but} {found['files']} files and {found['clips']} clips are as "
                f"they were written"
            )
