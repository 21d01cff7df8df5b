"""`corpus compare-transcripts`: character error rate between two transcript sources."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose, html_page
from corpus_tools.cli.session import one_line, session

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["compare_transcripts"]


def compare_transcripts(
    a: Annotated[
        str,
        typer.Argument(
            metavar="A",
            help="Reference transcripts: script, subtitle, ocr, import, recogniser, "
            "annotator, whisper, or with a model if there are several, e.g. whisper:large-v3.",
        ),
    ],
    b: Annotated[
        str, typer.Argument(metavar="B", help="Transcripts to measure against the reference.")
    ],
    worst: Annotated[int, typer.Option(min=0, help="Number of worst clips to list.")] = 10,
    raw: Annotated[
        bool, typer.Option("--raw", help="Compare texts as stored, including flagged ones.")
    ] = False,
    exact: Annotated[
        bool, typer.Option("--exact", help="Also count spaces, punctuation, case and width.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            callback=html_page,
            help="Also write an HTML page with both texts of each clip, aligned and coloured; it "
            "works offline.",
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Report the character error rate of B against A: overall, by source, and the worst clips.

    Only clips with a text of A that B transcribed are compared; the number of others is printed
    last. A text of B that a flag emptied counts as deleted; the last row leaves such clips out.
    """
    with session("compare-transcripts", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.transcription.compare import compare_clips
        from corpus_tools.workspace.workspace import Workspace

        workspace = Workspace.find(corpus)
        root = workspace.root
        compared, outcome = run.read(
            root, lambda: compare_clips(root, a, b, raw=raw, exact=exact, worst=worst)
        )
        run.outcome.merge(outcome)
        details = outcome.details
        if not outcome.kept:
            return
        if html is not None:
            from corpus_tools.transcription.comparison_page import write_comparison_page

            write_comparison_page(html, root, workspace.configuration.corpus.name, compared)
            run.outcome.outputs.append(html)
            run.note(f"wrote {html}")
        run.result(_rates_table(details))
        if details["worst"]:
            run.result(_worst_table(details))


def _rates_table(details: dict[str, Any]) -> "Table":
    from rich.table import Table

    title = f"Character error rate of {details['hypothesis']} against {details['reference']}"
    table = Table("source", title=title, title_justify="left")
    for name in ("clips", "characters", "CER", "substituted", "deleted", "inserted"):
        table.add_column(name, justify="right")
    rows = details["sources"] if len(details["sources"]) > 1 else {}
    sums = {"all": details["overall"]}
    if emptied := details["overall"]["clips"] - details["without_emptied"]["clips"]:
        sums[f"all but {emptied} without text"] = details["without_emptied"]
    for source, row in [*rows.items(), *sums.items()]:
        counts = (row["substitutions"], row["deletions"], row["insertions"])
        table.add_row(
            source,
            str(row["clips"]),
            str(row["characters"]),
            _percent(row["cer"]),
            *map(str, counts),
            end_section=source == next(reversed(rows), None),
        )
    return table


def _worst_table(details: dict[str, Any]) -> "Table":
    from rich.table import Table

    table = Table(title="Worst clips", title_justify="left")
    table.add_column("clip", overflow="fold")
    table.add_column("CER", justify="right")
    table.add_column(details["reference"])
    table.add_column(details["hypothesis"])
    for row in details["worst"]:
        texts = (one_line(row["reference"]), one_line(row["hypothesis"]))
        table.add_row(row["clip_id"], _percent(row["cer"]), *texts)
    return table


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.1%}"
