"""`corpus agreement`: inter-annotator agreement."""

from pathlib import Path
from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose, html_page
from corpus_tools.cli.session import session

__all__ = ["agreement"]


def agreement(
    resamples: Annotated[
        int, typer.Option(min=100, help="Bootstrap samples for the 95 % interval of α.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the bootstrap.")] = 0,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            callback=html_page,
            help="Also write an HTML page with plots; it works offline.",
        ),
    ] = None,
    latex: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            file_okay=False,
            help="Also write the tables for LaTeX (booktabs), agreement.tex, and agreement.pdf.",
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Report inter-annotator agreement: overall, by class and by annotator.

    Each annotator is compared with the others, with gold clips (annotations/gold.csv) and with
    their own earlier answers; suspicious patterns are listed.
    """
    with session("agreement", as_json=json, quiet=quiet, verbose=verbose) as run:
        from annotation.reliability.measure import measure_agreement
        from annotation.reliability.report import agreement_tables
        from corpus_tools.workspace.workspace import Workspace

        workspace = Workspace.find(corpus)
        report, outcome = run.read(
            workspace.root,
            lambda: measure_agreement(workspace.root, resamples=resamples, seed=seed),
        )
        run.outcome.merge(outcome)
        if html is not None:
            from annotation.reliability.page import write_agreement_page

            write_agreement_page(html, report, workspace.configuration.corpus.name)
            run.outcome.outputs.append(html)
            run.note(f"wrote {html}")
        if latex is not None:
            from annotation.reliability.figures import write_agreement_latex

            write_agreement_latex(latex, report)
            run.outcome.outputs.append(latex)
            run.note(f"wrote {latex}: agreement.tex, agreement.pdf")
        for table in agreement_tables(report) if outcome.items_in else ():
            run.result(table)
