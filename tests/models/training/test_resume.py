import errno
import functools
import multiprocessing
import os
import signal

import pytest
import torch

from manifests.base.errors import ConfigurationError
from models.training import run as training_run
from models.training.loop import fit
from models.training.resume import StateStore
from models.training.run import train

pytestmark = pytest.mark.usefixtures("undrawn")

APART = {"modality": "both", "branches": "apart"}
TOGETHER = {"modality": "both", "branches": "together", "optimiser": "adamw", "lr": 3e-3}
KILLED = [  # kind of training and step; each of its stages has 24
    pytest.param(APART, 9, id="apart-in-words"),
    pytest.param(APART, 33, id="apart-in-sound"),
    pytest.param(TOGETHER, 9, id="together-early"),
    pytest.param(TOGETHER, 22, id="together-late"),
    pytest.param({"modality": "audio", "keep": "best"}, 14, id="audio-best"),
    pytest.param({"modality": "text"}, 14, id="text"),
]


def killed_at(step):
    """Return a stop function that kills the process at its call number ``step``."""
    calls = 0

    def should_stop():
        nonlocal calls
        calls += 1
        if calls == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    return should_stop


def run_in_process(function):
    """Run a function in a process; return its exit code."""
    process = multiprocessing.get_context("fork").Process(target=function)
    process.start()
    process.join()
    return process.exitcode


@pytest.mark.parametrize(("kind", "step"), KILLED)
def test_killed_training_is_resumed_with_the_same_weights(separable, quick, tmp_path, kind, step):
    train, validation = separable[18:], separable[:18]
    settings = quick.changed(epochs=6, **kind)
    expected = fit(train, validation, settings)
    state_store = StateStore(tmp_path / "state", {"this": "run"}, every=0)

    def trained_until_killed():
        fit(
            train,
            validation,
            settings,
            should_stop=killed_at(step),
            state_store=state_store,
        )

    assert run_in_process(trained_until_killed) == -signal.SIGKILL
    found = fit(train, validation, settings, state_store=state_store)
    assert state_store.resumed
    assert not state_store.warnings
    ours, theirs = found.model.network.state_dict(), expected.model.network.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert found.history == expected.history
    assert found.kept_epoch == expected.kept_epoch


@pytest.fixture
def stopped_early(separable, quick, tmp_path):
    """State store of a training that was stopped early, and its settings."""
    state_store = StateStore(tmp_path / "state", {"this": "run"}, every=0)
    answers = iter([False] * 12 + [True])
    settings = quick.changed(modality="audio", epochs=5)
    fit(separable, [], settings, should_stop=lambda: next(answers), state_store=state_store)
    return state_store, settings


def test_state_of_another_run_or_other_clips_is_ignored(separable, stopped_early):
    state_store, _ = stopped_early
    other = StateStore(state_store.folder, {"another": "run"})
    assert other.load("audio", [example.clip_id for example in separable]) is None
    assert state_store.load("audio", ["other", "clips"]) is None
    assert state_store.load("audio", [example.clip_id for example in separable]) is not None
    assert not other.warnings


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def _empty(path):
    path.write_bytes(b"")


def _remove_tensor(path):
    _change_kept(path, lambda tensors, name: tensors.pop(name))


def _flatten_tensor(path):
    _change_kept(path, lambda tensors, name: tensors.update({name: tensors[name].reshape(1, -1)}))


def _widen_tensor(path):
    _change_kept(path, lambda tensors, name: tensors.update({name: tensors[name].double()}))


def _change_kept(path, change):
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(path, "pt") as stored:
        metadata = stored.metadata()
        tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    name = next(name for name in tensors if name.startswith("good."))
    change(tensors, name)
    save_file(tensors, path, metadata)


@pytest.mark.parametrize(
    "damage", [_truncate, _empty, _remove_tensor, _flatten_tensor, _widen_tensor]
)
def test_damaged_state_restarts_training(separable, stopped_early, damage):
    state_store, settings = stopped_early
    damage(state_store.folder / "audio.safetensors")
    found = fit(separable, [], settings, state_store=state_store)
    expected = fit(separable, [], settings)
    ours, theirs = found.model.network.state_dict(), expected.model.network.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert state_store.resumed == {}
    assert ["damaged" in warning for warning in state_store.warnings] == [True]


@pytest.mark.parametrize(
    ("number", "message"), [(errno.ENOSPC, "no space left"), (errno.EROFS, "Read-only file system")]
)
def test_full_disk_doesnt_stop_training(separable, quick, tmp_path, monkeypatch, number, message):
    def refused(path):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("manifests.storage.store._sync", refused)
    state_store = StateStore(tmp_path, {}, every=0)
    settings = quick.changed(modality="audio", epochs=3)
    found = fit(separable, [], settings, state_store=state_store)
    assert len(found.history) == settings.epochs
    assert len(state_store.warnings) == 1
    assert message in state_store.warnings[0]


def test_killed_run_is_resumed_with_the_same_result(corpus, quick, monkeypatch):
    folder = corpus()
    runs = folder.parent.parent / "runs"
    monkeypatch.setattr(training_run, "StateStore", functools.partial(StateStore, every=0))

    def killed(done, total, item):
        if done == 5:
            os.kill(os.getpid(), signal.SIGKILL)

    train(folder, runs / "undisturbed", quick)
    code = run_in_process(lambda: train(folder, runs / "killed", quick, killed))
    assert code == -signal.SIGKILL
    assert not (runs / "killed").exists()
    outcome = train(folder, runs / "killed", quick)
    assert outcome.details["resumed"]["audio"] == 5
    for name in ("model.safetensors", "model.json", "history.csv", "metrics.json"):
        assert (runs / "killed" / name).read_bytes() == (runs / "undisturbed" / name).read_bytes()
    assert not (runs / ".unfinished").exists()


def test_stopped_run_keeps_the_last_complete_epoch_and_warns(corpus, quick):
    from contextlib import contextmanager

    folder = corpus()
    done = 0

    def count(number, total, item):
        nonlocal done
        done = number

    @contextmanager
    def stopping():
        yield lambda: done == 3

    run = folder.parent.parent / "runs" / "stopped"
    outcome = train(folder, run, quick, count, stopping=stopping)
    assert sum("stopped after epoch 3 of 12" in warning for warning in outcome.warnings) == 1
    assert len((run / "history.csv").read_text().splitlines()) == 4
    assert (run / "predictions.csv").is_file()


def test_a_run_killed_after_its_rename_is_recognised(corpus, quick, monkeypatch):
    folder = corpus()
    runs = folder.parent.parent / "runs"
    monkeypatch.setattr(training_run, "StateStore", functools.partial(StateStore, every=0))

    def killed(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def first():
        StateStore.remove = killed
        train(folder, runs / "a", quick)

    assert run_in_process(first) == -signal.SIGKILL
    assert (runs / ".unfinished").exists()
    before = {path: path.read_bytes() for path in (runs / "a").rglob("*") if path.is_file()}
    outcome = train(folder, runs / "a", quick)
    assert outcome.ok
    assert outcome.warnings[-1] == (
        f"{runs / 'a'}: finished before with these settings, so unchanged"
    )
    assert outcome.details["metrics"]["test"]["n"] > 0
    assert {path: path.read_bytes() for path in before} == before
    assert [path.name for path in runs.iterdir() if not path.name.endswith(".lock")] == ["a"]


@pytest.mark.parametrize("other", ["settings", "stopped", "a clip less", "no run"])
def test_another_run_of_the_name_is_refused(corpus, quick, other):
    folder = corpus()
    run = folder.parent.parent / "runs" / "a"
    train(folder, run, quick)
    path = run / "metrics.json"
    if other == "stopped":
        path.write_text(path.read_text().replace('"stopped": false', '"stopped": true'))
    elif other == "a clip less":
        path.write_text(path.read_text().replace('"n": ', '"n": 1'))
    elif other == "no run":
        path.unlink()
    changed = quick.changed(seed=7) if other == "settings" else quick
    with pytest.raises(ConfigurationError, match="a: run exists; choose another name with --name"):
        train(folder, run, changed)
