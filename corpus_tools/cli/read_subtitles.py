"""`corpus read-subtitles`: read the subtitles in the picture of films."""

from pathlib import Path
from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, Channel, CorpusFolder, Quiet, Track, Verbose
from corpus_tools.cli.session import one_line, session
from manifests.base.outcome import counted

__all__ = ["read_subtitles"]


def read_subtitles(
    media: Annotated[
        list[Path],
        typer.Argument(metavar="MEDIA…", help="Video files, or folders to search for them."),
    ],
    band: Annotated[
        str | None,
        typer.Option(
            metavar="TOP,BOTTOM",
            help="Where the subtitles are, as shares of the picture's height from above, e.g. "
            "0.8,0.97.",
            show_default="found in each film",
        ),
    ] = None,
    track: Track = None,
    channel: Channel = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    r"""Read the subtitles that are burned into the picture of films.

    Run it before segment, which then cuts by these lines where there is no subtitle file, and
    before transcribe, which makes texts of them, with the source ocr. They are also written as an
    .srt file. Needs pip install 'corpus-tools\\[ocr]'. Finished films are skipped the next time.
    """
    with session("read-subtitles", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.api.corpus import Corpus

        with run.progress("reading") as progress:
            outcome = Corpus.open(corpus, announce=run.note).read_subtitles(
                *media, band=band, track=track, channel=channel, progress=progress
            )
        run.outcome.merge(outcome)
        for row in outcome.details["sources"]:
            where = "" if row["band"] is None else ", rows {:.0%} to {:.0%}".format(*row["band"])
            doubts = f", {row['doubtful']} doubtful" if row["doubtful"] else ""
            status = "" if row["status"] == "read" else f" ({row['status']})"
            run.result(
                f"{one_line(row['source_id'])}: "
                f"{counted(row['lines'], 'line')}{doubts}{where}{status}"
            )
