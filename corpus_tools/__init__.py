"""From drama video to a versioned, leak-free emotional speech corpus.

Here belong the steps that work on a corpus folder, one sub-package each, and the command line.
Records and files that the other packages read belong in `manifests`, votes in `annotation`,
networks in `models`; none of them imports this package.

Example:
    >>> from corpus_tools import Corpus
    >>> import tempfile
    >>> corpus = Corpus.create(tempfile.mkdtemp(), name="teahouse", language="zh")
    >>> corpus.status()["clips"]["accepted"]
    0
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corpus_tools.api.corpus import Corpus

__all__ = ["Corpus"]


def __getattr__(name: str) -> object:
    """Import the public names when they are first used, so that ``corpus --help`` stays light."""
    if name in __all__:
        from corpus_tools.api.corpus import Corpus

        return Corpus
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
