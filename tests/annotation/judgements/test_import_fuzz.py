"""Corrupted exports cause no crash, no silent loss and no change outside annotations/."""

import pytest

from benchmarks.manifests.import_fuzz import Fuzz, annotations_in

BLOCK, REASONS = 100, {"malformed", "unknown clip", "no annotator", "no clip_id"}


@pytest.mark.parametrize("block", range(10))
def test_every_annotation_of_a_corrupted_export_is_imported_or_listed(tmp_path, block):
    fuzz = Fuzz(tmp_path)
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        fuzz.run(seed, pages=seed % 20 == 0)
    assert all(fuzz.totals[name] for name in ("taken", "refused", "files"))
    assert fuzz.refused.keys() >= REASONS


def test_what_an_export_holds_is_counted_apart_from_the_import():
    assert annotations_in(b'[{"annotations": [1, 2]}, {"annotations": []}, {}, 3]') == 4
    assert annotations_in(b"[{") is None
    assert annotations_in(b"7") is None
