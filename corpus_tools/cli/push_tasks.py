"""`corpus push-tasks`: exported tasks into Label Studio."""

from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session

__all__ = ["push_tasks"]


def push_tasks(
    batches: Annotated[
        list[str] | None,
        typer.Argument(metavar="[BATCH]…", help="Batches to push.  [default: all]"),
    ] = None,
    annotators: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Give each of these, such as a01,a02, every batch that names nobody.",
            show_default="one project for all",
        ),
    ] = None,
    server_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Label Studio's address.",
            show_default="the corpus's own server, or the one pushed to before",
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Bring exported tasks into Label Studio, a project for each annotator; twice adds nothing.

    The token comes from the variable LABEL_STUDIO_API_KEY or from a file, never from an option.
    """
    with session("push-tasks", as_json=json, quiet=quiet, verbose=verbose) as run:
        from annotation.label_studio import push
        from corpus_tools.workspace import Workspace

        workspace = Workspace.find(corpus)
        with workspace.lock(), run.progress("pushing") as progress:
            outcome = push.push_tasks(
                workspace.root,
                batches=batches or (),
                annotators=[name.strip() for name in (annotators or "").split(",") if name.strip()],
                server_url=server_url,
                token_file=workspace.configuration.label_studio.token_file,
                progress=progress,
            )
        run.outcome.merge(outcome)
        for row in outcome.details["projects"]:
            who = row["annotator"] or "all together"
            what = "" if row["kind"] == "label" else f", {row['kind']}"
            before = f", {row['answered_before']} answered before" * bool(row["answered_before"])
            run.result(
                f"{who}{what}: {row['pushed']} pushed, {row['there_already']} there already"
                f"{before}; {row['address']}"
            )
