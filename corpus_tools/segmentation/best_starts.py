"""Dynamic programming over candidate edges, in time linear in their number."""

from collections import deque
from collections.abc import Sequence

__all__ = ["best_starts"]


def best_starts(
    opening: Sequence[float], closing: Sequence[float], first: Sequence[int], behind: Sequence[int]
) -> list[int]:
    """Return for each edge the start of the clip that ends there in the best plan up to the edge.

    Args:
        opening: cost of beginning a clip at each edge.
        closing: gain from ending a clip at each edge.
        first: index of the first edge at which a clip that ends here may begin; never decreases.
        behind: index after the last edge at which such a clip may begin; never decreases.

    Returns:
        Indices of edges; -1 where no clip ends.

    Example:
        >>> best_starts([1, 1, 1], [0, 3, 2], first=[0, 0, 0], behind=[0, 1, 2])
        [-1, 0, 1]
    """
    chosen = [-1] * len(opening)
    best = 0.0  # value of the best plan so far
    ready: list[float] = []  # value of the best plan up to each edge if a clip begins there
    open_edges: deque[int] = deque()  # possible starts by decreasing value
    added = 0
    for at in range(len(opening)):
        for edge in range(added, behind[at]):
            while open_edges and ready[open_edges[-1]] < ready[edge]:
                open_edges.pop()
            open_edges.append(edge)
        added = behind[at]
        while open_edges and open_edges[0] < first[at]:
            open_edges.popleft()
        if open_edges and ready[open_edges[0]] + closing[at] > best + _TIE:
            chosen[at] = open_edges[0]
            best = ready[chosen[at]] + closing[at]
        ready.append(best - opening[at])
    return chosen


_TIE = 1e-9
