"""Differences between two versions as Markdown, for a changelog or an issue."""

from typing import Any

from manifests.diff import Change, ManifestDiff
from manifests.markdown import escape, table

__all__ = ["diff_as_markdown"]


def diff_as_markdown(diff: ManifestDiff, most: int = 20) -> str:
    """Return the differences as Markdown: kinds of change, clips per class, the first clips.

    Args:
        diff: differences.
        most: maximum number of clips to list.
    """
    kinds = [[kind, n] for kind, n in diff.kinds.items() if n]
    parts = [
        f"## {escape(diff.before)} to {escape(diff.after)}",
        table(["change", "clips"], [*kinds, ["the same", diff.same]]),
        _counts_table(diff),
    ]
    for title, pairs in (("Moved", diff.moves), ("Relabelled", diff.relabels)):
        if pairs:
            rows = [[f"{before} → {after}", n] for (before, after), n in sorted(pairs.items())]
            parts += [f"### {title}", table(["from → to", "clips"], rows)]
    if diff.changes and most:
        shown = diff.changes[:most]
        parts += [f"### Clips ({len(shown)} of {len(diff.changes)})"]
        parts.append("\n".join(_change_line(change) for change in shown))
    return "\n\n".join(parts) + "\n"


def _counts_table(diff: ManifestDiff) -> str:
    splits = list(diff.counts[1])
    rows = []
    for name in diff.counts[1]["train"]:
        pairs = [[count.get(split, {}).get(name, 0) for count in diff.counts] for split in splits]
        rows.append([name, *(str(x) if x == y else f"{x} → {y}" for x, y in pairs)])
    return table(["class", *splits], rows)


def _change_line(change: Change) -> str:
    fields = "; ".join(
        f"{name} {_shown(old)} → {_shown(new)}" for name, (old, new) in change.fields.items()
    )
    return f"- {escape(change.clip_id)}: {', '.join(change.kinds)} ({fields})"


def _shown(value: Any) -> str:
    return "–" if value is None else escape(str(value))
