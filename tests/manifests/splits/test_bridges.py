import random
from collections import Counter
from itertools import product

import pytest

from manifests.splits import bridges
from manifests.splits.annealing import Division
from manifests.splits.bridges import TOLERANCE, fewest_bridges
from manifests.splits.connections import Connections
from manifests.splits.groups import group_clips

RATIOS = (0.8, 0.1, 0.1)


def drawn(seed, clips=300, sources=8, speakers=6):
    """Clips of sources with two speakers each."""
    chance = random.Random(seed)
    cast = [chance.sample(range(speakers), 2) for _ in range(sources)]
    found = {}
    for number in range(clips):
        source = chance.randrange(sources)
        speaker = chance.choice(cast[source])
        found[f"c{number:03d}"] = (f"speaker:p{speaker}", f"source:s{source}")
    return found


def fits(sizes, ratios=RATIOS):
    stay = sum(sizes)
    return all(
        size and abs(size - ratio * stay) <= TOLERANCE * stay + 1e-9
        for size, ratio in zip(sizes, ratios, strict=True)
    )


def least_loss(keys, ratios=RATIOS):
    """Search all sides of all keys exhaustively."""
    names = sorted({key for shared in keys.values() for key in shared})
    bundles = Counter(keys.values()).items()
    best = None
    for sides in product(range(len(ratios)), repeat=len(names)):
        side_of = dict(zip(names, sides, strict=True))
        sizes = [0] * len(ratios)
        for shared, clips in bundles:
            found = {side_of[key] for key in shared}
            if len(found) == 1:
                sizes[found.pop()] += clips
        if fits(sizes, ratios):
            lost = len(keys) - sum(sizes)
            best = lost if best is None else min(best, lost)
    return best


@pytest.mark.parametrize("seed", range(6))
def test_exhaustive_search_loses_the_fewest_clips(seed):
    keys = drawn(seed, clips=120, sources=6, speakers=4)
    found = fewest_bridges(keys, RATIOS)
    least = least_loss(keys)
    assert (found is None) == (least is None)
    assert found is None or len(found) == least


@pytest.mark.parametrize("seed", range(4))
def test_annealing_comes_near_exhaustive_search(seed, monkeypatch):
    keys = drawn(seed, clips=150, sources=5, speakers=5)
    least = least_loss(keys)
    monkeypatch.setattr(bridges, "_EXHAUSTIVE", 1)
    found = fewest_bridges(keys, RATIOS)
    assert (found is None) == (least is None)
    assert found is None or len(found) <= 1.1 * least


@pytest.mark.usefixtures("quick_search")
def test_remaining_clips_can_be_divided_by_the_ratios():
    keys = drawn(1, clips=900, sources=20, speakers=14)
    found = fewest_bridges(keys, RATIOS)
    stay = {clip: shared for clip, shared in keys.items() if clip not in found}
    sizes = Counter(group_clips(stay).values())
    assert max(sizes.values()) <= (RATIOS[0] + TOLERANCE) * len(stay)
    assert len(sizes) >= 3
    assert 0 < len(found) < 0.2 * len(keys)


@pytest.mark.usefixtures("quick_search")
def test_result_does_not_depend_on_the_order_of_clips():
    keys = drawn(2)
    shuffled = list(keys.items())
    random.Random(0).shuffle(shuffled)
    assert fewest_bridges(dict(shuffled), RATIOS) == fewest_bridges(keys, RATIOS)


def test_a_single_key_can_not_be_divided():
    keys = {str(number): ("speaker:p",) for number in range(50)}
    assert fewest_bridges(keys, RATIOS) is None
    assert fewest_bridges({}, RATIOS) is None


def test_unconnected_clips_cost_nothing():
    keys = {f"{group}-{n}": (f"source:{group}",) for group in range(10) for n in range(7)}
    assert fewest_bridges(keys, RATIOS) == frozenset()


def copied(sources, clips_of_each, copies):
    """Clips of sources, so many of which are copies of one of any other."""
    chance = random.Random(0)
    names = [(source, place) for source in range(sources) for place in range(clips_of_each)]
    chosen = chance.sample(names, 2 * copies)
    shared = {name: (f"repeat:{number % copies}",) for number, name in enumerate(chosen)}
    return {f"{name}": (f"source:{name[0]}", *shared.get(name, ())) for name in names}


def hosted(sources):
    """Clips of sources with a guest each and one host."""
    return {
        f"{source}-{place}": (f"speaker:{place and source}", f"source:{source}")
        for source in range(1, sources)
        for place in range(4)
    }


@pytest.mark.parametrize(
    "keys",
    [copied(20, 67, 140), copied(60, 67, 1400), copied(400, 3, 500), hosted(400)],
    ids=["few sources", "many copies", "small sources", "one component"],
)
def test_work_is_bounded_whatever_the_shape(keys, monkeypatch):
    moves = []
    monkeypatch.setattr("manifests.splits.bridges._WORK_OF_A_KEY", 10)
    monkeypatch.setattr("manifests.splits.bridges._LEAST_WORK", 3_000)
    kept = Division._move
    monkeypatch.setattr(
        Division, "_move", lambda self, key, side: (moves.append(key), kept(self, key, side))
    )
    assert fewest_bridges(keys, RATIOS) is not None
    number = len({key for shared in keys.values() for key in shared})
    assert len(moves) < 3 * 3 * max(3_000, 10 * number) + 3 * 62 * number


def test_division_knows_its_loss_after_every_search():
    keys = {
        f"{clip}": tuple(dict.fromkeys(f"speaker:{(clip * step) % 23}" for step in (1, 3, 5, 8)))
        for clip in range(400)
    }
    connections, _ = Connections.of(keys, small=0)
    division = Division(connections, RATIOS, [0] * 23, 2.0, random.Random(0))
    for _ in range(5):
        division.anneal(2_000, 0.5)
        sizes = Counter()
        for together, clips in connections.bundles:
            sides = {division.sides[place] for place in together}
            sizes[sides.pop() if len(sides) == 1 else None] += clips
        for place, clips in enumerate(connections.weights):
            sizes[division.sides[place]] += clips
        assert division.lost == sizes[None]
        assert division.sizes == [sizes[side] for side in range(3)]
