"""`corpus train`: a bimodal model from a manifest version."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal, Self

import typer

from corpus_tools.cli.interrupt import ending_on_interrupt
from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import Session, session
from manifests.outcome import Progress

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
            "\\[default: trained on the training split's texts]"
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
        int | None, typer.Option(help="Processor threads at most.  \\[default: 2]")
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a model on a manifest version and keep it, with its figures, in runs/NAME.

    All other settings are keys of the section train in corpus.toml.
    """
    with session("train", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.cli.manifest_option import manifest_folder
        from corpus_tools.workspace import Workspace
        from models.evaluation.report import evaluation_tables
        from models.runs import free_name, new_run
        from models.training.run import train as train_model

        workspace = Workspace.find(corpus)
        folder = manifest_folder(workspace.root, manifest)
        settings = workspace.configuration.train.changed(
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
        out = new_run(workspace.runs, name or free_name(workspace.runs, folder.name, settings))
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
