"""`corpus combine-transcripts`: one text from the several of each clip, by a vote."""

from corpus_tools.cli.options import AsJson, CorpusFolder, Quiet, Verbose
from corpus_tools.cli.session import session
from manifests.base.outcome import counted

__all__ = ["combine_transcripts"]


def combine_transcripts(
    corpus: CorpusFolder = None,
    json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Vote on the texts of each clip that has several, character by character.

    The result is a text of source combined, with the share of the vote as its confidence. Texts of
    all sources in section text of corpus.toml vote, subtitles as well as recognisers; those that
    are outvoted more often weigh less. Finished sources are skipped the next time.
    """
    with session("combine-transcripts", as_json=json, quiet=quiet, verbose=verbose) as run:
        from corpus_tools.api.corpus import Corpus

        with run.progress("voting") as progress:
            outcome = Corpus.open(corpus, announce=run.note).combine_transcripts(progress=progress)
        run.outcome.merge(outcome)
        details = outcome.details
        for origin, rate in details["errors"].items():
            run.result(f"{origin}: outvoted in {rate:.0%} of its characters or words")
        run.result(
            f"combined: text for {outcome.kept} of {counted(outcome.items_in, 'clip')}, "
            f"{details['unanimous']} unanimous, {details['doubtful']} below 0.7"
        )
