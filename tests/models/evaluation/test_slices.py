import numpy as np

from models.evaluation.slices import slice_predictions
from tests.factories import make_entry


def entry(speaker, gender, series="recordings"):
    return make_entry(
        speaker=speaker, series=series, gender=gender, end=3.0, duration=3.0, votes=[], split="test"
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


def test_confidences_of_texts_are_slices_where_there_are_any():
    shares = (1.0, 0.95, 0.7, 0.69, None)
    entries = [entry("a", "female").changed(text_confidence=share) for share in shares]
    truth = np.zeros(5, dtype=np.int64)
    rows = slice_predictions(entries, truth, truth)
    found = [(row["value"], row["n"]) for row in rows if row["key"] == "text_confidence"]
    levels = ("unanimous", "0.9 and more", "0.7 to 0.9", "under 0.7", "(unknown)")
    assert found == [(level, 1) for level in levels]
    rows = slice_predictions(entries[4:], truth[4:], truth[4:])
    assert "text_confidence" not in {row["key"] for row in rows}
