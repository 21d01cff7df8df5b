"""`corpus screen`: screen clips again with other thresholds."""

from typing import Annotated

import typer

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session

__all__ = ["screen"]


def screen(
    min_snr_db: Annotated[
        float | None,
        typer.Option(help="Minimum speech level above background, in dB (default: 12)."),
    ] = None,
    min_rms_db: Annotated[
        float | None, typer.Option(help="Minimum level, in dBFS (default: -50).")
    ] = None,
    max_clipping: Annotated[
        float | None, typer.Option(help="Maximum share of clipped samples (default: 0.005).")
    ] = None,
    max_dropouts: Annotated[
        int | None, typer.Option(help="Maximum number of dropouts (default: 0).")
    ] = None,
    max_music: Annotated[
        float | None, typer.Option(help="Maximum music score, 0 to 1 (default: 0.5).")
    ] = None,
    min_speech_ratio: Annotated[
        float | None, typer.Option(help="Minimum share of speech in a clip (default: 0.2).")
    ] = None,
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Accept or reject every clip again by its measures, without cutting.

    Flags apply to this run only; set permanent thresholds in corpus.toml, section screen, because
    the next `corpus segment` uses those again.
    """
    with session("screen", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.configuration.overrides import with_overrides
        from corpus_tools.segmentation.rescreen import screen_corpus
        from corpus_tools.segmentation.screening.rules import drama_rules, recording_rules
        from corpus_tools.workspace.workspace import Workspace

        workspace = Workspace.find(corpus)
        configuration = workspace.configuration
        settings = with_overrides(
            configuration.screen,
            min_snr_db=min_snr_db,
            min_rms_db=min_rms_db,
            max_clipping=max_clipping,
            max_dropouts=max_dropouts,
            max_music=max_music,
            min_speech_ratio=min_speech_ratio,
        )
        rules = {
            "drama": drama_rules(settings),
            "scripted": recording_rules(settings, configuration.segment, configuration.recordings),
        }
        with workspace.lock(), run.progress("screening") as progress:
            outcome = screen_corpus(workspace.root, rules, progress=progress)
        run.outcome.merge(outcome)
        if not outcome.items_in:
            run.outcome.warnings.append("the corpus has no clips yet; run: corpus segment")
        run.result(
            f"{outcome.kept} of {outcome.items_in} clips accepted; "
            f"{outcome.details['changed']} sources changed"
        )
