"""Section of the card on screening: accepted clips, and reasons of rejection."""

from manifests.facts import ScreeningFacts
from manifests.markdown import escape, table

__all__ = ["screening_section"]


def screening_section(figures: ScreeningFacts | None) -> str:
    """Return the section, without its heading.

    Args:
        figures: screening figures, None if unknown.
    """
    if figures is None:
        return "Screening decisions are not known for this version."
    parts = [
        f"Cut or recorded: {figures.cut} clips; accepted for labelling: {figures.accepted}.",
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
