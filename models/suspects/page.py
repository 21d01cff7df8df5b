"""HTML page of the most doubtful labels, which plays the clips; no scripts, it works offline."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from manifests.storage.records import ManifestEntry
from manifests.storage.store import write_bytes
from manifests.versions.manifest import Manifest
from models.evaluation.page import clip_sound, render_page

__all__ = ["write_suspects_page"]


def write_suspects_page(
    path: Path,
    manifest: Manifest,
    entries: Sequence[ManifestEntry],
    document: Mapping[str, Any],
    warnings: Sequence[str],
) -> None:
    """Write the page of the ``suspects`` in a document as of ``suspects.json``, atomically."""
    entry_of = {entry.clip_id: entry for entry in entries}
    shown = []
    for row in document["suspects"]:
        entry = entry_of[row["clip_id"]]
        sound, cut = clip_sound(manifest, entry)
        own, other = row["emotion"], row["predicted"]
        shares = row["probabilities"]
        shown.append(
            {
                "row": row,
                "entry": entry,
                "sound": sound,
                "cut": cut,
                "own": shares[own],
                "other": shares[other] if other not in (None, own) else None,
            }
        )
    page = render_page("models.suspects", document=document, warnings=warnings, shown=shown)
    write_bytes(path, page.encode("utf-8", "xmlcharrefreplace"))
