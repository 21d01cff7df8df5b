"""Errors of media files."""

from manifests.base.errors import DataError

__all__ = [
    "EmptyMediaError",
    "LongMediaError",
    "MediaError",
    "MissingMediaError",
    "NoAudioError",
    "NotMediaError",
    "ProtectedMediaError",
    "TruncatedMediaError",
]


class MediaError(DataError):
    """A media file can't be used."""


class MissingMediaError(MediaError):
    """There is no such file."""


class EmptyMediaError(MediaError):
    """The file has no bytes, or its audio no samples."""


class NotMediaError(MediaError):
    """The file isn't readable audio or video."""


class NoAudioError(MediaError):
    """The file has no audio track, or not the requested one."""


class ProtectedMediaError(MediaError):
    """The audio is encrypted."""


class LongMediaError(MediaError):
    """The file's timeline is longer than supported."""


class TruncatedMediaError(MediaError):
    """The audio ends early, or can't be decoded to its end."""
