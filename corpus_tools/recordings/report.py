"""Report on the matches of a take."""

from typing import Any

from corpus_tools.recordings.session import AddedTake
from corpus_tools.recordings.take import Take

__all__ = ["doubt_warning", "take_report"]


def take_report(take: Take, added: AddedTake) -> dict[str, Any]:
    """Return a take's counts and doubtful lines, JSON-ready."""
    table = added.table
    return {
        "file": take.file,
        "speaker": take.speaker,
        "source_id": added.source_id,
        "by": added.by,
        "lines": len(table),
        "matched": sum(row.status == "matched" for row in table),
        "skipped": sum(row.status == "skipped" for row in table),
        "retakes": sum(len(row.retakes.split()) for row in table),
        "false_starts": sum(len(row.false_starts.split()) for row in table),
        "doubtful": [
            {
                "line": int(row.line),
                "text": row.text,
                "start": float(row.start) if row.start else None,
                "end": float(row.end) if row.end else None,
                "score": float(row.score),
                "flags": row.flags.split(),
                "accepted": row.clip_id in added.accepted,
            }
            for row in table
            if row.flags
        ],
        "table": f"review/{added.source_id}.matches.csv",
    }


def doubt_warning(take: Take, added: AddedTake) -> str | None:
    """Return a warning if most lines of a take are doubtful, else None."""
    doubtful = sum(bool(row.flags) for row in added.table)
    if doubtful <= len(added.table) / 2:
        return None
    advice = "check each line" if added.by == "text" else "give recognised text with --texts"
    return (
        f"{take.file}: {doubtful} of its {len(added.table)} lines are doubtful; it may have "
        f"another script, or lack text or takes of other speakers; {advice}, or leave it out"
    )
