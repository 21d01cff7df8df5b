"""`corpus pull-annotations`: fetch judgements from Label Studio."""

from typing import Annotated, Any

import typer

from corpus_tools.cli.options import (
    AllowHttp,
    AsJson,
    CorpusFolder,
    Nameless,
    Quiet,
    ServerUrl,
    TrustServer,
    Verbose,
)
from corpus_tools.cli.session import session

__all__ = ["pull_annotations"]


def pull_annotations(
    project: Annotated[
        list[int] | None,
        typer.Option(
            metavar="NUMBER",
            help="Project to pull from, also one made by hand; may be repeated.",
            show_default="all pushed projects",
        ),
    ] = None,
    server_url: ServerUrl = None,
    nameless: Nameless = None,
    trust_server: TrustServer = False,
    allow_http: AllowHttp = False,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Fetch judgements from Label Studio and check the counts; repeating it adds nothing."""
    with session("pull-annotations", as_json=json, quiet=quiet, verbose=verbose) as run:
        from annotation.label_studio import pull
        from corpus_tools.cli.consent import consent_to_send
        from corpus_tools.workspace.workspace import Workspace

        workspace = Workspace.find(corpus)
        consent = consent_to_send(
            workspace, server_url, trust_server=trust_server, allow_http=allow_http
        )
        with workspace.lock("pull-annotations"), run.progress("pulling") as progress:
            outcome = pull.pull_annotations(
                workspace.root,
                projects=project or (),
                server_url=server_url,
                token_file=workspace.configuration.label_studio.token_file,
                nameless=nameless,
                consent=consent,
                progress=progress,
            )
        run.outcome.merge(outcome)
        details = outcome.details
        run.result(_table(details["projects"]))
        run.result(
            f"{outcome.kept} new judgements: {details['answered']} answered, "
            f"{details['skipped']} skipped, {details['relabelled']} of them relabelled"
        )
        run.note(f"ignored: {details['drafts']} drafts, {details['predictions']} predictions")


def _table(rows: list[dict[str, Any]]) -> object:
    from rich.table import Table

    table = Table()
    columns = ["pushed", "answered", "skipped", "open"]
    columns += [name for name in ("refused", "by_others") if any(row[name] for row in rows)]
    for name in ("annotator", "project", *(column.replace("_", " ") for column in columns)):
        table.add_column(name, justify="left" if name == "annotator" else "right")
    for row in rows:
        annotator = row["annotator"] or ("shared" if row["kind"] else "?")
        table.add_row(
            annotator if row["kind"] != "adjudication" else f"{annotator}, adjudication",
            str(row["project_id"]),
            "?" if row["pushed"] is None else str(row["pushed"]),
            *(str(row[name]) for name in columns[1:]),
        )
    return table
