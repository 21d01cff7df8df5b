import numpy as np

from manifests.storage.records import ManifestEntry
from models.evaluation.slices import slice_predictions


def entry(speaker, gender, series="recordings"):
    digest = "0" * 64
    return ManifestEntry(
        clip_id="c",
        path="clips/s/c.wav",
        sha256=digest,
        file_sha256=digest,
        source_id="s",
        series=series,
        speaker=speaker,
        gender=gender,
        start=0.0,
        end=3.0,
        duration=3.0,
        text="",
        text_source=None,
        emotion="angry",
        soft=[1, 0, 0, 0, 0, 0],
        votes=[],
        agreement=1.0,
        group="g",
        split="test",
    )


def test_every_slice_has_its_own_figures():
    entries = [entry("a", "female"), entry("a", "female"), entry("b", "male"), entry(None, None)]
    rows = slice_predictions(entries, np.array([0, 1, 0, 2]), np.array([0, 0, 0, 0]))
    found = {(row["key"], row["value"]): row for row in rows}
    assert found["speaker", "a"]["accuracy"] == 0.5
    assert found["speaker", "a"]["uar"] == 0.5
    assert found["speaker", "b"]["accuracy"] == 1.0
    assert found["speaker", "(unknown)"]["n"] == 1
    assert found["series", "recordings"]["n"] == 4
    assert found["series", "recordings"]["uar"] == round(1 / 3, 4)
    for key in ("speaker", "gender", "series", "text_source"):
        assert sum(row["n"] for row in rows if row["key"] == key) == 4
