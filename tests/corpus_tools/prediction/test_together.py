"""Two predictions into one folder at once."""

import pytest

from corpus_tools.prediction import tables
from corpus_tools.prediction.tables import PREDICTIONS_FILE, write_predictions
from manifests.base.errors import ConfigurationError


@pytest.mark.parametrize("force", [False, True])
def test_predictions_written_meanwhile_stay_unless_forced(tmp_path, monkeypatch, force):
    out = tmp_path / "out"
    own = tables._table

    def table(rows):
        out.mkdir()
        (out / PREDICTIONS_FILE).write_text("theirs")
        return own(rows)

    monkeypatch.setattr(tables, "_table", table)
    if force:
        write_predictions(out, [], "run", force=True)
        assert (out / "predictions.csv").is_file()
        return
    with pytest.raises(ConfigurationError, match="predictions exist here; choose another --out"):
        write_predictions(out, [], "run")
    assert (out / PREDICTIONS_FILE).read_text() == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
