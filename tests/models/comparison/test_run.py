import csv
import json
import shutil

import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from manifests.base.errors import ConfigurationError, DataError
from models.comparison import compare as run
from models.comparison import trials
from models.comparison.compare import compare
from models.comparison.table import OPTIONAL, STATISTICS, SYSTEMS

pytestmark = pytest.mark.usefixtures("undrawn")

SMALL = """
[train]
speeds = []
least_steps = 1
[train.features]
n_mfcc = 8
n_mels = 16
[train.audio]
channels = 4
"""
FEW_WORDS = {"size": 4, "filters": 2}


@pytest.fixture(scope="module")
def brief(quick):
    return quick.changed(epochs=2, speeds=(), features={"pitch": False}, words=FEW_WORDS)


def _out(folder, name="compared"):
    return folder.parent.parent / "runs" / name


@pytest.fixture(scope="module")
def fits():
    """Return the list of later fits."""
    made = []
    own = trials.fit

    def noted(training, validation, settings, *others, **options):
        made.append((settings.modality, settings.audio.dynamic, settings.seed))
        return own(training, validation, settings, *others, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trials, "fit", noted)
        yield made


@pytest.fixture(scope="module")
def compared_once(corpus_below, tmp_path_factory, brief, fits):
    """A corpus with a comparison of one seed, not to be changed."""
    folder = corpus_below(tmp_path_factory.mktemp("compared"))
    outcome = compare(folder, _out(folder), brief, 1)
    assert outcome.ok
    assert outcome.items_in == outcome.kept == 48
    assert fits == [("audio", False, 0), ("audio", True, 0), ("text", True, 0), ("both", True, 0)]
    return folder.parent.parent


@pytest.fixture
def compared(compared_once, tmp_path):
    """The manifest of a corpus with a comparison of one seed."""
    return shutil.copytree(compared_once, tmp_path / "corpus") / "manifests" / "v1"


def test_a_comparison_writes_its_files_and_resumes_with_more_seeds(compared, brief, fits, drawn):
    folder, out = compared, _out(compared)
    first = (out / "parts" / "fusion-0.json").read_bytes()
    del fits[:]
    (out / "parts" / "cnn-0.json").write_text('{"told": [')  # as if truncated
    document = compare(folder, out, brief, 2).details
    assert fits[0] == ("audio", False, 0)
    assert all(seed == 1 for *_, seed in fits[1:])
    assert (out / "parts" / "fusion-0.json").read_bytes() == first
    assert [row["system"] for row in document["systems"]] == [
        one.key for one in SYSTEMS if one not in (*OPTIONAL, STATISTICS)
    ]
    assert document["systems"][0]["seeds"] == [0]
    fusion = document["systems"][-1]
    assert fusion["beside_fusion"] is None
    assert len(fusion["uar"]["runs"]) == 2
    low, high = fusion["uar"]["interval"]
    assert low <= fusion["uar"]["mean"] <= high
    assert json.loads((out / "compare.json").read_text())["systems"] == document["systems"]
    for name in ("figure5", "figure6"):
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    table = (out / "table.md").read_text().splitlines()
    assert [line.count("|") for line in table[:7]] == [7] * 7
    assert "2 seeds" in table[-1]
    assert len(list(csv.DictReader((out / "table.csv").open()))) == 15
    assert len(list(csv.DictReader((out / "predictions.csv").open()))) == 12 * 9


def test_a_comparison_is_reproducible(compared, brief):
    out, again = _out(compared), _out(compared, "again")
    compare(compared, again, brief, 1)
    for file in ("table.md", "table.csv", "predictions.csv", "parts/fusion-0.json"):
        assert (out / file).read_bytes() == (again / file).read_bytes()


def test_runs_match_those_of_train(compared, brief):
    from models.training.run import train

    folder, out = compared, _out(compared)
    for modality, key in (("text", "text"), ("audio", "audio"), ("both", "fusion")):
        alone = _out(folder, key)
        train(folder, alone, brief.changed(modality=modality))
        predicted = {
            row["clip_id"]: row["predicted"]
            for row in csv.DictReader((alone / "predictions.csv").open())
        }
        for row in csv.DictReader((out / "predictions.csv").open()):
            if row["system"] == key:
                assert predicted[row["clip_id"]] == row["predicted"]


def test_other_settings_under_the_same_name_are_refused(corpus, brief, monkeypatch):
    folder = corpus()
    out = _out(folder)

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "Trials", stop)
    with pytest.raises(KeyboardInterrupt):
        compare(folder, out, brief, 1)
    with pytest.raises(ConfigurationError, match="other settings"):
        compare(folder, out, brief.changed(lr=0.01), 1)
    with pytest.raises(KeyboardInterrupt):
        compare(folder, out, brief.changed(threads=2), 1)
    other = _out(folder, "other")
    other.mkdir()
    (other / "notes.txt").write_text("ours")
    with pytest.raises(ConfigurationError, match="something else"):
        compare(folder, other, brief, 1)


def test_an_empty_test_split_is_refused(corpus, brief):
    folder = corpus(splits=("train", "train", "val"))
    with pytest.raises(DataError, match="test split is empty"):
        compare(folder, _out(folder), brief, 1)
    assert not _out(folder).exists()


def test_missing_word_vectors_are_reported_before_training(corpus, brief, fits):
    folder = corpus()
    del fits[:]
    with pytest.raises(ConfigurationError, match="no such file of word vectors"):
        compare(folder, _out(folder), brief.changed(words={"vectors": "nowhere.txt"}), 1)
    assert not _out(folder).exists()
    assert fits == []


def test_one_class_in_training_is_too_few(corpus, brief):
    folder = corpus(labels=(2,))
    with pytest.raises(DataError, match="1 class,"):
        compare(folder, _out(folder), brief, 1)


def test_missing_texts_and_classes_give_warnings(corpus, brief):
    folder = corpus(labels=(0, 3), takes=1)  # the first take has no text
    warnings = " ".join(compare(folder, _out(folder), brief.changed(epochs=1), 1).warnings)
    assert "Text-CNN learns nothing" in warnings
    assert "no training clips of fear, happy, surprise, sad" in warnings


def test_the_command_prints_the_table(corpus, brief):
    folder = corpus(takes=1)
    root = folder.parent.parent
    configuration = root / "corpus.toml"
    configuration.write_text(configuration.read_text() + SMALL)
    done = CliRunner().invoke(
        app, ["compare", "--corpus", str(root), "--seeds", "1", "--epochs", "1", "--json"]
    )
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["run"] == "compare-v1-default"
    assert document["counts"]["kept"] == 24
    refused = CliRunner().invoke(
        app, ["compare", "--corpus", str(root), "--seeds", "1", "--epochs", "2"]
    )
    assert refused.exit_code == 2
    assert "other settings" in refused.output
