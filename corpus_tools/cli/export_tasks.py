"""`corpus export-tasks`: clips for people to label, as Label Studio imports them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import Session, session

if TYPE_CHECKING:
    from corpus_tools.workspace import Workspace
    from manifests.outcome import Outcome

__all__ = ["export_tasks"]

_BY_HAND = "or by hand, as the how-to says: paste {configuration}, import {tasks}"


def export_tasks(
    batch: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What to call it.", show_default="batch-0001, -0002, …"),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            help="At most so many clips, not counting gold ones.", show_default="all there are"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Settles who gets which clips, and their order.")] = 0,
    annotators: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,…",
            help="Pseudonyms; each gets a list of tasks of their own, in an order of their own.",
            show_default="one list for all",
        ),
    ] = None,
    per_clip: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="How many of the --annotators each clip goes to; work and pairs are balanced.",
            show_default="all of them",
        ),
    ] = None,
    gold_rate: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="Share of gold clips (annotations/gold.csv) among each annotator's tasks, such "
            "as 0.05; nobody meets one twice, or can tell which they are.",
        ),
    ] = 0.0,
    order: Annotated[
        Literal["shuffled", "uncertainty"],
        typer.Option(
            help="Uncertainty: first what a model can't tell and what the corpus lacks; needs "
            "--predictions.",
        ),
    ] = "shuffled",
    predictions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="What `corpus predict --json` printed for clips or films."
        ),
    ] = None,
    pre_annotate: Annotated[
        bool,
        typer.Option(
            "--pre-annotate",
            help="Pre-select the class of --predictions. People follow what is pre-selected: not "
            "for votes whose agreement counts.",
        ),
    ] = False,
    disputed: Annotated[
        bool,
        typer.Option(
            "--disputed",
            help="Instead of new clips those whose votes stand even, for the --annotators to "
            "decide, each clip by one.",
        ),
    ] = False,
    show_votes: Annotated[
        bool,
        typer.Option("--show-votes", help="With --disputed: show how the votes fell, no names."),
    ] = False,
    context: Annotated[
        bool,
        typer.Option(help="Cut 8 s around each clip of a film, for annotators to hear on request."),
    ] = True,
    media: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            help="Film, or folder with films, outside the corpus folder; needed for the context. "
            "May be given several times.",
        ),
    ] = None,
    audio_base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Web address of the corpus's folder clips.",
            show_default="Label Studio's local files",
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write tasks for the accepted clips that no earlier batch names, in shuffled order.

    With --annotators the batch is a folder with a list for each of them; they vote without
    knowing of each other. With --disputed it is one of clips whose votes came to nothing.
    """
    with session("export-tasks", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.task_batches import Request, export_batch
        from corpus_tools.workspace import Workspace

        workspace = Workspace.find(corpus)
        request = Request(
            batch=batch,
            limit=limit,
            seed=seed,
            annotators=None if annotators is None else _names(annotators),
            per_clip=per_clip,
            gold_rate=gold_rate,
            order=order,
            predictions=predictions,
            pre_annotate=pre_annotate,
            disputed=disputed,
            show_votes=show_votes,
            context=context,
            media=media or [],
            audio_base_url=audio_base_url,
        )
        with workspace.lock(), run.progress("cutting context") as progress:
            outcome = export_batch(workspace, request, progress)
        run.outcome.merge(outcome)
        if outcome.outputs:
            _tell(run, workspace, outcome, audio_base_url)


def _names(given: str) -> list[str]:
    return [name.strip() for name in given.split(",") if name.strip()]


def _tell(run: Session, workspace: "Workspace", outcome: "Outcome", url: str | None) -> None:
    batch, place = outcome.details["batch"], outcome.outputs[0]
    people = outcome.details.get("annotators")
    if people is None:
        run.result(f"{batch}: {outcome.kept} tasks in {place}")
        tasks, configuration = place, outcome.outputs[1]
    else:
        panel = f"{len(people)} annotator{'s' * (len(people) != 1)}"
        run.result(f"{batch}: {outcome.kept} clips for {panel} in {place}")
        for name, own in people.items():
            gold = f", {own['gold']} of them gold" if own["gold"] else ""
            run.result(f"  {name}: {own['tasks']} tasks{gold}")
        tasks, configuration = place / "<annotator>.json", place / "label_config.xml"
    run.note("push them to Label Studio with: corpus push-tasks")
    run.note(_BY_HAND.format(configuration=configuration, tasks=tasks))
    if url is not None:
        run.note(f"serve {workspace.clips} at {url}, with CORS for Label Studio's address")
