"""`corpus segment`: cut films and audio files into screened clips."""

from pathlib import Path
from typing import Annotated, Any

import typer

from corpus_tools.cli.options import AsJson, Channel, CorpusFolder, Quiet, Track, Verbose
from corpus_tools.cli.session import one_line, session
from corpus_tools.cli.threads import one_thread_each
from manifests.base.outcome import counted

__all__ = ["segment"]


def segment(
    media: Annotated[
        list[Path],
        typer.Argument(
            metavar="MEDIA…", help="Video or audio files, or folders to search for them."
        ),
    ],
    series: Annotated[
        str | None, typer.Option(help="Series of the files (default: name of each file's folder).")
    ] = None,
    track: Track = None,
    channel: Channel = None,
    min_seconds: Annotated[
        float | None, typer.Option(help="Shortest clip, in seconds (default: 3.0).")
    ] = None,
    max_seconds: Annotated[
        float | None, typer.Option(help="Longest clip, in seconds (default: 5.0).")
    ] = None,
    detector: Annotated[
        str | None,
        typer.Option(
            metavar="[webrtc|silero]",
            help="Voice activity detector; silero is slower and needs "
            "pip install 'corpus-tools\\[silero]' (default: webrtc).",
        ),
    ] = None,
    aggressiveness: Annotated[
        int | None,
        typer.Option(
            help="Strictness of WebRTC's detector, 0 (most sensitive) to 3; "
            "raise it where noise is taken for speech (default: 2)."
        ),
    ] = None,
    margin_seconds: Annotated[
        float | None,
        typer.Option(help="Silence before and after the speech, in seconds (default: 0.16)."),
    ] = None,
    regions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV of manual regions: source, from, to, keep or drop, note, speaker. Clips are "
            "cut only in kept regions, unscreened, and never in dropped ones. The regions apply "
            "to later runs, until a file says none for the source.",
        ),
    ] = None,
    recut: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="Cut this source again although it has frozen clips; these are kept, marked "
            "superseded, and never exported for annotation again. May be repeated.",
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(min=1, help="Number of parallel processes, one core each."),
    ] = 1,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Cut media into clips at pauses, screen them, and account for every second.

    Run it again to resume or to add files; finished files are skipped. Set the defaults of the
    flags in corpus.toml, section segment.
    """
    with session("segment", as_json=json, quiet=quiet, verbose=verbose) as run:
        one_thread_each()
        if workers > 1:
            from manifests.base.workers import warm_up

            warm_up(("corpus_tools.cli.app", "corpus_tools.segmentation.segment"))
        from corpus_tools.api.corpus import Corpus

        with run.progress("cutting") as progress:
            outcome = Corpus.open(corpus, announce=run.note).segment(
                *media,
                series=series,
                track=track,
                channel=channel,
                regions=regions,
                recut=recut or (),
                workers=workers,
                progress=progress,
                min_seconds=min_seconds,
                max_seconds=max_seconds,
                detector=detector,
                aggressiveness=aggressiveness,
                margin_seconds=margin_seconds,
            )
        run.outcome.merge(outcome)
        _print(run.result, outcome.details)


def _print(result: Any, details: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table("series", "source", "seconds", "clips", "accepted", "rejected", "done")
    for source in details["sources"]:
        rejected = ", ".join(f"{reason} {n}" for reason, n in source["rejected"].items())
        table.add_row(
            one_line(source["series"] or ""),
            source["source_id"],
            f"{source['seconds']:.1f}",
            str(source["clips"]),
            str(source["accepted"]),
            rejected,
            source["status"],
        )
    if details["sources"]:
        result(table)
    total = sum(details["ledger"].values())
    for reason, seconds in details["ledger"].items():
        result(f"{seconds:10.3f} s  {seconds / total:6.1%}  {reason.replace('_', ' ')}")
    if total:
        result(f"{total:10.3f} s  total, {counted(details['clips']['accepted'], 'clip')} accepted")
