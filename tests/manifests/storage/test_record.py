import copy
import pickle

import pytest

from manifests.base.errors import DataError
from manifests.storage.record import Record, record
from manifests.storage.records import Label


@record
class Point(Record):
    x: float
    tags: list[str]
    note: str | None = None


def test_a_record_is_frozen_and_has_slots():
    point = Point(x=1, tags=[])
    with pytest.raises(AttributeError):
        point.x = 2.0
    with pytest.raises((AttributeError, TypeError)):
        object.__setattr__(point, "y", 2.0)
    assert not hasattr(point, "__dict__")


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"x": "far", "tags": []}, "'x'"),
        ({"x": 1, "tags": [], "z": 1}, "'z'"),
        ({"x": 1}, "'tags'"),
        ({"x": float("nan"), "tags": []}, "'x'"),
        ([1], "'record'"),
    ],
)
def test_an_invalid_record_is_refused_naming_its_field(row, named):
    with pytest.raises(DataError, match=f"shard, line 2: point field {named}"):
        Point.parse(row, "shard, line 2")


def test_a_record_survives_row_pickle_and_copy():
    point = Point(x=1, tags=["a"], note="b")
    assert Point.parse(point.row(), "here") == point
    assert pickle.loads(pickle.dumps(point)) == point  # noqa: S301 - our own
    assert copy.copy(point) == point


def test_changed_leaves_the_old_one_and_knows_its_fields():
    point = Point(x=1, tags=[])
    assert point.changed(x=2.0) == Point(x=2, tags=[])
    assert point.x == 1
    with pytest.raises(KeyError):
        point.changed(y=2.0)


def test_trusted_requires_exactly_all_fields():
    assert Point.trusted(x=1.0, tags=[], note=None) == Point(x=1, tags=[])
    with pytest.raises(TypeError, match="note"):
        Point.trusted(x=1.0, tags=[])
    with pytest.raises(TypeError, match="y"):
        Point.trusted(x=1.0, tags=[], note=None, y=1)


def test_shares_are_six_rounded_to_six_digits():
    label = Label(clip_id="c", emotion="sad", votes=[], soft=[0, 0, 0, 0, 1 / 3, 2 / 3])
    assert label.soft == [0, 0, 0, 0, 0.333333, 0.666667]
    with pytest.raises(DataError, match="soft"):
        Label.parse({"clip_id": "c", "emotion": "sad", "votes": [], "soft": [1.0]}, "here")


@pytest.mark.parametrize(
    ("lines", "xs"),
    [
        (b'{"tags":[],"x":1}\n{"tags":["a"],"x":2}\n', [1, 2]),
        (b"", []),
        (b'{"tags":[],"x":1},{"tags":[],"x":2}\n', None),
        (b'{"tags":[]\n"x":1}\n', None),
        (b'{"tags":[],"x":"far"}\n', None),
        (b'{"tags":[],"x":1}\n{"tags":[\xff],"x":1}\n', None),
        (b'{"tags":[],"x":1}', None),  # the last line may be cut off
    ],
)
def test_lines_are_parsed_at_once_if_each_is_a_record(lines, xs):
    found = Point.parse_lines(lines)
    assert (found if found is None else [point.x for point in found]) == xs
