import shutil

import pytest

from manifests.base.errors import DataError
from manifests.versions.manifest import load_manifest


def sides(corpus, version):
    entries = load_manifest(corpus.root / "manifests" / version).entries
    return {entry.clip_id: entry.split for entry in entries}


@pytest.fixture
def gap(filled):
    """A corpus with a second version that has other clips in val and test than the first."""
    filled.build()
    labels = dict(filled.labels)
    for clip_id, side in sides(filled, "v1").items():
        if side != "train":
            filled.label(clip_id, None)
    for speaker in ("f10", "f11"):
        for emotion in ("angry", "sad", "happy"):
            filled.add(f"s{speaker[1:]}", emotion, speaker)
    filled.build()
    filled.labels |= labels
    return filled


def test_returning_clips_get_their_earlier_split(gap):
    first = sides(gap, "v1")
    assert {side for clip, side in sides(gap, "v2").items() if clip not in first} == {"val", "test"}
    gap.build()
    third = sides(gap, "v3")
    assert {clip: third[clip] for clip in first} == first


def test_resplit_ignores_earlier_splits(gap):
    gap.build(resplit=True)
    assert gap.build().details["manifest"]["new"] is False
    assert sides(gap, "v3") != sides(gap, "v1") | sides(gap, "v2")


def test_a_missing_older_version_is_ignored(gap):
    shutil.rmtree(gap.root / "manifests" / "v1")
    assert gap.build().details["manifest"]["version"] == "v3"


def test_a_damaged_older_version_stops_the_build_with_a_remedy(gap):
    path = gap.root / "manifests" / "v1" / "index.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"v1 has the splits .* move its folder out of manifests/"):
        gap.build()
