"""`corpus evaluate`: evaluate a trained model."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose, manifest_folder
from corpus_tools.cli.session import session

__all__ = ["evaluate"]


def evaluate(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Name or folder of a run.")],
    split: Annotated[
        Literal["train", "val", "test"], typer.Option(help="Clips to evaluate on.")
    ] = "test",
    manifest: Annotated[
        str | None,
        typer.Option(
            metavar="V|DIR",
            help="Manifest version, or its folder.  \\[default: the one the run was trained on]",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write.  \\[default: evaluation/VERSION-SPLIT in the run's folder]"
        ),
    ] = None,
    latex: Annotated[
        bool, typer.Option("--latex", help="Also write tables.tex (booktabs) and plots as PDF.")
    ] = False,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Evaluate a trained model, overall and by class, with 95 % intervals and chance levels.

    Writes metrics, all predictions, plots and an HTML report that plays the clips; an earlier
    evaluation of the same clips is replaced.
    """
    with session("evaluate", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.workspace.workspace import Workspace
        from models.evaluation.report import baselines_table, evaluation_tables
        from models.evaluation.run import evaluate as evaluate_model
        from models.evaluation.slices import slice_table
        from models.runs import find_run, trained_on

        workspace = Workspace.find(corpus)
        folder = find_run(workspace.runs, name)
        version = manifest or trained_on(folder)
        with run.progress("features") as progress:
            outcome = evaluate_model(
                folder,
                manifest_folder(workspace.root, version),
                split,
                progress,
                out=out,
                latex=latex,
            )
        run.outcome.merge(outcome)
        for table in evaluation_tables(split, outcome.details["metrics"]):
            run.result(table)
        run.result(slice_table(outcome.details["slices"]))
        run.result(baselines_table(outcome.details))
        run.result(f"report: {outcome.outputs[0] / 'report.html'}")
