"""Differences between two versions as Markdown, for a changelog or an issue."""

from typing import Any

from manifests.diff import Change, ManifestDiff
from manifests.markdown import escape, table

__all__ = ["diff_as_markdown"]


def diff_as_markdown(found: ManifestDiff, most: int = 20) -> str:
    """Return the differences as Markdown: kinds of change, clips per class, the first clips.

    Args:
        found: differences.
        most: maximum number of clips to list.
    """
    kinds = [[kind, n] for kind, n in found.kinds.items() if n]
    parts = [
        f"## {escape(found.before)} to {escape(found.after)}",
        table(["change", "clips"], [*kinds, ["the same", found.same]]),
        _counts_table(found),
    ]
    for title, pairs in (("Moved", found.moves), ("Relabelled", found.relabels)):
        if pairs:
            rows = [[f"{one} → {other}", n] for (one, other), n in sorted(pairs.items())]
            parts += [f"### {title}", table(["from → to", "clips"], rows)]
    if found.changes and most:
        shown = found.changes[:most]
        parts += [f"### Clips ({len(shown)} of {len(found.changes)})"]
        parts.append("\n".join(_change_line(change) for change in shown))
    return "\n\n".join(parts) + "\n"


def _counts_table(found: ManifestDiff) -> str:
    splits = list(found.counts[1])
    rows = []
    for name in found.counts[1]["train"]:
        pairs = [[count.get(split, {}).get(name, 0) for count in found.counts] for split in splits]
        rows.append([name, *(str(x) if x == y else f"{x} → {y}" for x, y in pairs)])
    return table(["class", *splits], rows)


def _change_line(change: Change) -> str:
    fields = "; ".join(
        f"{name} {_shown(old)} → {_shown(new)}" for name, (old, new) in change.fields.items()
    )
    return f"- {escape(change.clip_id)}: {', '.join(change.kinds)} ({fields})"


def _shown(value: Any) -> str:
    return "–" if value is None else escape(str(value))
