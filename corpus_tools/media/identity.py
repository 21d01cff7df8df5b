"""Ids of sources and clips, and the episode in a file's name."""

import re
from pathlib import Path

from manifests.base.letters import composed

__all__ = ["clip_id", "episode_of", "path_in_record", "slug", "source_id"]

SLUG_BYTES = 80


def slug(name: str, limit: int = SLUG_BYTES) -> str:
    """Return a name of at most ``limit`` UTF-8 bytes that any system takes as a file name.

    Letters of all scripts stay.

    Example:
        >>> slug("山城 往事 (第1集)"), slug("-a/b?c."), slug("🎬")
        ('山城-往事-第1集', 'a-b-c', 'source')
    """
    text = composed(name)
    text = re.sub(r"[^\w.]+", "-", text)
    text = re.sub(r"[-_.]*-[-_.]*", "-", text)
    text = re.sub(r"\.{2,}", ".", text)
    text = text.encode()[:limit].decode(errors="ignore")
    return text.strip("-_.") or "source"


def source_id(name: str, sha256: str, track: int | None = None, channel: str | None = None) -> str:
    """Return a source's id: slug of the file's name, start of its hash, track if not the default.

    A ``channel`` used without the other follows.

    Example:
        >>> source_id("E01", "0123456789abcdef", 2), source_id("E02", "fedcba987654", None, "left")
        ('E01-0123456789ab-t2', 'E02-fedcba987654-left')
    """
    suffix = "" if track is None else f"-t{track}"
    suffix += "" if channel is None else f"-{channel}"
    return f"{slug(name)}-{sha256[:12]}{suffix}"


def clip_id(source: str, start_ms: int, end_ms: int) -> str:
    """Return a clip's id: source id and edges in whole milliseconds.

    Example:
        >>> clip_id("E01-0123456789ab", 61_000, 64_250)
        'E01-0123456789ab-00061000-00064250'
    """
    return f"{source}-{start_ms:08d}-{end_ms:08d}"


def episode_of(title: str) -> str | None:
    """Return the episode number in a title, ``None`` if there is none.

    Example:
        >>> episode_of("Show.S01E07.1080p"), episode_of("傻儿师长 第12集"), episode_of("pilot")
        ('S01E07', '第12集', None)
    """
    match = _EPISODE.search(title)
    return match.group(0) if match else None


def path_in_record(media: Path, corpus: Path) -> str:
    """Return the path of a file for a record: in the corpus folder relative to it, else the name.

    Records thus don't reveal other folders.
    """
    path, root = media.resolve(), corpus.resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else media.name


_EPISODE = re.compile(
    r"(?<![A-Za-z0-9])(?:S\d{1,2})?EP?\d{1,4}(?![A-Za-z0-9])|第[0-9零〇一二三四五六七八九十百]+[集话話回]",
    re.IGNORECASE,
)
