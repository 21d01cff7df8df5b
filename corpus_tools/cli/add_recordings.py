"""`corpus add-recordings`: add a scripted session to the corpus."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus_tools.cli.options import AsJson, Channel, CorpusFolder, Quiet, Track, Verbose
from corpus_tools.cli.session import one_line, session
from manifests.base.outcome import counted

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["add_recordings"]


def add_recordings(
    script: Annotated[
        Path,
        typer.Argument(
            metavar="SCRIPT.csv",
            help="Columns file, speaker, gender, text; optional sentence, age, region, native.",
        ),
    ],
    folder: Annotated[
        Path, typer.Argument(help="Folder of the recordings; column file holds paths in it.")
    ],
    series: Annotated[
        str | None, typer.Option(help="Name of the session (default: name of the script's folder).")
    ] = None,
    length: Annotated[
        str | None,
        typer.Option(
            metavar="keep|drop",
            help="Keep clips of any length, or drop those outside the clip lengths "
            "of section segment (default: keep).",
        ),
    ] = None,
    trim_silence: Annotated[
        bool | None,
        typer.Option(
            "--trim-silence/--no-trim-silence",
            help="Trim silence before and after each line (default: no).",
        ),
    ] = None,
    takes: Annotated[
        bool | None,
        typer.Option(
            "--takes/--no-takes",
            help="A file named by several rows is one long take of these lines, in order; each "
            "line is located in it and cut out (default: no, a repeated file is an error).",
        ),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER|FILE",
            help="Transcripts of the takes, which make locating lines much more reliable: one file "
            "per take, of the same name, .srt, .vtt, .ass, .json, .jsonl, .csv or .tsv.",
        ),
    ] = None,
    recognise: Annotated[
        bool,
        typer.Option(
            "--recognise", help="Transcribe the takes with the recogniser of section transcribe."
        ),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            help="Model of the recogniser, for --recognise.", show_default="that of transcribe"
        ),
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Download that model if it is missing.")
    ] = False,
    recut: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="Cut this recording or take again although it has frozen clips; these are kept, "
            "marked superseded, and never exported for annotation again. May be repeated.",
        ),
    ] = None,
    track: Track = None,
    channel: Channel = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Add recordings of a script: each line becomes a clip with its speaker and text.

    Each line has its own file or, with --takes, one file holds many lines of one speaker; the last
    reading of each line is kept, and doubtful matches are flagged and listed.

    Run it again after the script or the folder has changed; finished recordings are skipped.
    Flags apply to this run only; corpus.toml, section recordings, holds the permanent settings.
    A column intended_emotion is ignored, so that annotators never see it.
    """
    with session("add-recordings", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.api.corpus import Corpus

        with run.progress("adding") as progress:
            outcome = Corpus.open(corpus, announce=run.note).add_recordings(
                script,
                folder,
                series=series,
                texts=texts,
                recognise=recognise,
                model=model,
                download=download,
                recut=recut or (),
                track=track,
                channel=channel,
                progress=progress,
                length=length,
                trim_silence=trim_silence,
                takes=takes,
            )
        run.outcome.merge(outcome)
        details = outcome.details
        counts = {"recording": details["recordings"], "long take": len(details["takes"])}
        added = " and ".join(counted(count, name) for name, count in counts.items() if count)
        run.result(
            f"{added or 'no recordings'} of {counted(len(details['speakers']), 'speaker')} reading "
            f"{counted(details['sentences'], 'sentence')}, {counted(outcome.kept, 'line')} accepted"
        )
        if details["takes"]:
            run.result(_takes_table(details["takes"]))
            if any(take["doubtful"] for take in details["takes"]):
                run.result(_doubtful_table(details["takes"]))


def _takes_table(reports: list[dict[str, Any]]) -> "Table":
    from rich.table import Table

    table = Table("take", "speaker", "by", title="Long takes", title_justify="left")
    counts = ("lines", "matched", "skipped", "retakes", "false_starts")
    for name in (*counts, "doubtful"):
        table.add_column(name.replace("_", " "), justify="right")
    for take in reports:
        figures = (*(take[name] for name in counts), len(take["doubtful"]))
        table.add_row(take["file"], take["speaker"], take["by"], *map(str, figures))
    return table


def _doubtful_table(reports: list[dict[str, Any]]) -> "Table":
    from rich.table import Table

    rows = [(take, match) for take in reports for match in take["doubtful"]]
    shown = sorted(rows, key=lambda row: row[1]["score"])[:_MOST_DOUBTFUL]
    title = f"{len(shown)} least certain of {len(rows)} doubtful lines; all: review/*.matches.csv"
    table = Table("take", "line", "text", "from", "to", "score", "accepted", "flags", title=title)
    table.title_justify = "left"
    for take, match in shown:
        times = ("" if match[edge] is None else f"{match[edge]:.2f}" for edge in ("start", "end"))
        table.add_row(
            take["file"],
            str(match["line"]),
            one_line(match["text"]),
            *times,
            f"{match['score']:.2f}",
            "yes" if match["accepted"] else "no",
            " ".join(match["flags"]),
        )
    return table


_MOST_DOUBTFUL = 20
