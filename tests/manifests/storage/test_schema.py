"""Files of another version of the formats are refused with the versions and what to do."""

import json

import pytest

from manifests.base.errors import DataError
from manifests.storage.records import Screen, Speaker
from manifests.storage.shards import STAGES, read_header, read_shard, write_shard


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 2}, r"\(schema 2, this one reads up to 1\); update corpus-tools"),
        ({"schema": 7, "codec": "zstd"}, r"\(schema 7, this one reads up to 1\)"),
        ({"schema": "2"}, "its schema is '2', no version; restore it from a copy"),
        ({"schema": None}, "its schema is None, no version"),
        ({"schema": 0}, "its schema is 0, no version"),
        ({"schema": -1}, "its schema is -1, no version"),
        ({"schema": True}, "its schema is True, no version"),
        ({"schema": 1.0}, "its schema is 1.0, no version"),
        ({"n": "0"}, "no stage header in line 1"),
        ({"inputs": ["x"]}, "no stage header in line 1"),
        ({"codec": "zstd"}, "no stage header in line 1"),
    ],
)
def test_a_shard_of_another_version(tmp_path, changes, message):
    path = write_shard(tmp_path, STAGES["screen"], "E01", [], {})
    head = json.loads(path.read_text())["_"] | changes
    path.write_text(json.dumps({"_": head}) + "\n")
    for read in (read_header, lambda path: read_shard(path, Screen)):
        with pytest.raises(DataError, match=message):
            read(path)


def test_a_field_that_this_version_does_not_know():
    with pytest.raises(
        DataError, match=r"x, line 2: speaker field 'dialect' is unknown; remove it"
    ):
        Speaker.parse({"speaker_id": "f1", "dialect": "成都"}, "x, line 2")
