"""How well the lines of a take were found, in a few figures."""

from typing import Any

from corpus_tools.recordings.session import AddedTake
from corpus_tools.recordings.take import Take

__all__ = ["complaint_of", "report_of"]


def report_of(take: Take, added: AddedTake) -> dict[str, Any]:
    """Return what a take came to, JSON-ready, with the lines that somebody must check."""
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


def complaint_of(take: Take, added: AddedTake) -> str | None:
    """Return what to tell of a take most of whose lines are doubtful, None of others."""
    doubtful = sum(bool(row.flags) for row in added.table)
    if doubtful <= len(added.table) / 2:
        return None
    advice = "check each line" if added.by == "text" else "give recognised text with --texts"
    return (
        f"{take.file}: {doubtful} of its {len(added.table)} lines are doubtful, as with another "
        f"take's script, or without text and other speakers' takes; {advice}, or leave it out"
    )
