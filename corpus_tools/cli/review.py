"""`corpus review`: pages to see and hear the cuts, and what people decided on them."""

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
            help="Films of the corpus, or folders with them; needed only for films that lie "
            "outside the corpus folder.",
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="Only this source, by its id or title; may be given several times."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the pages (default: review/ in the corpus)."),
    ] = None,
    apply: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Write no pages; take in the decisions of a CSV file that a page saved. "
            "May be given several times.",
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write a page for each source to see and hear its cuts, and to keep, drop or trim them.

    A page is one file that holds its sound and opens offline in any browser. What you decide on
    it, it saves as a CSV file; `corpus review --apply FILE` takes that in. A later file overrides
    an earlier one, and `undo` in it takes a decision back.
    """
    with session("review", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.workspace import Workspace

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
    with workspace.lock() as lock, run.progress("writing pages") as progress:
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
        run.outcome.warnings.append("the corpus has no films yet; cut some: corpus segment")
    for page in outcome.outputs:
        run.result(str(page))


def _apply(run: Any, workspace: Any, files: list[Path], media: list[Path]) -> None:
    from corpus_tools.review.applying import apply_files

    with workspace.lock() as lock, run.progress("applying") as progress:
        if lock.broken:
            run.note(lock.broken)
        outcome = apply_files(
            workspace.root, files, workspace.configuration, media=media, progress=progress
        )
    run.outcome.merge(outcome)
    done = outcome.details["decisions"]
    if not outcome.items_in:
        run.outcome.warnings.append("the files hold no decision")
    run.result(
        f"{done.get('keep', 0)} kept, {done.get('drop', 0)} dropped, {done.get('trim', 0)} "
        f"trimmed, {done.get('undo', 0)} taken back; sources: {len(outcome.details['sources'])}"
    )
