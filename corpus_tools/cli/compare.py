"""`corpus compare`: compare systems as the paper does, on a manifest version."""

from typing import Annotated

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
from corpus_tools.cli.session import session
from corpus_tools.cli.threads import ready_for_features

__all__ = ["compare"]


def compare(
    manifest: ManifestFolder = None,
    preset: Preset = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=100, help="Number of training runs per network.")
    ] = 3,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the folder, runs/NAME.  \\[default: e.g. compare-v1-default]"),
    ] = None,
    added: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="egemaps|whisper",
            help="Another system: egemaps, an SVM on openSMILE's eGeMAPS, or whisper, the audio "
            "model on Whisper's encoder; may be repeated.  \\[default: egemaps, if openSMILE is "
            "installed]",
        ),
    ] = None,
    latex: Annotated[
        bool, typer.Option("--latex", help="Also write table.tex (booktabs) and figures as PDF.")
    ] = False,
    epochs: Epochs = None,
    lr: LearningRate = None,
    batch_size: BatchSize = None,
    vectors: Vectors = None,
    device: Device = None,
    threads: Threads = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Compare plain CNN, audio, text, fusion and an SVM over seeds, with a table and two figures.

    Each is trained on the training split and evaluated on the test split. An interrupted comparison
    resumes when run again. All other settings are keys of section train in corpus.toml.
    """
    with session("compare", as_json=json, quiet=quiet, verbose=verbose) as run:
        ready_for_features()
        from corpus_tools.features.checkpoint import with_checkpoint
        from corpus_tools.workspace.workspace import Workspace
        from models.comparison.compare import compare as compare_systems
        from models.comparison.egemaps import has_opensmile
        from models.comparison.table import rich_table
        from models.runs import new_run

        workspace = Workspace.find(corpus)
        folder = manifest_folder(workspace.root, manifest)
        settings = workspace.configuration.train.changed(
            preset=preset,
            epochs=epochs,
            lr=lr,
            batch_size=batch_size,
            device=device,
            threads=threads,
            words=None if vectors is None else {"vectors": str(vectors)},
        )
        settings = with_checkpoint(
            settings, workspace.configuration, needed="whisper" in (added or ())
        )
        out = new_run(workspace.runs, name or f"compare-{folder.name}-{settings.preset}")
        with run.progress("epochs") as progress:
            outcome = compare_systems(
                folder,
                out,
                settings,
                seeds,
                progress,
                added=added or (["egemaps"] if has_opensmile() else []),
                latex=latex,
                announce=run.note,
            )
        run.outcome.merge(outcome)
        run.result(rich_table(outcome.details))
        run.result(f"wrote {out}: compare.html, table.md, table.csv, compare.json and figures")
