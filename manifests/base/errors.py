"""Errors with a message the user can act on: the item, the problem and the remedy."""

__all__ = ["ConfigurationError", "CorpusError", "DataError"]


class CorpusError(Exception):
    """Failure the user can act on; a command prints its text and exits with ``exit_code``."""

    exit_code = 1


class DataError(CorpusError):
    """A file or record is missing, damaged or invalid."""


class ConfigurationError(CorpusError):
    """A command's arguments or ``corpus.toml`` are invalid."""

    exit_code = 2
