"""`corpus push-tasks`: send exported tasks to Label Studio."""

from typing import Annotated

import typer

from corpus_tools.cli.options import (
    AllowHttp,
    AsJson,
    CorpusFolder,
    Quiet,
    ServerUrl,
    TrustServer,
    Verbose,
)
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
            help="Annotators, e.g. a01,a02, who each get every batch without annotators.",
            show_default="one shared project",
        ),
    ] = None,
    server_url: ServerUrl = None,
    trust_server: TrustServer = False,
    allow_http: AllowHttp = False,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Send exported tasks to Label Studio, one project per annotator; repeating it adds nothing.

    The token is read from the variable LABEL_STUDIO_API_KEY or from a file, never from an option.
    """
    with session("push-tasks", as_json=json, quiet=quiet, verbose=verbose) as run:
        from annotation.label_studio import push
        from corpus_tools.cli.consent import consent_to_send
        from corpus_tools.workspace.workspace import Workspace

        workspace = Workspace.find(corpus)
        consent = consent_to_send(
            workspace, server_url, trust_server=trust_server, allow_http=allow_http
        )
        with workspace.lock("push-tasks"), run.progress("pushing") as progress:
            outcome = push.push_tasks(
                workspace.root,
                batches=batches or (),
                annotators=[name.strip() for name in (annotators or "").split(",") if name.strip()],
                server_url=server_url,
                token_file=workspace.configuration.label_studio.token_file,
                consent=consent,
                progress=progress,
            )
        run.outcome.merge(outcome)
        for row in outcome.details["projects"]:
            annotator = row["annotator"] or "shared"
            kind = "" if row["kind"] == "label" else f", {row['kind']}"
            answered = f", {row['answered_before']} answered before" * bool(row["answered_before"])
            run.result(
                f"{annotator}{kind}: {row['pushed']} pushed, {row['there_already']} already there"
                f"{answered}; {row['address']}"
            )
