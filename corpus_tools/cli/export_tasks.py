"""`corpus export-tasks`: write annotation tasks for Label Studio."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import Session, session
from manifests.base.outcome import counted

if TYPE_CHECKING:
    from corpus_tools.workspace.workspace import Workspace
    from manifests.base.outcome import Outcome

__all__ = ["export_tasks"]

_BY_HAND = "or by hand, as in the how-to guide: paste {configuration}, import {tasks}"


def export_tasks(
    batch: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Name of the batch.", show_default="batch-0001, -0002, …"
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(help="Maximum number of clips, not counting gold clips.", show_default="all"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Random seed for assignment and order.")] = 0,
    annotators: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,…",
            help="Pseudonyms; each annotator gets a separate list of tasks in a separate order.",
            show_default="one list for all",
        ),
    ] = None,
    per_clip: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Annotators per clip; workload and pairings are balanced.",
            show_default="all of them",
        ),
    ] = None,
    gold_rate: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="Share of gold clips (annotations/gold.csv) among each annotator's tasks, e.g. "
            "0.05; they look like other tasks, and nobody gets one twice.",
        ),
    ] = 0.0,
    order: Annotated[
        Literal["shuffled", "uncertainty", "doubt"],
        typer.Option(
            help="Order of the clips; uncertainty: uncertain predictions and rare classes first, "
            "needs --predictions; doubt: the least confident combined texts first.",
        ),
    ] = "shuffled",
    predictions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Output of `corpus predict --json` for clips or films."),
    ] = None,
    pre_annotate: Annotated[
        bool,
        typer.Option(
            "--pre-annotate",
            help="Pre-select the predicted class. This biases annotators: don't use it where "
            "agreement is measured.",
        ),
    ] = False,
    disputed: Annotated[
        bool,
        typer.Option(
            "--disputed",
            help="Export clips without a majority for adjudication instead of new ones; each goes "
            "to one of the --annotators.",
        ),
    ] = False,
    show_votes: Annotated[
        bool,
        typer.Option("--show-votes", help="With --disputed: show the votes, without names."),
    ] = False,
    suspects: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Export the N most doubtful labels of `corpus suspects` for a blind second vote "
            "instead of new clips: the tasks look like any others, and nobody gets a clip on which "
            "they voted.",
            show_default="new clips",
        ),
    ] = None,
    context: Annotated[
        bool,
        typer.Option(help="Cut 8 s around each clip of a film, playable by annotators on request."),
    ] = True,
    media: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH",
            help="Film, or folder of films, outside the corpus folder; needed for the context. "
            "May be repeated.",
        ),
    ] = None,
    audio_base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Web address at which the corpus's folder clips is served.",
            show_default="Label Studio's local files",
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write tasks for accepted clips that are in no earlier batch, in shuffled order.

    With --annotators the batch is a folder with a task list for each of them, so that they vote
    independently. With --disputed it holds clips without a majority, with --suspects those
    with the most doubtful labels.
    """
    with session("export-tasks", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.assembly.task_batches import BatchOptions, export_batch
        from corpus_tools.workspace.workspace import Workspace

        workspace = Workspace.find(corpus)
        options = BatchOptions(
            batch=batch,
            limit=limit,
            seed=seed,
            annotators=None if annotators is None else _split_names(annotators),
            per_clip=per_clip,
            gold_rate=gold_rate,
            order=order,
            predictions=predictions,
            pre_annotate=pre_annotate,
            disputed=disputed,
            show_votes=show_votes,
            suspects=suspects,
            context=context,
            media=media or [],
            audio_base_url=audio_base_url,
        )
        with workspace.lock("export-tasks"), run.progress("cutting context") as progress:
            outcome = export_batch(workspace, options, progress)
        run.outcome.merge(outcome)
        if outcome.outputs:
            _print_batch(run, workspace, outcome, audio_base_url)


def _split_names(given: str) -> list[str]:
    return [name.strip() for name in given.split(",") if name.strip()]


def _print_batch(run: Session, workspace: "Workspace", outcome: "Outcome", url: str | None) -> None:
    batch, output = outcome.details["batch"], outcome.outputs[0]
    annotators = outcome.details.get("annotators")
    if annotators is None:
        run.result(f"{batch}: {counted(outcome.kept, 'task')} in {output}")
        tasks, configuration = output, outcome.outputs[1]
    else:
        panel = f"{len(annotators)} annotator{'s' * (len(annotators) != 1)}"
        run.result(f"{batch}: {counted(outcome.kept, 'clip')} for {panel} in {output}")
        for name, own in annotators.items():
            gold = f", {own['gold']} of them gold" if own["gold"] else ""
            run.result(f"  {name}: {counted(own['tasks'], 'task')}{gold}")
        tasks, configuration = output / "<annotator>.json", output / "label_config.xml"
    run.note("push them to Label Studio with: corpus push-tasks")
    run.note(_BY_HAND.format(configuration=configuration, tasks=tasks))
    if url is not None:
        run.note(f"serve {workspace.clips} at {url}, with CORS for Label Studio's address")
