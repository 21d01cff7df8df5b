"""What can be wrong with a media file."""

from manifests.errors import DataError

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
    """The file is no audio or video that can be read."""


class NoAudioError(MediaError):
    """The file has no audio track, or not the one asked for."""


class ProtectedMediaError(MediaError):
    """The audio is encrypted."""


class LongMediaError(MediaError):
    """The file's timeline is longer than can be worked on."""


class TruncatedMediaError(MediaError):
    """The audio ends, or can't be decoded any further, before it should."""
