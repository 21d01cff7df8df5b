import subprocess
import sys

import pytest

import manifests
from manifests.storage.speakers import merge_speakers


def test_a_version_is_records_and_a_table(filled):
    filled.build()
    m = manifests.load(str(filled.root / "manifests" / "v1"))
    assert isinstance(m.clips[0], manifests.ManifestEntry)
    assert m.header.version == "v1"
    assert {name: len(clips) for name, clips in m.splits.items()} == {
        name: sum(counts.values()) for name, counts in m.header.counts.items()
    }
    table = m.to_pandas()
    assert list(table.columns) == list(manifests.ManifestEntry.fields())
    assert table.clip_id.tolist() == [clip.clip_id for clip in m.clips]
    assert table.soft[0] == m.clips[0].soft
    assert table.fold.isna().all()


def test_verify_diff_and_export(filled, tmp_path):
    filled.build()
    merge_speakers(filled.root / "speakers.csv", filled.speakers.values(), None)
    folder = filled.root / "manifests" / "v1"
    filled.label(filled.clips[0].clip_id, "sad")
    filled.build()
    assert manifests.verify(folder).ok
    assert manifests.diff(folder, folder.with_name("v2")).kinds["relabelled"] == 1
    outcome = manifests.export(manifests.load(folder), tmp_path / "out", format="csv")
    assert outcome.ok
    assert ",female," in (tmp_path / "out" / "clips.csv").read_text(encoding="utf-8")


def test_the_package_alone_is_light_and_unknown_names_fail():
    code = "import sys, manifests; print([n for n in ('pydantic', 'numpy') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        manifests.nothing  # noqa: B018
