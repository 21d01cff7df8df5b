"""`corpus predict`: predict emotions of media files or of a manifest's clips."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from corpus_tools.cli.options import AsJson, Channel, CorpusFolder, Quiet, Track, Verbose
from corpus_tools.cli.session import session

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["predict"]


def predict(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…",
            help="Video or audio files of any length, folders of them, or manifest versions.",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="RUN", help="Name or folder of a run (default: the only one)."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Output folder: a table, JSON, a page, and a timeline of each file that is cut, "
            "as CSV, JSON and PNG."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace predictions in --out.")] = False,
    together: Annotated[
        Literal["file", "folder", "all"],
        typer.Option(
            help="Clips normalised together as one speaker: those of a file, of a folder, or all "
            "of them."
        ),
    ] = "file",
    text: Annotated[
        str | None,
        typer.Option(help="Transcript, for a file no longer than a clip (default: its subtitles)."),
    ] = None,
    track: Track = None,
    channel: Channel = None,
    transcribe: Annotated[
        bool,
        typer.Option(
            "--transcribe",
            help="Transcribe clips without subtitles, by the recogniser of corpus.toml, section "
            "transcribe.",
        ),
    ] = False,
    recogniser_model: Annotated[
        str | None,
        typer.Option(help="Name or path of the recogniser's model, for --transcribe."),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Predict the probability of each emotion, for a short file or for each clip of a long one.

    Long files are cut as segment does. Outside a corpus, give the run's folder. Probabilities are
    calibrated on the validation clips of the training run.
    """
    with session("predict", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.prediction.model import find_model
        from corpus_tools.prediction.predict import corpora_of, predict_all
        from corpus_tools.prediction.tables import check_output_folder, write_predictions
        from manifests.access.lock import CorpusLock
        from manifests.base.languages import language_name
        from models.prediction import load_model

        workspace, folder = find_model(model, corpus)
        with ExitStack() as held:
            for root in sorted(corpora_of(inputs, workspace)):
                held.enter_context(CorpusLock(root, "predict"))
            if out is not None:
                check_output_folder(out, force=force)
            with run.progress("predicting") as progress:
                outcome = predict_all(
                    load_model(folder),
                    inputs,
                    workspace,
                    text=text,
                    track=track,
                    channel=channel,
                    transcribe=transcribe,
                    recogniser_model=recogniser_model,
                    together=together,
                    announce=run.note,
                    progress=progress,
                )
            run.outcome.merge(outcome)
            rows = outcome.details["files"]
            if out is not None:
                write_predictions(out, rows, folder.name, force=force)
                run.outcome.outputs.append(out)
        for table in _tables(rows, out):
            run.result(table)
        trained = outcome.details.get("trained_language")
        if trained and not any("was trained on" in warning for warning in outcome.warnings):
            run.note(
                f"the model was trained on {language_name(trained)} ({trained}); in another "
                f"language its probabilities mean little"
            )
        for row in rows if len(rows) <= _MOST_TABLES else ():
            if row["clips"]:
                run.note(f"{row['file']}: {row['normalisation']}")
        if out is not None:
            run.result(f"wrote {out}")


def _tables(rows: list[dict[str, Any]], out: Path | None) -> "list[Table]":
    """Return a table for each file, of a long one by class; for many files a table of all."""
    from rich.table import Table

    from corpus_tools.prediction.summary import summary_table

    predicted = [row for row in rows if row["clips"]]
    where = "--out FOLDER, with a picture, or --json" if out is None else str(out)
    if len(predicted) <= _MOST_TABLES:
        tables = []
        for row in predicted:
            if len(row["clips"]) <= _MOST_ROWS:
                tables.append(_table(row))
                continue
            tables.append(summary_table(row["file"], row["clips"]))
            tables[-1].caption = f"all {len(row['clips'])} clips: {where}"
        return tables
    table = Table("file", "clips", "emotions")
    for row in predicted[:_MOST_LINES]:
        counts = Counter(clip["emotion"] for clip in row["clips"])
        emotions = ", ".join(
            f"{name} {n}" if len(row["clips"]) > 1 else name for name, n in counts.most_common()
        )
        table.add_row(row["file"], str(len(row["clips"])), emotions)
    if len(predicted) > _MOST_LINES:
        more = len(predicted) - _MOST_LINES
        table.add_row(f"and {more} more, see --out or --json", "", "")
    every = [clip for row in predicted for clip in row["clips"]]
    return [table, summary_table("all files", every, timed=False)]


def _table(row: dict[str, Any]) -> "Table":
    from rich.table import Table

    classes = list(row["clips"][0]["probabilities"])
    table = Table("start", "end", "emotion", *classes, "text", title=row["file"])
    for column in (*table.columns[:2], *table.columns[3:-1]):
        column.justify = "right"
    for clip in row["clips"]:
        table.add_row(
            f"{clip['start']:.2f}",
            f"{clip['end']:.2f}",
            clip["emotion"],
            *(f"{clip['probabilities'][name]:.2f}" for name in classes),
            clip["text"],
        )
    return table


_MOST_TABLES = 3  # files; for more, one summary table
_MOST_LINES = 40
_MOST_ROWS = 12  # clips of a file; of more, a summary by class
