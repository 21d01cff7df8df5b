"""Dataset card of a version: Markdown with Hugging Face's metadata header."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from manifests.audit.leakage import KEYS
from manifests.base.emotions import EMOTIONS
from manifests.base.markdown import bullets, escape, table
from manifests.base.outcome import counted
from manifests.card.draft import AgreementFacts, CardFacts, Draft, ScreeningFacts
from manifests.card.head import licence_lines, yaml_text
from manifests.splits.assign import SIDES
from manifests.splits.partition import SPLITS, Partition
from manifests.storage.records import ManifestEntry
from manifests.storage.sections import SPEAKERS, CardSettings

__all__ = ["write_card"]


def labels_section(draft: Draft, agreement: AgreementFacts | None) -> str:
    """Return the section, without its heading; ``agreement`` is None if not measured."""
    entries = draft.partition.entries
    annotators = {annotator for entry in entries for annotator, _ in entry.votes}
    several = [entry.agreement for entry in entries if len(entry.votes) > 1]
    votes = sum(len(entry.votes) for entry in entries)
    agreed = f"{sum(several) / len(several):.3f}" if several else "not known"
    lines = [
        f"annotators: {len(annotators)}",
        f"votes per clip: {votes / max(len(entries), 1):.2f}",
        f"mean share of a clip's votes that agree with its label: {agreed} "
        f"(clips with two votes or more: {len(several)}; votes for no class and clips without a "
        "label are not in it)",
        f"clips with an adjudicated label: {sum(entry.adjudicated for entry in entries)}",
    ]
    for name, value in sorted(draft.params.get("labels", {}).items()):
        lines.append(f"{escape(name)}: {escape(_words(value))}")
    left_out = [[escape(reason), count] for reason, count in sorted(draft.rejected.items())]
    parts = [bullets(lines), _agreement(agreement)]
    if left_out:
        parts += ["Accepted clips left out:", table(["reason", "clips"], left_out)]
    return "\n\n".join(parts)


def _agreement(found: AgreementFacts | None) -> str:
    if found is None:
        return "Agreement of the annotators was not measured for this version."
    if found.alpha is None:
        return f"Agreement of the annotators is not known: {escape(found.undefined or '')}."
    rows: list[list[object]] = [["Krippendorff's α, nominal", f"{found.alpha:.3f}", _range(found)]]
    if found.fleiss is not None:
        rows.append(["Fleiss' κ", f"{found.fleiss:.3f}", ""])
    if found.observed is not None:
        rows.append(["pairs of votes on a clip that agree", f"{found.observed:.3f}", ""])
    rows += [
        [f"… where one is {escape(name)}", f"{share:.3f}", ""]
        for name, share in found.classes.items()
        if share is not None
    ]
    clips = counted(found.clips, "clip")
    basis = f"{counted(found.annotators, 'annotator')} on the {clips} with two votes or more"
    return f"Agreement of {basis}, labelled or not (adjudications are not counted):\n\n" + table(
        ["figure", "value", "interval"], rows
    )


def _range(found: AgreementFacts) -> str:
    if found.low is None or found.high is None:
        return "not known"
    return (
        f"{found.low:.3f} to {found.high:.3f} ({100 * found.level:g} %, bootstrap over clips, "
        f"{found.resamples} samples)"
    )


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def screening_section(figures: ScreeningFacts | None) -> str:
    """Return the section, without its heading; ``figures`` is None if unknown."""
    if figures is None:
        return "Screening decisions are not known for this version."
    parts = [
        f"Cut or recorded: {counted(figures.cut, 'clip')}; accepted for labelling: "
        f"{figures.accepted}.",
    ]
    if figures.reasons:
        rows: list[list[object]] = [
            [escape(reason), count]
            for reason, count in sorted(
                figures.reasons.items(), key=lambda item: (-item[1], item[0])
            )
        ]
        parts += [
            "Rejected, by reason; a clip may have several:",
            table(["reason", "clips"], rows),
        ]
    if figures.losses:
        parts += [
            "Screened clips with a class:",
            figures.losses.table(),
            *map(escape, figures.losses.sentences()),
        ]
    if figures.thresholds:
        limits: list[list[object]] = [
            [escape(name), escape(_values(name, values))]
            for name, values in figures.thresholds.items()
        ]
        parts += ["Thresholds:", table(["threshold", "accepted is"], limits)]
    return "\n\n".join(parts)


def _values(name: str, values: dict[str, int]) -> str:
    bound = "at most" if name.startswith("max_") else "at least"
    return "; ".join(
        f"{bound} {value} ({sources} source{'s' * (sources != 1)})"
        for value, sources in values.items()
    )


_SHOWN = 10
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"))


def write_card(draft: Draft) -> str:
    """Return the card of a version.

    Parts that only the user can write come from ``params["corpus"]`` and ``params["card"]``
    (sections of corpus.toml); missing ones are marked to be filled in.
    """
    corpus = draft.params.get("corpus", {})
    said = CardSettings.model_validate(draft.params.get("card", {}))
    facts = CardFacts.model_validate(dict(draft.facts))
    parts = [
        _head(corpus, len(draft.partition.entries)),
        f"# {escape(str(corpus.get('name') or 'corpus'))}, {draft.version}",
        _filled(said.description, "what the corpus is", "[card] description"),
        _origin(draft),
        "## Classes",
        _classes(draft),
        "![Clips per class](classes.png) ![Classes in each split](splits.png)",
        "## Clips and speakers",
        _clips(draft),
        "## Sources",
        _sources(draft.partition.entries),
        "## Texts",
        _texts(draft.partition.entries, facts.texts),
        "## Screening",
        screening_section(facts.screening),
        "## Labels",
        labels_section(draft, facts.agreement),
        "## Split and leakage",
        _split(draft),
        "## Label cues",
        draft.label_cues.markdown(),
        "## Known limits",
        bullets(
            [
                *(escape(limit) for limit in draft.limits()),
                "The data don't show whether the annotators were people or simulated.",
            ]
        ),
        "## To be filled in",
        _to_fill_in(corpus, said),
    ]
    return "\n\n".join(parts) + "\n"


def _head(corpus: dict[str, Any], clips: int) -> str:
    lines = [
        "---",
        f"pretty_name: {yaml_text(str(corpus.get('name') or 'corpus'))}",
        f"language:\n- {yaml_text(str(corpus.get('language') or 'und'))}",
        *licence_lines(corpus.get("licence")),
        f"size_categories:\n- {next((name for top, name in _SIZES if clips < top), 'n>1M')}",
        "task_categories:\n- audio-classification",
        "tags:\n- speech-emotion-recognition",
        "---",
    ]
    return "\n".join(lines)


def _filled(text: str | None, what: str, where: str) -> str:
    return escape(text) if text else f"**⚠ TO FILL IN: {what}** (`{where}` in corpus.toml)"


def _origin(draft: Draft) -> str:
    return (
        f"Version {draft.version}, made {draft.created} "
        + (f"after {draft.parent}" if draft.parent else "as the first")
        + f"; digest of its content `{draft.digest}`."
    )


def _classes(draft: Draft) -> str:
    counts, sizes = draft.partition.counts, draft.partition.sizes
    splits = [split for split in SPLITS if split != "held" or sizes[split]]
    rows: list[list[object]] = []
    for name in EMOTIONS:
        total = sum(counts[split][name] for split in splits)
        share = 100 * total / max(sizes.total(), 1)
        rows.append([name, *(counts[split][name] for split in splits), total, f"{share:.1f} %"])
    rows.append(["**all**", *(sizes[split] for split in splits), sizes.total(), "100 %"])
    return table(["class", *splits, "all", "share"], rows)


def _clips(draft: Draft) -> str:
    rows: list[list[object]] = []
    for split in (*SPLITS, "all"):
        entries = [entry for entry in draft.partition.entries if split in ("all", entry.split)]
        if not entries:
            continue
        seconds = [entry.duration for entry in entries]
        gender_of = {entry.speaker: entry.gender for entry in entries if entry.speaker}
        genders = Counter(gender or "unknown" for gender in gender_of.values())
        rows.append(
            [
                split,
                len(entries),
                _clock(sum(seconds)),
                f"{sum(seconds) / len(seconds):.2f} s",
                f"{min(seconds):.2f}–{max(seconds):.2f} s",
                *(genders[gender] for gender in ("female", "male", "other", "unknown")),
                sum(entry.speaker is None for entry in entries),
            ]
        )
    head = ["split", "clips", "h:mm:ss", "mean", "range", "women", "men", "other"]
    return table([*head, "of unknown gender", "clips of unknown speakers"], rows)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _sources(entries: Sequence[ManifestEntry]) -> str:
    series_of = {entry.source_id: entry.series for entry in entries}
    sources, clips = Counter(series_of.values()), Counter(entry.series for entry in entries)
    rows = [
        [escape(series) if series else "(none)", sources[series], count]
        for series, count in sorted(clips.items(), key=lambda item: (-item[1], item[0] or ""))
    ]
    more = f"\n\nand {len(rows) - _SHOWN} more series" if len(rows) > _SHOWN else ""
    return table(["series", "sources", "clips"], rows[:_SHOWN]) + more


def _texts(entries: Sequence[ManifestEntry], models: Mapping[str, Sequence[str]]) -> str:
    found = Counter(entry.text_source or "(no text)" for entry in entries)
    rows = [
        [origin, escape(", ".join(models.get(origin, ()))), clips]
        for origin, clips in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    ]
    return table(["text from", "model or name", "clips"], rows)


def _folds(partition: Partition) -> str:
    if not partition.folds:
        return ""
    groups = {entry.fold: entry.group for entry in reversed(partition.entries)}
    by_speaker = partition.requested_folds == SPEAKERS
    rows: list[list[object]] = []
    for fold, counts in partition.fold_counts.items():
        name = f"{fold} ({escape(groups.get(fold, 'empty'))})" if by_speaker else str(fold)
        rows.append([name, sum(counts.values()), *counts.values()])
    note = "Each fold is tested once; train, val and test above are those of the first."
    return f"\n\n{note}\n\n" + table(["fold", "clips", *EMOTIONS], rows)


def _shares(partition: Partition) -> str:
    reached = " / ".join(f"{100 * share:.1f} %" for share in partition.shares.values())
    if partition.folds:
        kind = "one per speaker" if partition.requested_folds == SPEAKERS else "of equal size"
        return f"folds: {partition.folds}, {kind}; train / val / test of the first: {reached}"
    requested = " / ".join(f"{100 * ratio:.3g} %" for ratio in partition.ratios)
    return f"train / val / test requested {requested}, reached {reached}"


def _split(draft: Draft) -> str:
    partition = draft.partition
    unsure = " (an unknown speaker may be any speaker of the series)"
    groups = " / ".join(str(partition.grouping.counts[side]) for side in SIDES)
    largest = f"{100 * partition.grouping.largest:.1f} %"
    lines = [
        f"kept whole: {draft.grouped_by}{unsure if 'speaker' in partition.by else ''}",
        _shares(partition),
        f"groups on each side: {groups}; the largest holds {largest}",
        f"clips held out, on no side: {len(partition.held)}",
    ]
    rows = [
        [
            KEYS[key][1],
            leakage.values,
            len(leakage.leaks),
            f"{leakage.exposed['val']} of {partition.sizes['val']}",
            f"{leakage.exposed['test']} of {partition.sizes['test']}",
        ]
        for key, leakage in draft.leakage.items()
    ]
    head = ["shared", "in all", "on more than one side", "val clips sharing with train"]
    body = bullets(lines) + _folds(partition)
    body += "\n\n" + table([*head, "test clips sharing with train"], rows)
    for key, leakage in draft.leakage.items():
        if leakage.leaks:
            shown = "; ".join(escape(leak.value) for leak in leakage.leaks[:_SHOWN])
            rest = len(leakage.leaks) - _SHOWN
            more = f"; and {rest} more (all of them: leakage.json)" if rest > 0 else ""
            body += f"\n\nShared {KEYS[key][1]}: {shown}{more}"
    return body


def _to_fill_in(corpus: dict[str, Any], said: CardSettings) -> str:
    licence = corpus.get("licence")
    return bullets(
        [
            "Licence: " + _filled(licence, "under which licence", "[corpus] licence"),
            "Consent: " + _filled(said.consent, "what speakers agreed to", "[card] consent"),
            "Collection: " + _filled(said.collection, "how it was collected", "[card] collection"),
            "Use: " + _filled(said.intended_use, "what it is for", "[card] intended_use"),
            "Contact: " + _filled(said.contact, "whom to ask", "[card] contact"),
            "Citation: " + _filled(said.citation, "how to cite it", "[card] citation"),
        ]
    )
