"""Section of the card on screening: accepted clips, and reasons of rejection."""

from manifests.facts import ScreeningFacts
from manifests.markdown import escape, table

__all__ = ["screening_section"]


def screening_section(found: ScreeningFacts | None) -> str:
    """Return the section, without its heading.

    Args:
        found: screening figures, None if unknown.
    """
    if found is None:
        return "Screening decisions are not known for this version."
    parts = [
        f"Cut or recorded: {found.cut} clips; accepted for labelling: {found.accepted}.",
    ]
    if found.reasons:
        rows: list[list[object]] = [
            [escape(reason), count]
            for reason, count in sorted(found.reasons.items(), key=lambda item: (-item[1], item[0]))
        ]
        parts += [
            "Rejected, by reason; a clip may have several:",
            table(["reason", "clips"], rows),
        ]
    if found.thresholds:
        limits: list[list[object]] = [
            [escape(name), escape(_values(name, values))]
            for name, values in found.thresholds.items()
        ]
        parts += ["Thresholds:", table(["threshold", "accepted is"], limits)]
    return "\n\n".join(parts)


def _values(name: str, values: dict[str, int]) -> str:
    bound = "at most" if name.startswith("max_") else "at least"
    return "; ".join(
        f"{bound} {value} ({sources} source{'s' * (sources != 1)})"
        for value, sources in values.items()
    )
