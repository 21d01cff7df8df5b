from hypothesis import given, settings
from hypothesis import strategies as st

from manifests.splits.folds import keep_sides

clip = st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True).map(
    lambda keys: tuple(f"source:{key}" for key in keys)
)
clips = st.lists(clip, max_size=20).map(
    lambda rows: {f"c{number:02d}": keys for number, keys in enumerate(rows)}
)


@given(clips, st.data())
@settings(max_examples=200, deadline=None)
def test_no_key_on_two_sides_nothing_moves_and_held_clips_are_bridges(keys, data):
    side = st.sampled_from(["train", "val", "test"])
    names = st.sampled_from(sorted(keys)) if keys else st.nothing()
    placed = data.draw(st.dictionaries(names, side))
    kept = keep_sides(keys, placed)
    for name, shared in keys.items():
        known = {kept.sides[key] for key in shared if key in kept.sides}
        own = {placed[name]} if name in placed else set()
        if name in kept.held:
            assert len(known | own) > 1
        else:
            assert len(known) <= 1
            assert own <= known
            assert not known or all(key in kept.sides for key in shared)


def test_a_new_bridge_is_held_and_nothing_else():
    old = {"a": ("speaker:1", "source:x"), "b": ("speaker:2", "source:y")}
    new = {"bridge": ("speaker:1", "source:y"), "more": ("speaker:1", "source:z")}
    kept = keep_sides(old | new, {"a": "train", "b": "test"})
    assert kept.held == {"bridge"}
    assert kept.sides["source:z"] == "train"


def test_a_corrected_speaker_holds_out_the_smaller_side():
    keys = {f"a{number}": ("speaker:1",) for number in range(3)}
    keys |= {f"b{number}": ("speaker:1",) for number in range(2)}  # were speaker:2
    placed = dict.fromkeys(["a0", "a1", "a2"], "train") | dict.fromkeys(["b0", "b1"], "test")
    assert keep_sides(keys, placed).held == {"b0", "b1"}


def test_one_corrected_clip_holds_out_that_clip_alone():
    keys = {f"a{n}": ("speaker:1", "source:x") for n in range(3)}
    keys |= {f"b{n}": ("speaker:2", "source:y") for n in range(3)}
    placed = {name: "train" if name[0] == "a" else "test" for name in keys}
    keys["a0"] = ("speaker:2", "source:x")
    assert keep_sides(keys, placed).held == {"a0"}


def test_a_chain_of_new_clips_is_cut_where_it_is_thinnest():
    keys = {"a": ("speaker:1", "source:x"), "b": ("speaker:2", "source:y")}
    keys |= {f"n{n}": ("speaker:3", "source:x") for n in range(5)}
    keys |= {f"m{n}": ("speaker:4", "source:y") for n in range(5)}
    keys |= {"l": ("speaker:3", "source:z"), "r": ("speaker:4", "source:z")}
    assert len(keep_sides(keys, {"a": "train", "b": "test"}).held) == 1
