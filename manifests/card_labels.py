"""Section of the card on labels: annotators, votes, aggregation and agreement."""

from manifests.draft import Draft
from manifests.facts import AgreementFacts
from manifests.markdown import bullets, escape, table

__all__ = ["labels_section"]


def labels_section(draft: Draft, agreement: AgreementFacts | None) -> str:
    """Return the section, without its heading.

    Args:
        draft: version to describe.
        agreement: agreement of the annotators, None if not measured.
    """
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
        f"clips whose label an adjudicator decided: {sum(entry.adjudicated for entry in entries)}",
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
    basis = f"{found.annotators} annotators on the {found.clips} clips with two votes or more"
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
