"""Lhotse export: recordings, supervisions and cuts (gzipped JSON Lines)."""

import gzip
from pathlib import Path
from typing import Any

from manifests.exports.contents import COLUMNS, Contents, import_extra

__all__ = ["write"]

_OWN_FIELDS = {"clip_id", "file", "text", "speaker", "gender", "duration"}
_CUSTOM = [name for name in COLUMNS if name not in _OWN_FIELDS]


def write(contents: Contents, folder: Path) -> None:
    """Write ``recordings.jsonl.gz``, ``supervisions.jsonl.gz`` and ``cuts.jsonl.gz``.

    A clip is a recording with one supervision over its whole length: text, speaker and gender in
    their own fields, the rest in ``custom``, where ``start`` and ``end`` are seconds into the
    source. Paths are relative to the export's folder. ConfigurationError if lhotse isn't installed.
    """
    lhotse = import_extra("lhotse")
    recordings, supervisions = [], []
    for row in contents.rows():
        recordings.append(_recording(lhotse, row, folder))
        supervisions.append(
            lhotse.SupervisionSegment(
                id=row["clip_id"],
                recording_id=row["clip_id"],
                start=0.0,
                duration=recordings[-1].duration,
                channel=0,
                text=row["text"] or None,
                language=contents.param("corpus", "language"),
                speaker=row["speaker"],
                gender=row["gender"],
                custom={
                    name: [list(vote) for vote in row[name]] if name == "votes" else row[name]
                    for name in _CUSTOM
                    if row[name] is not None
                },
            )
        )
    recordings = lhotse.RecordingSet.from_recordings(recordings)
    supervisions = lhotse.SupervisionSet.from_segments(supervisions)
    cuts = lhotse.CutSet.from_manifests(recordings=recordings, supervisions=supervisions)
    for name, rows in (("recordings", recordings), ("supervisions", supervisions), ("cuts", cuts)):
        path = folder / f"{name}.jsonl.gz"
        rows.to_file(path)
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), mtime=0))  # no date


def _recording(lhotse: Any, row: dict[str, Any], folder: Path) -> Any:
    """Return the recording of a clip, with its length in samples."""
    import soundfile

    info = soundfile.info(folder / row["file"])
    return lhotse.Recording(
        id=row["clip_id"],
        sources=[lhotse.AudioSource(type="file", channels=[0], source=row["file"])],
        sampling_rate=info.samplerate,
        num_samples=info.frames,
        duration=info.frames / info.samplerate,
    )
