"""Errors that a user can act on: the thing, what is wrong with it, and what to do next."""

__all__ = ["ConfigurationError", "CorpusError", "DataError"]


class CorpusError(Exception):
    """Something failed in a way the user can do something about; its text is one sentence.

    The command line prints the text alone and ends with ``exit_code``.
    """

    exit_code = 1


class DataError(CorpusError):
    """A file or record is not what it should be."""


class ConfigurationError(CorpusError):
    """A command was called wrongly, or ``corpus.toml`` says something it can't."""

    exit_code = 2
