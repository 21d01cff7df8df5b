"""`corpus train`: a bimodal model from a manifest version."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import typer

from corpus_tools.cli.interrupt import ending_on_interrupt
from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import Session, session
from corpus_tools.cli.threads import ready_for_features
from manifests.outcome import Progress

if TYPE_CHECKING:
    from models.settings import TrainSettings

__all__ = ["train"]


def train(
    manifest: Annotated[
        str | None,
        typer.Option(
            metavar="V|DIR", help="Manifest version, or its folder.  \\[default: the newest]"
        ),
    ] = None,
    preset: Annotated[
        Literal["default", "paper"] | None,
        typer.Option(
            help="'default' suits a small corpus; 'paper' is Wei & Sun as written.  "
            "\\[default: corpus.toml's, else default]"
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="Of the run, runs/NAME.  \\[default: made of the settings, e.g. v1-default-0]"
        ),
    ] = None,
    modality: Annotated[
        Literal["both", "audio", "text"] | None,
        typer.Option(help="Which branches the model has.  \\[default: both]"),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the training clips.  \\[default: the preset's]")
    ] = None,
    lr: Annotated[
        float | None, typer.Option(help="Highest learning rate.  \\[default: the preset's]")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Clips of a training step.  \\[default: the preset's]")
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(
            help="File of word vectors, word2vec's or GloVe's.  "
            "\\[default: none; see words.word2vec]"
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Settles everything random.  \\[default: 0]")
    ] = None,
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"] | None,
        typer.Option(help="What computes; 'auto' takes the fastest.  \\[default: auto]"),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Processor threads at most.  \\[default: 1]")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="TOML with other settings; runs/NAME/config.toml repeats a run.  "
            "\\[default: corpus.toml's]",
        ),
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Any key of the section train, such as audio.hidden=64; may be repeated.",
        ),
    ] = None,
    folds: Annotated[
        str | None,
        typer.Option(
            metavar="K|speakers",
            help="Train a model for each of K folds, or for each speaker left out.  "
            "\\[default: one model, by the manifest's split]",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1, max=100, help="Train with so many seeds, from --seed on.  \\[default: one]"
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a model on a manifest version and keep it, with its figures, in runs/NAME.

    All other settings are keys of the section train in corpus.toml, which may be given with --set
    and --config. Other flags outrank --set, then come --config, corpus.toml and the preset.

    A training that was interrupted goes on when the same command is run again.
    """
    with session("train", as_json=json, quiet=quiet, verbose=verbose) as run:
        ready_for_features()
        from corpus_tools.cli.manifest_option import manifest_folder
        from corpus_tools.workspace import Workspace
        from models.given_settings import apply_overrides
        from models.runs import free_name, new_run

        workspace = Workspace.find(corpus)
        folder = manifest_folder(workspace.root, manifest)
        given = apply_overrides(workspace.configuration.train, config, assignments or ())
        settings = given.changed(
            preset=preset,
            modality=modality,
            epochs=epochs,
            lr=lr,
            batch_size=batch_size,
            seed=seed,
            device=device,
            threads=threads,
            words=None if vectors is None else {"vectors": str(vectors)},
        )
        if folds is not None or seeds is not None:
            _series(run, workspace.runs, folder, settings, name, folds, seeds or 1)
            return
        out = new_run(workspace.runs, name or free_name(workspace.runs, folder.name, settings))
        _one(run, folder, out, settings)


def _one(run: Session, folder: Path, out: Path, settings: "TrainSettings") -> None:
    """Train one model and show its figures."""
    from models.evaluation.report import evaluation_tables
    from models.training.run import train as train_model

    with _Stage(run, "features") as clips, _Stage(run, "training") as epochs_done:
        outcome = train_model(
            folder,
            out,
            settings,
            epochs_done,
            on_clip=clips,
            stopping=lambda: ending_on_interrupt(run.note),
        )
    run.outcome.merge(outcome)
    for stage, epoch in outcome.details["resumed"].items():
        run.note(f"went on with {stage} after epoch {epoch}, where it was interrupted")
    metrics = outcome.details["metrics"]
    shown = next((split for split in ("test", "val", "train") if split in metrics), None)
    for table in () if shown is None else evaluation_tables(shown, metrics[shown]):
        run.result(table)
    run.result(f"made the run {out}")
    run.note(f"next: corpus evaluate {out.name}, or: corpus predict FILE --run {out.name}")


def _series(
    run: Session,
    runs: Path,
    folder: Path,
    settings: "TrainSettings",
    name: str | None,
    folds: str | None,
    seeds: int,
) -> None:
    """Train a model for each fold and seed, and show what they come to."""
    from models.runs import new_run
    from models.training.series import series_name, train_series
    from models.training.series_table import rich_table

    out = new_run(runs, name or series_name(folder.name, settings, folds))
    with run.progress("training") as progress:
        outcome = train_series(folder, out, settings, folds=folds, seeds=seeds, progress=progress)
    run.outcome.merge(outcome)
    if outcome.ok:
        run.result(rich_table(outcome.details))
        run.result(f"made {out}: series.md, series.json, and a run for each fold and seed")


class _Stage:
    """Progress of one of several stages, shown from its first item to its last."""

    def __init__(self, run: Session, what: str) -> None:
        self.run, self.what = run, what
        self.shown = ExitStack()
        self.show: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shown.close()

    def __call__(self, done: int, total: int, item: str) -> None:
        if self.show is None:
            self.show = self.shown.enter_context(self.run.progress(self.what))
        self.show(done, total, item)
        if done == total:
            self.shown.close()
