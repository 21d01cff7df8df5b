"""Damaged files of huge size: as a sparse file they take no room, but would fill the memory."""

import os

import pytest

from annotation.batches.batches import read_batches
from annotation.judgements.parse import read_export
from manifests.base.encodings import read_text
from manifests.base.errors import DataError
from manifests.storage.decisions import read_decisions
from manifests.storage.frozen import frozen_clips
from manifests.storage.records import Clip, Screen
from manifests.storage.shards import STAGES, read_header, read_shard, read_stage
from manifests.storage.store import read_json, read_sealed

SHARD = "restore it from a copy, or delete the file and run the step again: corpus s"


@pytest.mark.parametrize(
    ("name", "read", "advice"),
    [
        ("stages/segments/E01.jsonl", lambda path: read_shard(path, Clip), SHARD),
        ("stages/screen/E01.jsonl", lambda path: read_shard(path, Screen), SHARD),
        ("stages/screen/E01.jsonl", lambda path: list(read_decisions(path.parents[2])), SHARD),
        ("stages/screen/E01.jsonl", read_header, SHARD),
        (
            "stages/segments/E01.jsonl",
            lambda path: list(read_stage(path.parents[2], STAGES["segments"], Clip, "E01-1")),
            SHARD,
        ),
        ("choices/review.jsonl", lambda path: list(read_sealed(path)), "restore it from a copy"),
        ("manifests/v1/manifest.json", read_json, "restore it from a copy"),
        ("annotations/tasks/b1.json", lambda path: list(read_batches(path.parents[2])), "restore"),
        (
            "annotations/judgements/20260101.jsonl",
            lambda path: frozen_clips(path.parents[2], naming="E01-1"),
            "restore it from a copy",
        ),
        (
            "manifests/v1/manifest.jsonl",
            lambda path: frozen_clips(path.parents[2]),
            "restore it from a copy, or move its folder out of manifests/",
        ),
        ("answers.json", read_export, "give a JSON export"),
        ("script.csv", read_text, "check that it is the right file"),
    ],
)
def test_a_file_of_huge_size_is_named_with_what_to_do(tmp_path, name, read, advice):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.truncate(path, 100 << 30)
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}: has 100 GiB, more than it can have; ")
    assert advice in str(error.value)
