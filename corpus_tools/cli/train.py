"""`corpus train`: train a bimodal model on a manifest version."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import typer

from corpus_tools.cli.options import (
    AsJson,
    BatchSize,
    CorpusFolder,
    Device,
    Epochs,
    LearningRate,
    ManifestFolder,
    Preset,
    Quiet,
    Threads,
    Vectors,
    Verbose,
    manifest_folder,
)
from corpus_tools.cli.session import Session, ending_on_interrupt, session
from corpus_tools.cli.threads import ready_for_features
from manifests.base.outcome import Progress

if TYPE_CHECKING:
    from manifests.splits.emobox import Lists
    from models.config.train import TrainSettings

__all__ = ["train"]


def train(
    manifest: ManifestFolder = None,
    preset: Preset = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of the run, runs/NAME.  \\[default: from the settings, e.g. v1-default-0]"
        ),
    ] = None,
    modality: Annotated[
        Literal["both", "audio", "text"] | None,
        typer.Option(
            help="Branches of the model; with those of other packages: --set "
            "modality=both+NAME.  \\[default: both]"
        ),
    ] = None,
    epochs: Epochs = None,
    lr: LearningRate = None,
    batch_size: BatchSize = None,
    vectors: Vectors = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of all random choices.  \\[default: 0]")
    ] = None,
    device: Device = None,
    amp: Annotated[
        bool | None,
        typer.Option(
            "--amp/--no-amp", help="Mixed precision: compute in 16 bits.  \\[default: --no-amp]"
        ),
    ] = None,
    threads: Threads = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="TOML file of settings; runs/NAME/config.toml repeats a run.  "
            "\\[default: corpus.toml's]",
        ),
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Any key of section train, e.g. audio.hidden=64; may be repeated.",
        ),
    ] = None,
    folds: Annotated[
        str | None,
        typer.Option(
            metavar="K|speakers",
            help="Train a model for each of K folds, or for each left-out speaker.  "
            "\\[default: one model, on the manifest's split]",
        ),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            metavar="emobox:NAME",
            help="Train a model for each published fold of a corpus, e.g. emobox:casia; needs "
            "--protocol-path.",
        ),
    ] = None,
    protocol_path: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder with the lists of --protocol: a copy of github.com/emo-box/EmoBox.",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            help="Number of seeds to train with, from --seed upwards.  \\[default: 1]",
        ),
    ] = None,
    tensorboard: Annotated[
        bool,
        typer.Option(
            "--tensorboard",
            help="Log each epoch for TensorBoard in .cache/tensorboard/NAME; needs pip install "
            "'corpus-tools\\[tensorboard]'.",
        ),
    ] = False,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train a model on a manifest version and store it, with its metrics, in runs/NAME.

    All other settings are keys of section train in corpus.toml, which --set and --config override.
    Precedence: other flags, --set, --config, corpus.toml, preset.

    Run the same command again to resume an interrupted training.
    """
    with session("train", as_json=json, quiet=quiet, verbose=verbose) as run:
        ready_for_features()
        from corpus_tools.features.checkpoint import with_checkpoint
        from corpus_tools.workspace.workspace import Workspace
        from manifests.base.errors import ConfigurationError
        from models.config.overrides import apply_overrides
        from models.training.distributed import process_count, processes

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
            amp=amp,
            threads=threads,
            words=None if vectors is None else {"vectors": str(vectors)},
        )
        settings = with_checkpoint(settings, workspace.configuration)
        boards = workspace.root / ".cache" / "tensorboard" if tensorboard else None
        lists = _lists(protocol, protocol_path, folds)
        series = folds is not None or seeds is not None or lists is not None
        with processes(settings.device):
            if series and process_count() > 1:
                raise ConfigurationError(
                    "torchrun trains one model with all its processes; leave out --folds, "
                    "--protocol and --seeds, or torchrun"
                )
            if series:
                _train_series(
                    run, workspace.runs, folder, settings, name, folds, lists, seeds or 1, boards
                )
            else:
                _train_one(run, workspace.runs, folder, settings, name, boards)


def _train_one(
    run: Session,
    runs: Path,
    folder: Path,
    settings: "TrainSettings",
    name: str | None,
    boards: Path | None,
) -> None:
    """Train one model and show its metrics."""
    from models.evaluation.report import evaluation_tables
    from models.runs import free_name, new_run
    from models.training.distributed import is_first
    from models.training.run import is_finished, train_beside
    from models.training.run import train as train_model

    def is_taken(path: Path) -> bool:
        return path.exists() and not is_finished(path, folder, settings)

    out = new_run(runs, name or free_name(runs, folder.name, settings, is_taken))
    if not is_first():
        run.quiet, run.as_json = True, False
        train_beside(folder, out, settings)
        return
    with _Stage(run, "features") as clips, _Stage(run, "training") as epochs_done:
        outcome = train_model(
            folder,
            out,
            settings,
            epochs_done,
            on_clip=clips,
            stopping=lambda: ending_on_interrupt(run.note),
            announce=run.note,
            board=_board(run, boards, out.name),
        )
    run.outcome.merge(outcome)
    for stage, epoch in outcome.details["resumed"].items():
        run.note(f"resumed {stage} after epoch {epoch}, where it was interrupted")
    metrics = outcome.details["metrics"]
    shown = next((split for split in ("test", "val", "train") if split in metrics), None)
    for table in () if shown is None else evaluation_tables(shown, metrics[shown]):
        run.result(table)
    run.result(f"wrote the run {out}")
    run.note(f"next: corpus evaluate {out.name}, or: corpus predict FILE --run {out.name}")


def _train_series(
    run: Session,
    runs: Path,
    folder: Path,
    settings: "TrainSettings",
    name: str | None,
    folds: str | None,
    protocol: "Lists | None",
    seeds: int,
    boards: Path | None,
) -> None:
    """Train a model for each fold and seed, and show the summary."""
    from models.runs import new_run
    from models.training.emobox_table import emobox_rich_table
    from models.training.series import series_name, train_series
    from models.training.series_results import rich_table

    division = folds if protocol is None else f"emobox:{protocol.name}"
    out = new_run(runs, name or series_name(folder.name, settings, division))
    with run.progress("training") as progress:
        outcome = train_series(
            folder,
            out,
            settings,
            folds=folds,
            protocol=protocol,
            seeds=seeds,
            progress=progress,
            announce=run.note,
            board=_board(run, boards, out.name),
        )
    run.outcome.merge(outcome)
    if outcome.ok:
        if protocol is not None:
            run.result(emobox_rich_table(outcome.details))
        run.result(rich_table(outcome.details))
        run.result(f"wrote {out}: series.md, series.json, and a run for each fold and seed")


def _board(run: Session, boards: Path | None, name: str) -> Path | None:
    """Return the folder of a run's log, if there is to be one, and say how to see it."""
    if boards is None:
        return None
    run.note(f"to see it: tensorboard --logdir {boards}")
    return boards / name


def _lists(protocol: str | None, path: Path | None, folds: str | None) -> "Lists | None":
    """Return the published folds of a protocol, if there is one."""
    from manifests.base.errors import ConfigurationError
    from manifests.splits.emobox import read_emobox

    if protocol is None:
        if path is not None:
            raise ConfigurationError("--protocol-path needs --protocol emobox:NAME; add it")
        return None
    kind, _, name = protocol.partition(":")
    if kind.casefold() != "emobox" or not name.strip():
        raise ConfigurationError(
            f"--protocol {protocol}: expected emobox:NAME, such as emobox:casia"
        )
    if folds is not None:
        raise ConfigurationError("--protocol has its own folds; leave out --folds")
    if path is None:
        raise ConfigurationError(
            f"--protocol {protocol} needs the published lists; get them with: git clone "
            f"https://github.com/emo-box/EmoBox, and add --protocol-path EmoBox"
        )
    return read_emobox(name.strip(), path)


class _Stage:
    """Progress of one of several stages, displayed from its first item to its last."""

    def __init__(self, run: Session, name: str) -> None:
        self.run, self.name = run, name
        self.shown = ExitStack()
        self.show: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shown.close()

    def __call__(self, done: int, total: int, item: str) -> None:
        if self.show is None:
            self.show = self.shown.enter_context(self.run.progress(self.name))
        self.show(done, total, item)
        if done == total:
            self.shown.close()
