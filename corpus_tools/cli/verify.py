"""`corpus verify`: check that every file of a corpus is as it was written."""

from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session
from manifests.base.outcome import counted

__all__ = ["verify"]


def verify(
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the sound of the clips.")
    ] = False,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Check every file of the corpus that commands wrote: is it there, and as it was written?

    Shards, choices, judgements, tasks, versions, runs, exports and the clips' sound are compared
    with their sha256. What was changed, cut off or lost is listed with what to do, and the exit
    code is 1. Files that no command writes are named, too.
    """
    with session("verify", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.inspection.verify import verify_corpus
        from corpus_tools.workspace.workspace import Workspace

        workspace = Workspace.find(corpus)
        with run.progress("checking clips") as progress:
            outcome = run.read(
                workspace.root,
                lambda: verify_corpus(workspace, quick=quick, progress=progress),
                lambda checked: not checked.ok,
            )
        run.outcome.merge(outcome)
        if outcome.ok:
            run.result(
                f"{counted(outcome.kept, 'file is as it was', 'files are as they were')} written"
            )
