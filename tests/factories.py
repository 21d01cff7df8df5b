"""Builders of corpus records with plausible values; pass the fields that a test is about."""

import hashlib
import json
from pathlib import Path
from typing import Any

from manifests.base.emotions import EMOTIONS
from manifests.storage.records import Clip, Judgement, Label, ManifestEntry, Source, Transcript
from manifests.storage.store import canonical_json, fingerprint, sha256_file
from manifests.versions.manifest import content_digest

__all__ = [
    "DIGEST",
    "clip_id_of",
    "edit_shard",
    "make_clip",
    "make_entry",
    "make_judgement",
    "make_label",
    "make_source",
    "make_transcript",
    "seal_manifest",
]

DIGEST = "0" * 64


def edit_shard(path: Path, old: bytes, new: bytes) -> None:
    """Replace bytes in a shard as if a stage had written it so."""
    head, _, rows = path.read_bytes().replace(old, new).partition(b"\n")
    header = json.loads(head)["_"]
    of = {name: header[name] for name in ("stage", "schema", "algorithm", "inputs")}
    header["fingerprint"] = fingerprint(of)
    header["sha256"] = hashlib.sha256(rows).hexdigest()
    path.write_bytes(canonical_json({"_": header}).encode() + b"\n" + rows)


def clip_id_of(source_id: str, start: float, end: float) -> str:
    """Return the id of a clip (times in seconds)."""
    return f"{source_id}-{round(start * 1000):08d}-{round(end * 1000):08d}"


def make_source(source_id: str = "E01-0123456789ab", **fields: Any) -> Source:
    """Return a source: a drama of ten minutes, without a series."""
    return Source(
        **{
            "source_id": source_id,
            "series": None,
            "episode": None,
            "title": source_id,
            "kind": "drama",
            "media_path": f"{source_id}.mp4",
            "sha256": DIGEST,
            "size": 1,
            "duration": 600.0,
            "track": 0,
            "sample_rate": 48000,
            "channels": 2,
            **fields,
        }
    )


def make_clip(
    source_id: str = "E01-0123456789ab", start: float = 0.0, end: float = 4.0, **fields: Any
) -> Clip:
    """Return a clip with good measures (times in seconds)."""
    clip_id = fields.get("clip_id", clip_id_of(source_id, start, end))
    return Clip(
        **{
            "clip_id": clip_id,
            "source_id": source_id,
            "path": f"clips/{source_id}/{clip_id}.wav",
            "start": float(start),
            "end": float(end),
            "duration": float(end - start),
            "sha256": DIGEST,
            "file_sha256": DIGEST,
            "rms_db": -20.0,
            "peak_db": -3.0,
            "speech_ratio": 0.9,
            **fields,
        }
    )


def make_transcript(clip_id: str, text: str, **fields: Any) -> Transcript:
    """Return a text of Whisper's for a clip."""
    return Transcript(
        **{"clip_id": clip_id, "text": text, "text_raw": "", "source": "whisper", **fields}
    )


def make_judgement(
    clip_id: str,
    annotator: str = "a01",
    number: int = 1,
    emotion: str | None = "angry",
    **fields: Any,
) -> Judgement:
    """Return an answer; ``number`` is the number of its annotation and of its task."""
    created = fields.get("created_at", "2026-01-01T00:00:00.000000Z")
    return Judgement(
        **{
            "clip_id": clip_id,
            "annotator": annotator,
            "server": "label-studio",
            "project_id": 1,
            "task_id": number,
            "annotation_id": number,
            "unique_id": None,
            "created_at": created,
            "updated_at": created,
            "status": "answered",
            "emotion": emotion,
            "import_sha256": DIGEST,
            **fields,
        }
    )


def make_label(clip_id: str, emotion: str | None = "angry", votes: int = 3, **fields: Any) -> Label:
    """Return a unanimous label, or a tie without an emotion."""
    return Label(
        **{
            "clip_id": clip_id,
            "emotion": emotion,
            "reason": None if emotion else "tie",
            "soft": [float(name == emotion) for name in EMOTIONS] if emotion else None,
            "votes": [(f"a{number:02d}", emotion) for number in range(votes)],
            "agreement": 1.0 if emotion else None,
            **fields,
        }
    )


def make_entry(
    clip_id: str = "c",
    emotion: str = "angry",
    speaker: str | None = None,
    series: str | None = None,
    source: str = "s",
    **fields: Any,
) -> ManifestEntry:
    """Return a manifest entry of 4 s, ``held`` back from the splits."""
    return ManifestEntry(
        **{
            "clip_id": clip_id,
            "path": f"clips/{source}/{clip_id}.wav",
            "sha256": DIGEST,
            "file_sha256": DIGEST,
            "source_id": source,
            "series": series,
            "speaker": speaker,
            "gender": None,
            "start": 0.0,
            "end": 4.0,
            "duration": 4.0,
            "text": "",
            "text_source": None,
            "emotion": emotion,
            "soft": [float(name == emotion) for name in EMOTIONS],
            "votes": [("a01", emotion)],
            "agreement": 1.0,
            "group": "",
            "split": "held",
            **fields,
        }
    )


def seal_manifest(folder: Path) -> None:
    """Write the header of a version, or correct its checksums, to fit its ``manifest.jsonl``."""
    path = folder / "manifest.json"
    header = json.loads(path.read_text()) if path.exists() else {
        "version": folder.name, "schema": 1, "created": "", "parent": None, "params": {},
        "groups": {"by": [], "largest": 0, "counts": {}}, "files": {}, "counts": {"train": {}},
    }  # fmt: skip
    sha256 = sha256_file(folder / "manifest.jsonl")
    header["files"]["manifest.jsonl"] = sha256
    header["digest"] = content_digest(sha256, header["params"])
    path.write_text(json.dumps(header))
