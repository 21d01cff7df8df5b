"""`corpus train --tensorboard`: the figures of each epoch, beside the runs."""

import sys

import pytest

from manifests.base.errors import ConfigurationError
from models.training.run import train
from models.training.series import train_series

pytestmark = pytest.mark.usefixtures("undrawn")


def scalars(folder):
    """Return the values by tag of the only event file in a folder, by epoch."""
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    (path,) = folder.iterdir()
    found = accumulators.EventAccumulator(str(path))
    found.Reload()
    return {
        tag: {one.step: one.value for one in found.Scalars(tag)} for tag in found.Tags()["scalars"]
    }


def test_each_epoch_is_logged_and_the_run_stays_the_same(corpus, quick, tmp_path):
    folder = corpus(takes=1)
    runs = folder.parent.parent / "runs"
    settings = quick.changed(epochs=3)
    train(folder, runs / "logged", settings, board=tmp_path / "board")
    train(folder, runs / "plain", settings)
    for file in ("model.safetensors", "history.csv", "metrics.json", "README.md"):
        assert (runs / "logged" / file).read_bytes() == (runs / "plain" / file).read_bytes()
    found = scalars(tmp_path / "board")
    lines = [line.split(",") for line in (runs / "plain" / "history.csv").read_text().splitlines()]
    history = {
        name: [float(row[place]) for row in lines[1:]] for place, name in enumerate(lines[0])
    }
    for tag, name in {"loss/train": "train_loss", "UAR/validation": "val_uar"}.items():
        assert list(found[tag]) == [1, 2, 3]
        assert list(found[tag].values()) == pytest.approx(history[name], rel=1e-5)
    assert set(found) == {
        *("loss/train", "loss/validation", "accuracy/train", "accuracy/validation"),
        *("UAR/validation", "learning rate"),
    }
    assert not list((runs / "logged").rglob("events*"))


def test_a_resumed_training_logs_the_epochs_before(corpus, quick, tmp_path):
    folder = corpus(takes=1)
    out = folder.parent.parent / "runs" / "a"
    settings = quick.changed(epochs=4)

    def killed(done, total, item):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(folder, out, settings, killed, board=tmp_path / "board")
    outcome = train(folder, out, settings, board=tmp_path / "board")
    assert list(scalars(tmp_path / "board")["loss/train"]) == [1, 2, 3, 4]
    assert outcome.ok


def test_a_series_has_a_log_for_each_run(corpus, quick, tmp_path):
    folder = corpus(takes=1)
    out = folder.parent.parent / "runs" / "s"
    train_series(folder, out, quick.changed(epochs=1), seeds=2, board=tmp_path / "board")
    assert sorted(path.name for path in (tmp_path / "board").iterdir()) == ["seed-0", "seed-1"]


def test_without_tensorboard_it_says_what_to_install(corpus, quick, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    folder = corpus(takes=1)
    out = folder.parent.parent / "runs" / "a"
    with pytest.raises(ConfigurationError, match=r"pip install 'corpus-tools\[tensorboard\]'"):
        train(folder, out, quick, board=tmp_path / "board")
    assert not out.exists()
