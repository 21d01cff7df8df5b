import json
import re
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from manifests.base.errors import ConfigurationError
from models.comparison.compare import compare

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture
def brief(quick):
    return quick.changed(
        epochs=1, speeds=(), adapt=False, features={"pitch": False}, words={"size": 4, "filters": 2}
    )


@pytest.fixture
def opensmile(monkeypatch):
    """Install a module with openSMILE's interface that measures the beat of the tones."""
    module = ModuleType("opensmile")
    module.__spec__ = SimpleNamespace(name="opensmile")
    module.FeatureSet = SimpleNamespace(eGeMAPSv02="eGeMAPSv02")
    module.FeatureLevel = SimpleNamespace(Functionals="functionals")
    module.measured = []

    class Smile:
        def __init__(self, feature_set, feature_level):
            assert (feature_set, feature_level) == ("eGeMAPSv02", "functionals")

        def process_signal(self, samples, rate):
            module.measured.append((len(samples), rate))
            beat = np.abs(np.fft.rfft(np.abs(samples) - np.abs(samples).mean()))[:40]
            return np.append(beat, np.nan)[None]

    module.Smile = Smile
    monkeypatch.setitem(sys.modules, "opensmile", module)
    return module


def _out(folder, name="compared"):
    return folder.parent.parent / "runs" / name


def _rows(document):
    return {row["system"]: row for row in document["systems"]}


def test_egemaps_has_a_row_beside_the_svm(corpus, brief, opensmile):
    folder = corpus(takes=2)
    document = compare(folder, _out(folder), brief, 1, added=["egemaps"]).details
    rows = _rows(document)
    assert list(rows) == ["svm", "egemaps", "cnn", "audio", "text", "fusion"]
    assert opensmile.measured == [(8000, 16000)] * 48
    assert rows["egemaps"]["uar"]["mean"] > 0.8
    assert rows["egemaps"]["seeds"] == [0]
    assert "| eGeMAPS + linear SVM |" in (_out(folder) / "table.md").read_text()


def test_without_opensmile_its_row_is_refused(corpus, brief, monkeypatch):
    monkeypatch.setitem(sys.modules, "opensmile", None)
    folder = corpus(takes=1)
    with pytest.raises(ConfigurationError, match="free for research only: pip install opensmile"):
        compare(folder, _out(folder), brief, 1, added=["egemaps"])
    assert not (_out(folder) / "compare.toml").exists()


@pytest.fixture
def silent(corpus_below, tmp_path, brief):
    """A comparison of sentences that each are read in every class, with all that is written."""
    folder = corpus_below(tmp_path, ("train", "train", "train", "test"), takes=4)
    entries = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    assert {entry["text"] for entry in entries} == {"", "巴适得很"}
    return folder


def test_texts_that_tell_nothing_are_named_and_cost_the_fusion_nothing(silent, brief):
    outcome = compare(silent, _out(silent), brief, 1, latex=True)
    rows, document = _rows(outcome.details), outcome.details
    assert [word for word in outcome.warnings if "tells nothing here" in word] == [
        word for word in outcome.warnings if word.endswith("no weight; try --modality audio")
    ]
    assert document["text"]["tells"] is False
    assert "The text tells nothing here" in document["caption"]
    assert rows["fusion"]["uar"]["mean"] >= rows["audio"]["uar"]["mean"] - 0.01
    page = (_out(silent) / "compare.html").read_text()
    assert "no better than chance" in page
    assert not re.search(r"<script|https?://|<link", page)
    assert "color-scheme: light dark" in page
    table = (_out(silent) / "table.tex").read_text()
    assert table.count(" \\\\\n") == 6
    assert "\\toprule" in table
    assert "95 \\%" in table


def test_figures_are_embedded_and_pdfs_have_no_dates(corpus, brief, drawn):
    folder = corpus(takes=1)
    for name in ("one", "two"):
        compare(folder, _out(folder, name), brief, 1, latex=True)
    page = (_out(folder, "one") / "compare.html").read_text()
    assert page.count('src="data:image/png;base64,') == 2
    for figure in ("figure5.pdf", "figure6.pdf"):
        data = (_out(folder, "one") / figure).read_bytes()
        assert data.startswith(b"%PDF")
        assert b"CreationDate" not in data
        assert data == (_out(folder, "two") / figure).read_bytes()


@pytest.mark.parametrize("name", ["wav2vec", "svm"])
def test_unknown_systems_are_answered_with_the_known(corpus, name):
    root = corpus(takes=1).parent.parent
    words = ["compare", "--with", name, "--corpus", str(root)]
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 2
    assert f"--with {name}: choose from egemaps, whisper" in found.output
