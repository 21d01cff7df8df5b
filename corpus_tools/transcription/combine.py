"""Combination of the texts of each clip by a vote: ``corpus combine-transcripts``."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus_tools.configuration.transcribe import EMPTYING
from corpus_tools.segmentation.ledger.commit import sweep
from corpus_tools.transcription.store import (
    STAGE,
    is_current,
    put_transcripts,
    read_transcripts,
    stored_inputs,
    transcript_origin,
)
from corpus_tools.transcription.text.normalise import NORMALISATION, normalise
from corpus_tools.transcription.vote import Ballot, Voted, Voter, error_rates
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import DataError
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.building.selection import text_rank
from manifests.storage.records import TextSource, Transcript, text_doubts
from manifests.storage.shards import shard_paths
from manifests.storage.store import fingerprint

__all__ = ["COMBINED", "combine_transcripts"]

COMBINED: TextSource = "combined"
"""Origin of the texts that a vote made."""

Voters = dict[str, list[Voter]]
"""Texts of a source by clip id, the most trusted first."""


def combine_transcripts(workspace: Workspace, *, progress: Progress = no_progress) -> Outcome:
    """Add a text to each clip that has two or more: their vote, with its share as confidence.

    The texts of all origins in ``[text] order`` vote, the others don't. Origins that are outvoted
    more often weigh less, as do texts that a guard flagged and, still less, those that it emptied.
    Sources with the same texts and weights are skipped.

    Args:
        workspace: the corpus.
        progress: called after each source.

    Returns:
        Clips with any text as items: kept if they have a combined text; else rejected as
        ``one_text``, ``emptied`` (guards emptied all), ``too_long`` (over 500 characters)
        or ``outvoted`` (most have nothing there). ``details``: ``errors``, the share of its
        characters or words in which an origin is outvoted, if any of its clips has three texts;
        ``unanimous`` and ``doubtful`` (below 0.7), numbers of texts; ``changed``, the number of
        sources with new texts.
    """
    outcome = Outcome()
    order = workspace.configuration.text.order
    language = workspace.configuration.corpus.language
    with workspace.lock("combine-transcripts"):
        sweep(workspace.root)
        material: dict[str, Voters] = {}
        for path in shard_paths(workspace.root, STAGE):
            try:
                texts = read_transcripts(workspace.root, path.stem)
            except DataError as error:
                outcome.fail(path.stem, str(error))
                continue
            material[path.stem] = _voters(texts, order, language)
        errors = _errors(material)
        confidences: list[float] = []
        changed = []
        for done, (source_id, voters) in enumerate(material.items(), start=1):
            ready = _votable(voters, outcome)
            if _put(workspace.root, source_id, ready, errors):
                changed.append(source_id)
            records = [
                record
                for record in read_transcripts(workspace.root, source_id)
                if record.source == COMBINED
            ]
            confidences += [record.confidence or 0.0 for record in records]
            if outvoted := len(ready) - len(records):
                outcome.rejected["outvoted"] += outvoted
            progress(done, len(material), source_id)
    outcome.kept = len(confidences)
    outcome.outputs += [STAGE.path(workspace.root, source_id) for source_id in changed]
    outcome.details |= {
        "errors": {origin: errors[origin] for origin in sorted(_judged(material))},
        "unanimous": sum(share == 1 for share in confidences),
        "doubtful": sum(share < _DOUBTFUL for share in confidences),
        "changed": len(changed),
    }
    if not confidences and outcome.ok:
        outcome.warnings.append(
            "no clip has two texts to combine; add some with corpus transcribe, or corpus "
            "import-transcripts FILE"
        )
    return outcome


_ALGORITHM = 1  # version, raised whenever the same texts get another vote
_FLAGGED, _EMPTIED = 0.5, 0.25  # of the weight
_LONGEST = 500
_JUDGED = 2000  # clips that the rates of errors are estimated from
_DOUBTFUL = 0.7


def _voters(texts: Sequence[Transcript], order: Sequence[str], language: str) -> Voters:
    ranked: defaultdict[str, list[tuple[int, str, Voter]]] = defaultdict(list)
    for text in texts:
        rank = text_rank(text.source, text.model, order)
        if rank is None or text.source == COMBINED:
            continue
        emptied = not text.text and bool({*text.flags} & {*EMPTYING})
        if not text.text and text.text_raw and not emptied:
            continue  # a line that several clips share
        share = _EMPTIED if emptied else _FLAGGED if text_doubts(text.flags) else 1.0
        origin = transcript_origin(text)
        words = text.text or normalise(text.text_raw, text.language or language)
        ranked[text.clip_id].append((rank, origin, Voter(origin, words, share)))
    return {
        clip_id: [voter for _, _, voter in sorted(found, key=lambda one: one[:2])]
        for clip_id, found in sorted(ranked.items())
    }


def _errors(material: Mapping[str, Voters]) -> dict[str, float]:
    """Estimate the rates of errors of all origins, from clips spread evenly over the corpus."""
    clips = [found for voters in material.values() for found in voters.values()]
    several = [found for found in clips if _judges(found)]
    step = -(-len(several) // _JUDGED) or 1
    origins = sorted({voter.origin for found in clips for voter in found})
    return error_rates([Ballot(found) for found in several[::step]], origins)


def _judges(voters: Sequence[Voter]) -> bool:
    """Return whether somebody can be outvoted."""
    return len(voters) > 2 and not _reason(voters)


def _judged(material: Mapping[str, Voters]) -> set[str]:
    """Return the origins of which the rates are estimated from votes."""
    return {
        voter.origin
        for voters in material.values()
        for found in voters.values()
        if _judges(found)
        for voter in found
        if voter.share == 1
    }


def _votable(voters: Voters, outcome: Outcome) -> Voters:
    """Return the clips with texts to vote on; count all, and the others as rejected."""
    outcome.items_in += len(voters)
    ready = {}
    for clip_id, found in voters.items():
        reason = _reason(found)
        if reason:
            outcome.rejected[reason] += 1
        else:
            ready[clip_id] = found
    return ready


def _reason(voters: Sequence[Voter]) -> str | None:
    """Return why there is no vote on some texts, None if there is one."""
    if len(voters) == 1:
        return "one_text"
    if all(voter.share == _EMPTIED for voter in voters):
        return "emptied"
    return "too_long" if any(len(voter.text) > _LONGEST for voter in voters) else None


def _put(corpus: Path, source_id: str, voters: Voters, errors: Mapping[str, float]) -> bool:
    """Store a source's combined texts; return whether anything was written."""
    origins = sorted({voter.origin for found in voters.values() for voter in found})
    inputs: dict[str, Any] = {
        "algorithm": _ALGORITHM,
        "normalisation": NORMALISATION,
        "errors": {origin: errors[origin] for origin in origins},
        "texts": fingerprint(
            [
                [clip_id, *([one.origin, one.text, one.share] for one in found)]
                for clip_id, found in voters.items()
            ]
        ),
    }
    known = stored_inputs(corpus, source_id, COMBINED)
    if (known is None and not voters) or is_current(corpus, source_id, COMBINED, inputs):
        return False
    records = []
    for clip_id, found in voters.items():
        voted = Ballot(found).vote(errors)
        if voted.text:
            records.append(_record(clip_id, voted))
    return put_transcripts(corpus, source_id, COMBINED, records, inputs)


def _record(clip_id: str, voted: Voted) -> Transcript:
    return Transcript(
        clip_id=clip_id,
        text=voted.text,
        text_raw=voted.text,
        source=COMBINED,
        confidence=voted.confidence,
    )
