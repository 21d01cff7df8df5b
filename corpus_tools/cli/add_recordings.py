"""`corpus add-recordings`: a scripted session into the corpus."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session

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
        Path, typer.Argument(help="The recordings; the column file is relative to it.")
    ],
    series: Annotated[
        str | None, typer.Option(help="Name of the session (default: that of the script's folder).")
    ] = None,
    length: Annotated[
        str | None,
        typer.Option(
            metavar="keep|drop",
            help="Keep clips of any length, or drop those outside the clip length "
            "of segment (default: keep).",
        ),
    ] = None,
    trim_silence: Annotated[
        bool | None,
        typer.Option(
            "--trim-silence/--no-trim-silence",
            help="Cut off silence before and after the line (default: no).",
        ),
    ] = None,
    takes: Annotated[
        bool | None,
        typer.Option(
            "--takes/--no-takes",
            help="A file that several rows name is one long take of these lines, in order: it is "
            "cut, and each line found in it (default: no, the second row is a mistake).",
        ),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER|FILE",
            help="What a recogniser heard in the takes, by which lines are found much better: for "
            "each take a file of its name, .srt, .vtt, .ass, .json, .jsonl, .csv or .tsv.",
        ),
    ] = None,
    recognise: Annotated[
        bool,
        typer.Option(
            "--recognise", help="Let the recogniser of section transcribe hear the takes."
        ),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            help="The recogniser's model, for --recognise.", show_default="that of transcribe"
        ),
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch that model if it isn't here.")
    ] = False,
    recut: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="Cut this recording or take anew although it has clips that people have touched; "
            "they stay, superseded, and are offered to nobody again. May be given several times.",
        ),
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Add recordings of a script: each line becomes a clip with its speaker and its text.

    Either each line has a file of its own, or, with --takes, a speaker reads many in one file; the
    last reading of a line is kept, and doubtful matches are flagged and listed.

    Run it again after the script or the folder has changed: what is done already is skipped.
    The flags hold for this run; set them for good in corpus.toml, section recordings.
    A column intended_emotion may be there and is read past, so that no annotator ever sees it.
    """
    with session("add-recordings", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.flags import with_flags
        from corpus_tools.recordings import add
        from corpus_tools.recordings.hearing_options import transcript_source
        from corpus_tools.workspace import Workspace

        workspace = Workspace.find(corpus)
        configuration = workspace.configuration
        settings = with_flags(
            configuration.recordings, length=length, trim_silence=trim_silence, takes=takes
        )
        transcripts = transcript_source(
            texts, recognise, workspace, run.note, model=model, download=download
        )
        with workspace.lock() as lock, run.progress("adding") as progress:
            if lock.broken:
                run.note(lock.broken)
            outcome = add.add_recordings(
                workspace.root,
                script,
                folder,
                settings=settings,
                segment=configuration.segment,
                screen=configuration.screen,
                series=series,
                language=configuration.corpus.language,
                transcripts=transcripts,
                recut=recut or (),
                progress=progress,
            )
        run.outcome.merge(outcome)
        details = outcome.details
        counts = {"recordings": details["recordings"], "long takes": len(details["takes"])}
        added = " and ".join(f"{count} {name}" for name, count in counts.items() if count)
        run.result(
            f"{added or 'no recordings'} of {len(details['speakers'])} speakers reading "
            f"{details['sentences']} sentences, {outcome.kept} lines accepted"
        )
        if details["takes"]:
            run.result(_takes(details["takes"]))
            if any(take["doubtful"] for take in details["takes"]):
                run.result(_doubtful(details["takes"]))


def _takes(reports: list[dict[str, Any]]) -> "Table":
    from rich.table import Table

    table = Table("take", "speaker", "by", title="Long takes", title_justify="left")
    counts = ("lines", "matched", "skipped", "retakes", "false_starts")
    for name in (*counts, "doubtful"):
        table.add_column(name.replace("_", " "), justify="right")
    for one in reports:
        figures = (*(one[name] for name in counts), len(one["doubtful"]))
        table.add_row(one["file"], one["speaker"], one["by"], *map(str, figures))
    return table


def _doubtful(reports: list[dict[str, Any]]) -> "Table":
    from rich.table import Table

    from corpus_tools.cli.session import one_line

    rows = [(take, one) for take in reports for one in take["doubtful"]]
    shown = sorted(rows, key=lambda row: row[1]["score"])[:_MOST_DOUBTFUL]
    title = f"Doubtful, the {len(shown)} worst of {len(rows)}; all lines: review/*.matches.csv"
    table = Table("take", "line", "text", "from", "to", "score", "accepted", "flags", title=title)
    table.title_justify = "left"
    for take, one in shown:
        times = ("" if one[edge] is None else f"{one[edge]:.2f}" for edge in ("start", "end"))
        table.add_row(
            take["file"],
            str(one["line"]),
            one_line(one["text"]),
            *times,
            f"{one['score']:.2f}",
            "yes" if one["accepted"] else "no",
            " ".join(one["flags"]),
        )
    return table


_MOST_DOUBTFUL = 20
