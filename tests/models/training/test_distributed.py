"""Training by two processes, as torchrun starts them, and in mixed precision."""

import json
import os
import subprocess
import sys
import tomllib

import numpy as np
import pytest
from safetensors.numpy import load_file
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from models.config.train import TrainSettings
from models.prediction import load_model
from models.training import distributed
from models.training.loop import fit
from models.training.run import train

pytestmark = pytest.mark.usefixtures("undrawn")

PLAIN = {
    "modality": "text",
    "batch_size": 7,
    "epochs": 3,
    "lr": 0.05,
    "device": "cpu",
    "words": {"size": 4, "filters": 4, "blank": 0.0, "input_dropout": 0.0, "dropout": 0.0},
}
"""Settings without random numbers in the network, and with a small last batch."""


def torchrun(root, *arguments):
    """Run `corpus train` in two processes."""
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"),
        *("--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0"),
        *("-m", "corpus_tools", "train", "--corpus", str(root), *arguments),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)


def test_two_processes_step_as_one_with_the_whole_batch(corpus, tmp_path):
    folder = corpus()
    root = folder.parent.parent
    settings = TrainSettings().changed(optimiser="sgd", weight_decay=0.0, **PLAIN)
    train(folder, root / "runs" / "one", settings)
    text = (root / "runs" / "one" / "config.toml").read_text()
    (tmp_path / "settings.toml").write_text(text[text.index("[train]") :])
    arguments = ("--config", str(tmp_path / "settings.toml"), "--name", "two", "--json")
    done = torchrun(root, *arguments)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"] == "two"  # the first process alone prints
    one, two = (load_file(root / "runs" / name / "model.safetensors") for name in ("one", "two"))
    assert one.keys() == two.keys()
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, atol=1e-5, err_msg=name)
    history = [
        np.loadtxt(root / "runs" / name / "history.csv", delimiter=",", skiprows=1)
        for name in ("one", "two")
    ]
    np.testing.assert_allclose(history[1], history[0], atol=1e-4)
    configuration = tomllib.loads((root / "runs" / "two" / "config.toml").read_text())
    assert configuration["run"]["processes"] == 2
    assert {path.name for path in (root / "runs").iterdir()} == {"one", "two"}
    again = torchrun(root, *arguments)
    assert (again.returncode, "finished before" in again.stderr) == (0, True), again.stderr


def test_the_whole_model_is_trained(corpus):
    folder = corpus()
    root = folder.parent.parent
    sets = [
        word
        for one in (
            "batch_size=8",
            "epochs=3",
            "speeds=[]",
            "device=cpu",
            "features.n_mfcc=8",
            "features.n_mels=16",
            "features.pitch=false",
            "audio.encoder=convolutions",
            "audio.channels=8",
            "words.size=4",
        )
        for word in ("--set", one)
    ]
    done = torchrun(root, "--name", "a", *sets)
    assert done.returncode == 0, done.stderr
    history = np.loadtxt(root / "runs" / "a" / "history.csv", delimiter=",", skiprows=1)
    assert len(history) == 3
    assert np.isfinite(history).all()
    predictor = load_model(root / "runs" / "a")
    assert predictor.model.network.training is False


def test_a_series_is_refused_by_torchrun(corpus, monkeypatch):
    monkeypatch.setattr(distributed, "process_count", lambda: 2)
    arguments = ["train", "--folds", "2", "--corpus", str(corpus().parent.parent)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert "torchrun trains one model with all its processes; leave out --folds" in done.output


def test_mixed_precision_is_close_and_off_by_default(quick, separable):
    training, validation = separable[:-6], separable[-6:]
    plain = fit(training, validation, quick.changed(epochs=2))
    mixed = fit(training, validation, quick.changed(epochs=2, amp=True))
    assert "amp" not in quick.model_dump()
    assert quick.changed(amp=True).model_dump()["amp"] is True
    first, other = (
        np.concatenate([value.numpy().ravel() for value in one.model.network.state_dict().values()])
        for one in (plain, mixed)
    )
    assert first.dtype == other.dtype
    assert not np.array_equal(first, other)
    assert mixed.history[-1].train_loss == pytest.approx(plain.history[-1].train_loss, rel=0.1)
