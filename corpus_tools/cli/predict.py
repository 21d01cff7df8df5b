"""`corpus predict`: the emotion of new sound and video files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["predict"]


def predict(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Video or audio files of any length.")
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="RUN", help="A run, or its folder (default: the only one there is)."
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            help="What is said, for a file no longer than a clip (default: its subtitles)."
        ),
    ] = None,
    track: Annotated[
        int | None,
        typer.Option(min=0, help="Audio track, from 0 (default: the one marked as default)."),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Tell the probability of each emotion, for a short file or for every clip of a long one.

    Long files are cut as segment would. Outside a corpus, name the run by its folder.
    """
    with session("predict", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.prediction import predict_files
        from corpus_tools.segmentation.settings import SegmentSettings
        from corpus_tools.workspace import Workspace
        from models.prediction import load_model
        from models.runs import find_run

        settings = SegmentSettings()
        if model is not None and (Path(model) / "model.json").is_file():
            folder = Path(model)
        else:
            workspace = Workspace.find(corpus)
            settings = workspace.configuration.segment
            folder = find_run(workspace.runs, model)
        predictor = load_model(folder)
        with run.progress("listening") as progress:
            _, outcome = predict_files(
                predictor, files, text=text, track=track, settings=settings, progress=progress
            )
        run.outcome.merge(outcome)
        for row in outcome.details["files"]:
            if row["clips"]:
                run.result(_table(row))
                run.note(f"{row['file']}: {row['normalisation']}")


def _table(row: dict[str, Any]) -> "Table":
    from rich.markup import escape
    from rich.table import Table

    classes = list(row["clips"][0]["probabilities"])
    table = Table("start", "end", "emotion", *classes, "text", title=escape(row["file"]))
    for column in (*table.columns[:2], *table.columns[3:-1]):
        column.justify = "right"
    for clip in row["clips"]:
        table.add_row(
            f"{clip['start']:.2f}",
            f"{clip['end']:.2f}",
            clip["emotion"],
            *(f"{clip['probabilities'][name]:.2f}" for name in classes),
            escape(clip["text"]),
        )
    return table
