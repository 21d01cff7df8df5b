"""`corpus review`: pages for reviewing clips, and the decisions made on them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session

__all__ = ["review"]


def review(
    media: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[MEDIA…]",
            help="Films of the corpus, or folders of films; needed only for films outside the "
            "corpus folder.",
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Only this source, by id or title; may be repeated."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the pages (default: review/ in the corpus)."),
    ] = None,
    apply: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Apply the decisions of a CSV file saved by a page, and write no pages. "
            "May be repeated.",
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write an HTML page per source for playing its clips and keeping, dropping or trimming them.

    A page is one file with its audio, and opens offline in any browser. It saves your decisions as
    a CSV file for `corpus review --apply FILE`. Later files override earlier ones; `undo` reverts
    a decision.
    """
    with session("review", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.workspace.workspace import Workspace

        workspace = Workspace.find(corpus)
        if apply:
            _apply(run, workspace, apply, media or [])
        else:
            _write(run, workspace, media or [], source or [], output)


def _write(
    run: Any, workspace: Any, media: list[Path], sources: list[str], output: Path | None
) -> None:
    from corpus_tools.review.pages import review as write_pages

    settings = workspace.configuration.segment
    with workspace.lock("review") as lock, run.progress("writing pages") as progress:
        if lock.broken:
            run.note(lock.broken)
        outcome = write_pages(
            workspace.root,
            media,
            settings=settings,
            sources=sources,
            output=output,
            progress=progress,
        )
    run.outcome.merge(outcome)
    if not outcome.items_in:
        run.outcome.warnings.append("the corpus has no films yet; run: corpus segment")
    for page in outcome.outputs:
        run.result(str(page))


def _apply(run: Any, workspace: Any, files: list[Path], media: list[Path]) -> None:
    from corpus_tools.review.applying import apply_files

    with workspace.lock("review --apply") as lock, run.progress("applying") as progress:
        if lock.broken:
            run.note(lock.broken)
        outcome = apply_files(
            workspace.root, files, workspace.configuration, media=media, progress=progress
        )
    run.outcome.merge(outcome)
    done = outcome.details["decisions"]
    if not outcome.items_in:
        run.outcome.warnings.append("the files contain no decisions")
    run.result(
        f"{done.get('keep', 0)} kept, {done.get('drop', 0)} dropped, {done.get('trim', 0)} "
        f"trimmed, {done.get('undo', 0)} undone; sources: {len(outcome.details['sources'])}"
    )
