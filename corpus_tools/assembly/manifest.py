"""Build the next manifest version from the stages of a corpus folder."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from annotation.judgements.store import corrected_transcripts, latest, read_judgements
from annotation.labels.aggregate import aggregate_votes
from annotation.scheme.answers import gc_paused
from annotation.scheme.settings import LabelSettings
from corpus_tools.workspace.workspace import Workspace
from manifests.audit.class_losses import class_losses
from manifests.base.errors import ConfigurationError, CorpusError
from manifests.base.outcome import Outcome, Progress, no_progress
from manifests.building.selection import best_transcripts, choose_texts
from manifests.storage.copies import copy_warnings
from manifests.storage.decisions import is_decided, read_decisions, undecided_warnings
from manifests.storage.records import (
    Clip,
    Fingerprint,
    Judgement,
    Label,
    Screen,
    Source,
    Split,
    Transcript,
)
from manifests.storage.sections import SplitSettings, TextSettings
from manifests.storage.shards import STAGES, read_header, read_shard, read_stage
from manifests.storage.speakers import read_speakers
from manifests.storage.store import inside

__all__ = [
    "accepted_clips",
    "build_from_corpus",
    "parse_ratios",
    "shared_recordings",
]


MOST_CLIPS = 200_000
"""Maximum number of clips to search, limited by memory."""


def build_from_corpus(
    workspace: Workspace,
    split: SplitSettings,
    labels: LabelSettings,
    *,
    text: TextSettings | None = None,
    resplit: bool = False,
    given: Mapping[str, Split] | None = None,
    lock: AbstractContextManager[object] | None = None,
    progress: Progress = no_progress,
) -> Outcome:
    """Write the next version of the manifest from the accepted clips of the corpus folder.

    The folder is locked during the call, by ``lock`` if given. The labels' method is recorded in
    the version's params and card; ``text`` is by default that of corpus.toml; ``resplit`` ignores
    the splits of the newest version. ``given`` and the outcome are as for
    :func:`manifests.building.build.build_manifest`.

    Raises:
        DataError: if a shard, a file of judgements, gold.csv or speakers.csv can't be read.
        CorpusError: if a command is at work that conflicts with it.
    """
    from manifests.building.build import build_manifest

    root, configuration = workspace.root, workspace.configuration
    with lock or workspace.lock("build-manifest"):
        clips = {clip.clip_id: clip for clip in read_stage(root, STAGES["segments"], Clip)}
        accepted = accepted_clips(root, clips)
        with gc_paused():
            judgements = latest(read_judgements(root))
        aggregation = aggregate_votes(root, labels, judgements)
        label_of = aggregation.labels
        labelled = [clip for clip in accepted if _is_labelled(clip, label_of)]
        few = len(labelled) <= MOST_CLIPS
        text = text or configuration.text
        transcripts = best_transcripts(root, text.order)
        texts = choose_texts(transcripts, corrected_transcripts(root, judgements), text.order)
        confidences = {
            clip_id: share
            for clip_id, (_, source) in texts.items()
            if source == "combined" and (share := transcripts[clip_id].confidence) is not None
        }
        outcome = build_manifest(
            root,
            accepted,
            label_of,
            texts,
            read_speakers(workspace.speakers, configuration.corpus.language),
            {source.source_id: source for source in read_stage(root, STAGES["sources"], Source)},
            split,
            {
                "corpus": configuration.corpus.model_dump(mode="json"),
                "card": configuration.card.model_dump(mode="json"),
                "labels": aggregation.params(labels),
                "text": text.model_dump(mode="json"),
            },
            confidences=confidences,
            least_confidence=text.min_confidence,
            repeats=shared_recordings(root, labelled) if few else {},
            facts=_card_facts(
                root,
                {clip.source_id for clip in clips.values()},
                label_of,
                (transcripts[clip.clip_id] for clip in labelled if clip.clip_id in transcripts),
                judgements if few else None,
            ),
            resplit=resplit,
            given=given,
            progress=progress,
        )
    if text.min_confidence and not confidences:
        outcome.warnings.append(
            f"no clip's text is a combined one, so none is below the minimum confidence of "
            f"{text.min_confidence:g}; run: corpus combine-transcripts"
        )
    if not few:
        outcome.warnings.append(
            f"repeated recordings and agreement are not computed for more than {MOST_CLIPS} clips; "
            f"for agreement run: corpus agreement"
        )
    outcome.warnings += undecided_warnings(root) + copy_warnings(root)
    outcome.warnings += [
        *aggregation.shares.warnings,
        *_ignored_clips(root, label_of, clips, accepted),
    ]
    return outcome


def parse_ratios(text: str) -> tuple[float, float, float]:
    """Return shares of train, val and test that sum to 1, from three numbers (``80/10/10``).

    Raises:
        ConfigurationError: if they aren't three numbers of 0 or more, the first above 0.

    Example:
        >>> parse_ratios("8/1/1")
        (0.8, 0.1, 0.1)
    """
    try:
        train, val, test = (float(part) for part in text.split("/"))
        total = train + val + test
        if not (train > 0 and val >= 0 and test >= 0 and total < float("inf")):
            raise ValueError
    except ValueError as error:
        raise ConfigurationError(
            f"--ratios {text}: give three numbers for train, val and test, e.g. 8/1/1"
        ) from error
    return train / total, val / total, test / total


def accepted_clips(root: Path, clips: Mapping[str, Clip]) -> list[Clip]:
    """Return the accepted ones of all clips."""
    return [
        clips[screen.clip_id]
        for screen in read_decisions(root)
        if screen.accepted and screen.clip_id in clips
    ]


def _is_labelled(clip: Clip, label_of: Mapping[str, Label]) -> bool:
    label = label_of.get(clip.clip_id)
    return label is not None and label.emotion is not None and clip.superseded_by is None


def _ignored_clips(
    root: Path,
    label_of: Mapping[str, Label],
    clips: Mapping[str, Clip],
    accepted: Iterable[Clip],
) -> list[str]:
    """Return sentences about labelled clips that are unknown or rejected; undecided are neither."""
    labelled = {clip_id for clip_id, label in label_of.items() if label.emotion is not None}
    unknown = len(labelled - clips.keys())
    unused = (labelled & clips.keys()) - {clip.clip_id for clip in accepted}
    rejected = sum(screen.clip_id in unused for screen in read_decisions(root)) if unused else 0
    sentences = []
    if unknown:
        sentences.append(f"{_count_clips(unknown)} in no shard of stages/segments and ignored")
    if rejected:
        sentences.append(
            f"{_count_clips(rejected)} rejected now and ignored (other thresholds: corpus screen)"
        )
    return sentences


def _count_clips(number: int) -> str:
    return f"{number} labelled clip{' is' if number == 1 else 's are'}"


def shared_recordings(
    corpus: Path, clips: Iterable[Clip], *, progress: Progress = no_progress
) -> dict[str, str]:
    """Return the clips that share a recording with others, each with the first of these.

    Fingerprints are read from the stage written by `corpus segment`, or computed if missing. Clips
    with unreadable files are skipped; building a manifest reports them.
    """
    from corpus_tools.media.wav import read_wav
    from corpus_tools.segmentation.repeats.fingerprint import Hashes, fingerprint, from_text
    from corpus_tools.segmentation.repeats.search import find_shared

    chosen = sorted(clips, key=lambda clip: clip.clip_id)
    stored = _fingerprints(corpus, {clip.source_id for clip in chosen})
    found: list[tuple[str, Hashes]] = []
    for done, clip in enumerate(chosen, start=1):
        text = stored.get(clip.clip_id)
        try:
            hashes = (
                from_text(text)
                if text is not None
                else fingerprint(read_wav(inside(corpus, clip.path)))
            )
        except CorpusError:
            continue
        found.append((clip.clip_id, hashes))
        progress(done, len(chosen), clip.clip_id)
    return find_shared(found)


def _fingerprints(corpus: Path, sources: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in sorted(sources):
        path = STAGES["fingerprints"].path(corpus, source)
        if path.is_file():
            found |= {row.clip_id: row.hashes for row in read_shard(path, Fingerprint)}
    return found


def _card_facts(
    corpus: Path,
    sources: Iterable[str],
    label_of: Mapping[str, Label],
    chosen: Iterable[Transcript],
    judgements: Sequence[Judgement] | None,
) -> dict[str, Any]:
    """Return the JSON input of `manifests.card.draft.CardFacts`; ``chosen`` are the texts used.

    Without ``judgements`` it has no agreement.
    """
    facts: dict[str, Any] = {
        "screening": _screening(corpus, sources, label_of),
        "texts": _models(chosen),
    }
    return facts | ({} if judgements is None else {"agreement": _agreement(corpus, judgements)})


def _agreement(corpus: Path, judgements: Sequence[Judgement]) -> dict[str, Any]:
    from annotation.reliability.measure import measure_agreement

    report, _ = measure_agreement(corpus, judgements=judgements)
    return {
        "clips": report.clips["several"],
        "annotators": len(report.annotators),
        "alpha": report.alpha.value,
        "low": report.alpha.low,
        "high": report.alpha.high,
        "level": report.alpha.level,
        "resamples": report.alpha.resamples,
        "undefined": report.alpha.undefined,
        "observed": report.observed,
        "fleiss": report.fleiss,
        "classes": {row.emotion: row.agreement for row in report.classes},
    }


def _models(chosen: Iterable[Transcript]) -> dict[str, list[str]]:
    """Return the model names of the texts, by text source."""
    models_of: defaultdict[str, set[str]] = defaultdict(set)
    for text in chosen:
        if text.model:
            models_of[text.source].add(text.model)
    return {source: sorted(models) for source, models in sorted(models_of.items())}


def _screening(
    corpus: Path, sources: Iterable[str], label_of: Mapping[str, Label]
) -> dict[str, Any]:
    """Return the numbers of clips and accepted ones, reasons, thresholds and losses by class."""
    accepted = cut = 0
    reasons: Counter[str] = Counter()
    limits: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for source in sorted(sources):
        if not is_decided(corpus, source):
            continue
        path = STAGES["screen"].path(corpus, source)
        rules: Mapping[str, Any] = read_header(path).inputs.get("rules", {})
        for name, limit in rules.items():
            if limit is not None:
                limits[name][f"{limit:g}"] += 1
        for screen in read_shard(path, Screen):
            cut += 1
            accepted += screen.accepted
            if not screen.accepted:
                reasons.update(screen.reasons)
    losses = class_losses(read_decisions(corpus), label_of.values())
    return {
        "cut": cut,
        "accepted": accepted,
        "reasons": dict(sorted(reasons.items())),
        "thresholds": {name: dict(sorted(limits[name].items())) for name in sorted(limits)},
        "losses": losses.model_dump() if losses else None,
    }
