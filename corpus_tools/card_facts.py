"""Facts of a manifest's card beyond its clips: agreement, recognisers, screening."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from annotation.agreement import measure_agreement
from manifests.records import Screen, Transcript
from manifests.shards import STAGES, read_header, read_shard

__all__ = ["card_facts"]


def card_facts(
    corpus: Path,
    sources: Iterable[str],
    chosen: Iterable[Transcript],
    *,
    with_agreement: bool = True,
) -> dict[str, Any]:
    """Return the JSON input of `manifests.facts.CardFacts`.

    Args:
        corpus: the corpus folder.
        sources: ids of the sources with clips.
        chosen: transcript used for each clip.
        with_agreement: whether to compute inter-annotator agreement.

    Raises:
        DataError: if a shard or a file of judgements can't be read.
    """
    facts: dict[str, Any] = {"screening": _screening(corpus, sources), "texts": _models(chosen)}
    if with_agreement:
        facts["agreement"] = _agreement(corpus)
    return facts


def _agreement(corpus: Path) -> dict[str, Any]:
    report, _ = measure_agreement(corpus)
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


def _screening(corpus: Path, sources: Iterable[str]) -> dict[str, Any]:
    """Return the numbers of clips and accepted clips, the reasons and the thresholds."""
    accepted = cut = 0
    reasons: Counter[str] = Counter()
    limits: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for source in sorted(sources):
        path = STAGES["screen"].path(corpus, source)
        if not path.is_file():
            continue
        rules: Mapping[str, Any] = read_header(path).inputs.get("rules", {})
        for name, limit in rules.items():
            if limit is not None:
                limits[name][f"{limit:g}"] += 1
        for screen in read_shard(path, Screen):
            cut += 1
            accepted += screen.accepted
            if not screen.accepted:
                reasons.update(screen.reasons)
    return {
        "cut": cut,
        "accepted": accepted,
        "reasons": dict(sorted(reasons.items())),
        "thresholds": {name: dict(sorted(limits[name].items())) for name in sorted(limits)},
    }
