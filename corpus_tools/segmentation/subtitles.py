"""The subtitles of a source as records."""

from pathlib import Path

from corpus_tools.transcription.subtitles import find_sidecar, read_embedded, read_subtitle_file
from manifests.errors import DataError
from manifests.records import SubtitleLine
from manifests.store import sha256_file

__all__ = ["read_lines", "sidecar_sha256"]


def sidecar_sha256(media: Path) -> str | None:
    """Return the sha256 of the subtitle file beside a media file, if there is one."""
    sidecar = find_sidecar(media)
    return sha256_file(sidecar) if sidecar else None


def read_lines(media: Path, source_id: str) -> tuple[list[SubtitleLine], str | None]:
    """Return the subtitles of a media file, from the file beside it, else from a track in it.

    Returns:
        The lines in order of time, and a sentence if the subtitles are bad: then there are none.
    """
    try:
        sidecar = find_sidecar(media)
        events = read_subtitle_file(sidecar) if sidecar else read_embedded(media)
    except DataError as error:
        return [], f"{error}; cut without subtitles"
    lines = [
        SubtitleLine(
            source_id=source_id,
            start=event.start,
            end=event.end,
            text=event.text,
            speaker=event.speaker,
        )
        for event in events
    ]
    return sorted(lines, key=lambda line: (line.start, line.end, line.text)), None
