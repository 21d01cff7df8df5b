"""A shard that isn't as it was written is refused by whatever reads it, with what to do."""

import json
import re

import pytest

from manifests.base.errors import DataError
from manifests.storage.records import Clip, LedgerEntry, Screen
from manifests.storage.shards import STAGES, read_header, read_shard, shard_bytes, write_shard
from tests.factories import make_clip

NAME = "E01-0123456789ab"
RESTORE = "restore it from a copy, or delete the file and run the step again"


def _clips(source=NAME):
    return [make_clip(source, start, start + 4, rms_db=-20.125) for start in (0, 10, 20)]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data.replace(b"-20.125", b"-20.625", 1), "changed after it was written"),
        (lambda data: data[: data.rstrip().rindex(b"\n") + 1], "cut off"),
        (lambda data: data[:-1], "cut off"),
        (lambda data: data + data.splitlines(keepends=True)[-1], "changed after it was written"),
        (lambda data: data + b"\n", "changed after it was written"),
        (
            lambda data: b"".join(
                data.splitlines(keepends=True)[number] for number in (0, 2, 1, 3)
            ),
            "changed after it was written",
        ),
        (lambda data: data.replace(b"\n", b"\r\n"), "changed after it was written"),
        (
            lambda data: data.replace(b'"mode":3', b'"mode":2'),
            "line 1 was changed after it was written",
        ),
        (
            lambda data: re.sub(b'"algorithm":[0-9]+', b'"algorithm":99', data),
            "line 1 was changed after it was written",
        ),
        (lambda data: data.replace(b'"n":3', b'"n":2'), "3 rows where its header says 2"),
    ],
)
def test_damage(tmp_path, damage, message):
    path = write_shard(tmp_path, STAGES["segments"], NAME, _clips(), {"mode": 3})
    assert read_shard(path, Clip) == _clips()
    damaged = damage(path.read_bytes())
    assert damaged != path.read_bytes()
    path.write_bytes(damaged)
    with pytest.raises(DataError, match=re.escape(f"{path}: {message}; {RESTORE}")):
        read_shard(path, Clip)


def test_a_shard_of_another_stage_or_source(tmp_path):
    clips = write_shard(tmp_path, STAGES["segments"], NAME, _clips(), {})
    other = write_shard(
        tmp_path, STAGES["segments"], "E02-abcdefabcdef", _clips("E02-abcdefabcdef"), {}
    )
    other.write_bytes(clips.read_bytes())
    with pytest.raises(DataError, match=f"has the records of {NAME}; restore"):
        read_shard(other, Clip)
    rows = [Screen(clip_id=clip.clip_id, accepted=True) for clip in _clips()]
    screen = write_shard(tmp_path, STAGES["screen"], NAME, rows, {})
    screen.write_bytes(clips.read_bytes())
    with pytest.raises(DataError, match="has the records of stage segments; restore"):
        read_shard(screen, Screen)


def test_an_older_shard_without_a_hash_is_read(tmp_path):
    rows = [LedgerEntry(source_id=NAME, reason="silence", seconds=1.5)]
    path = write_shard(tmp_path, STAGES["ledger"], NAME, rows, {"vad": [3]})
    head, content = path.read_bytes().split(b"\n", 1)
    fields = json.loads(head)["_"]
    del fields["sha256"]
    old = shard_bytes(read_header(path), rows, hashed=False)
    assert old == json.dumps({"_": fields}, separators=(",", ":")).encode() + b"\n" + content
    path.write_bytes(old)
    assert read_header(path).sha256 is None
    assert read_shard(path, LedgerEntry) == rows
    path.write_bytes(old + content)
    with pytest.raises(DataError, match="2 rows where its header says 1"):
        read_shard(path, LedgerEntry)
