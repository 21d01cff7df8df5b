"""Annotation: from clips to tasks in Label Studio, and from people's answers to labels.

Here belong batches of tasks, the exchange with Label Studio, judgements, agreement and the
aggregation of votes. Nothing here decodes sound or trains; of the other packages it imports only
`manifests`.

Example:
    >>> import annotation
    >>> votes = [("c1", "li", "sad"), ("c1", "wu", "sad")]
    >>> votes += [("c2", "li", "fear"), ("c2", "wu", "sad")]
    >>> round(annotation.krippendorff_alpha(votes), 3)
    0.0
    >>> annotation.agreement("my-corpus").alpha.low  # doctest: +SKIP
    0.61
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annotation.api import DawidSkeneLabels, agreement, dawid_skene, krippendorff_alpha, votes

__all__ = ["DawidSkeneLabels", "agreement", "dawid_skene", "krippendorff_alpha", "votes"]


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used, so that the package alone stays light."""
    if name in __all__:
        from annotation import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
