"""`corpus suspects`: find clips with a doubtful label."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose, Version, manifest_folder
from corpus_tools.cli.session import session
from corpus_tools.cli.threads import ready_for_features
from manifests.base.outcome import counted

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["suspects"]


def suspects(
    version: Version = None,
    worst: Annotated[
        int, typer.Option(min=1, help="Number of the most doubtful clips on the page.")
    ] = 100,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Any key of section train, e.g. audio.features=mfcc; may be repeated.",
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Order the labelled clips of a manifest version by doubt in their label.

    Linear models of the sound that never met a clip say how well its label fits. Writes the order
    and a page that plays the most doubtful clips to runs/suspects-VERSION, and changes no label.
    """
    with session("suspects", as_json=json, quiet=quiet, verbose=verbose) as run:
        ready_for_features()
        from corpus_tools.features.checkpoint import with_checkpoint
        from corpus_tools.workspace.workspace import Workspace
        from models.config.overrides import apply_overrides
        from models.suspects.run import find_suspects

        workspace = Workspace.find(corpus)
        folder = manifest_folder(workspace.root, version)
        given = apply_overrides(workspace.configuration.train, None, assignments or ())
        settings = with_checkpoint(given, workspace.configuration)
        out = workspace.runs / f"suspects-{folder.name}"
        with run.progress("features") as progress:
            outcome = find_suspects(folder, out, settings, shown=worst, progress=progress)
        run.outcome.merge(outcome)
        run.result(_table(outcome.details))
        run.result(f"page: {out / 'report.html'}; all clips: {out / 'suspects.csv'}")
        run.note("next: corpus export-tasks --suspects 50 --annotators …, for blind second votes")


def _table(details: dict[str, Any]) -> "Table":
    from rich.table import Table

    table = Table(
        title=f"most doubtful of {counted(details['clips'], 'label')}",
        caption="no label was changed",
    )
    table.add_column("clip", overflow="fold")
    table.add_column("labelled")
    table.add_column("sounds like")
    table.add_column("doubt", justify="right")
    for row in details["suspects"][:_PRINTED]:
        if row["doubt"] is not None:
            table.add_row(row["clip_id"], row["emotion"], row["predicted"], f"{row['doubt']:.2f}")
    return table


_PRINTED = 10
