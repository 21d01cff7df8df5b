"""The clips that together are worth most, in time linear in the number of places to cut at."""

from collections import deque
from collections.abc import Sequence

__all__ = ["best_starts"]


def best_starts(
    opening: Sequence[float], closing: Sequence[float], first: Sequence[int], behind: Sequence[int]
) -> list[int]:
    """Return for each edge where the clip begins that ends there in the best plan up to it.

    Args:
        opening: what it costs to begin a clip at an edge.
        closing: what it brings to end one there.
        first: the first edge at which such a clip may begin; no less than for the edge before.
        behind: the edge after the last of these; likewise.

    Returns:
        -1 for an edge at which none ends.

    Example:
        >>> best_starts([1, 1, 1], [0, 3, 2], first=[0, 0, 0], behind=[0, 1, 2])
        [-1, 0, 1]
    """
    chosen = [-1] * len(opening)
    best = 0.0  # value of the best plan up to an edge
    ready: list[float] = []  # the same if a clip then begins
    open_edges: deque[int] = deque()  # those a clip may begin at, best first, none before a better
    seen = 0
    for at in range(len(opening)):
        for edge in range(seen, behind[at]):
            while open_edges and ready[open_edges[-1]] < ready[edge]:
                open_edges.pop()
            open_edges.append(edge)
        seen = behind[at]
        while open_edges and open_edges[0] < first[at]:
            open_edges.popleft()
        if open_edges and ready[open_edges[0]] + closing[at] > best + _TIE:
            chosen[at] = open_edges[0]
            best = ready[chosen[at]] + closing[at]
        ready.append(best - opening[at])
    return chosen


_TIE = 1e-9
