"""Commands beside others: each is registered under its name, and publishes nothing withdrawn."""

import pytest
import typer
from typer.testing import CliRunner

import models.comparison.compare as comparing
import models.training.run as training
from annotation.label_studio.server import run as server
from corpus_tools.cli.app import app
from corpus_tools.withdrawal.withdraw import withdraw
from manifests.access.lock import CorpusLock
from manifests.access.table import ACCESS, READERS
from manifests.base.errors import CorpusError
from manifests.exports.export import export_manifest
from manifests.storage.checksums import write_checksums
from manifests.storage.locking import FolderLock
from manifests.storage.tombstones import Tombstone, put_tombstone
from manifests.versions.manifest import load_manifest, newest
from models.config.train import TrainSettings
from models.runs import result_folder
from models.training.series import train_series
from tests.together import OtherProcess

OUTSIDE = {"init", "demo", "doctor", "label-studio check"}
"""Commands that neither read nor change what others change."""


@pytest.fixture(scope="module")
def other():
    with OtherProcess() as process:
        yield process


@pytest.fixture
def run(workspace):
    def invoke(*arguments):
        given = ["--corpus", str(workspace.root)]
        result = CliRunner().invoke(app, [*arguments, *given])
        return result.exit_code, result.stdout, result.stderr

    return invoke


def test_the_tables_name_every_command():
    group = typer.main.get_command(app)
    verbs = set()
    for verb, command in group.commands.items():
        inner = getattr(command, "commands", {"": None})
        verbs |= {f"{verb} {name}".strip() for name in inner}
    named = {name.removesuffix(" --apply") for name in [*ACCESS, *READERS]}
    assert verbs - OUTSIDE == named, "say in manifests.access.table what the command changes"
    assert not ACCESS.keys() & READERS.keys()


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Arguments of each command, which end at the lock and do nothing before it."""
    file, folder = tmp_path / "file.csv", tmp_path / "folder"
    file.write_text("clip_id,text\nx,y\n")
    folder.mkdir()
    monkeypatch.setattr("models.evaluation.run.read_model", lambda _: None)
    return {
        "segment": [file],
        "read-subtitles": [file],
        "add-recordings": [file, folder],
        "screen": [],
        "review": [],
        "review --apply": [file],
        "transcribe": [],
        "import-transcripts": [file],
        "combine-transcripts": [],
        "export-tasks": [],
        "push-tasks": [],
        "pull-annotations": [],
        "import-annotations": [file],
        "build-manifest": [],
        "import-manifest": [file],
        "export-manifest": ["--to", tmp_path / "export"],
        "train": ["--name", "new"],
        "compare": ["--name", "new"],
        "evaluate": ["r"],
        "predict": ["v1", "--run", "r", "--out", tmp_path / "out"],
        "serve": ["r", "--no-browser"],
        "suspects": [],
        "withdraw": ["--speaker", "f01"],
    }


@pytest.mark.parametrize("command", [name for name in ACCESS if name != "label-studio start"])
def test_each_command_names_the_one_that_it_cannot_run_beside(
    command, files, workspace, other, run, tmp_path
):
    (workspace.root / "runs" / "r" / "model.json").write_text("{}")
    run_folder = workspace.root / "runs" / "r"
    (run_folder / "config.toml").write_text('[run]\nmanifest = "v1"\n')
    write_checksums(run_folder)
    before = {path: path.stat().st_mtime_ns for path in workspace.root.rglob("*") if path.is_file()}
    beside = "train" if command == "withdraw" else "withdraw"
    other.enter(workspace.root, beside)
    code, out, error = run(*command.split(), *map(str, files[command]))
    other.leave()
    assert (code, out) == (1, "")
    assert f"{command} can't run beside {beside} (process {other.pid} on" in error
    assert "; wait for it to end, or end it" in error
    after = {path: path.stat().st_mtime_ns for path in workspace.root.rglob("*") if path.is_file()}
    assert after == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "file.csv", "folder"]


def test_a_server_does_not_start_beside_a_withdrawal(workspace, other, monkeypatch):
    class Program:
        is_tested = True

    monkeypatch.setattr(server, "find_program", lambda *_: Program())
    monkeypatch.setattr(server, "_make_accounts", pytest.fail)
    other.enter(workspace.root, "withdraw")
    with pytest.raises(CorpusError, match="label-studio start can't run beside withdraw"):
        server.serve(
            workspace.root, host="127.0.0.1", port=0, report=lambda _: None, ready=lambda _: None
        )
    other.leave()


@pytest.fixture
def fake_training(monkeypatch):
    """Train without a network: ``meanwhile`` is called in the middle, then an epoch ends."""

    class Meanwhile:
        act = staticmethod(lambda: None)
        epochs = True

    def fit(*_, progress, **__):
        Meanwhile.act()
        if Meanwhile.epochs:
            progress(1, 2, "loss 1")
        return training.FitResult.__new__(training.FitResult), None

    monkeypatch.setattr(training, "check_examples", lambda *_: None)
    monkeypatch.setattr(training, "load_examples", lambda *_, **__: {"train": [], "val": []})
    monkeypatch.setattr(training, "fit_calibrated", fit)
    monkeypatch.setattr(training, "replace", lambda record, **_: record)
    monkeypatch.setattr(training.FitResult, "model", None, raising=False)
    return Meanwhile


@pytest.mark.parametrize("epochs", [True, False], ids=["at an epoch", "at the end"])
@pytest.mark.parametrize(
    ("kind", "name"), [("speaker", "f01"), ("source", "E01-0123456789ab")], ids=["speaker", "film"]
)
def test_a_run_with_withdrawn_clips_is_not_written(workspace, fake_training, kind, name, epochs):
    runs = workspace.runs
    before = sorted(path.name for path in runs.iterdir())
    fake_training.act = lambda: withdraw(workspace.root, kind, name)
    fake_training.epochs = epochs
    with pytest.raises(CorpusError) as caught:
        training.train(newest(workspace.root), runs / "new", TrainSettings())
    assert f"of the clips that this command works on belong to {kind} '{name}'" in str(caught.value)
    assert "nothing was written: run it again" in str(caught.value)
    assert sorted(path.name for path in runs.iterdir()) == before


def test_a_series_ends_at_a_withdrawal_and_writes_no_summary(workspace, fake_training):
    fake_training.act = lambda: withdraw(workspace.root, "speaker", "f01")
    version = load_manifest(newest(workspace.root))
    assert version.splits["test"]
    outcome = train_series(version.folder, workspace.runs / "s", TrainSettings(), seeds=2)
    assert [failure.item for failure in outcome.failures] == ["seed-0", "seed-1"]
    assert sorted(path.name for path in (workspace.runs / "s").iterdir()) == ["series.toml"]


@pytest.mark.parametrize("finished", [False, True])
def test_a_comparison_ends_at_a_withdrawal_and_leaves_no_parts(workspace, monkeypatch, finished):
    folder = workspace.runs / "new"

    class FakeTrials:
        def __init__(self, *arguments):
            self.publishing = arguments[-1]

        def run(self, seeds):
            with self.publishing():
                (folder / "parts").mkdir()
                (folder / "parts" / "svm-0.json").write_text("{}")
            if finished:
                (folder / "compare.json").write_text("{}")
            withdraw(workspace.root, "speaker", "f01")
            return []

    monkeypatch.setattr(comparing, "Trials", FakeTrials)
    monkeypatch.setattr(comparing, "_check", lambda *_: None)
    nothing = {"train": [], "val": [], "test": []}
    monkeypatch.setattr(comparing, "load_examples", lambda *_, **__: nothing)
    with pytest.raises(CorpusError, match="belong to speaker 'f01'"):
        comparing.compare(newest(workspace.root), folder, TrainSettings(), seeds=1)
    assert folder.exists() == finished


def test_a_withdrawal_is_refused_while_an_export_is_written(workspace, tmp_path):
    refused = []

    def withdraw_now(*_):
        with pytest.raises(CorpusError, match="withdraw can't run beside export-manifest") as error:
            workspace.lock("withdraw").__enter__()
        refused.append(error)

    manifest = load_manifest(newest(workspace.root))
    outcome = export_manifest(
        manifest, {}, tmp_path / "export", format_name="csv", progress=withdraw_now
    )
    assert outcome.ok
    assert len(refused) == len(manifest.entries)


@pytest.mark.parametrize(("kind", "name"), [("speaker", "f01"), ("annotator", "a01")])
def test_an_export_of_a_corpus_that_it_cannot_lock_is_checked_at_the_end(
    workspace, tmp_path, monkeypatch, kind, name
):
    def refuse(self):
        raise OSError(30, "Read-only file system", str(self.path))

    def withdraw_at_the_end(done, total, _):
        if done == total:
            withdraw(workspace.root, kind, name)

    manifest = load_manifest(newest(workspace.root))
    monkeypatch.setattr(FolderLock, "__enter__", refuse)
    with pytest.raises(CorpusError, match=f"belong to {kind} '{name}'"):
        export_manifest(
            manifest, {}, tmp_path / "e", format_name="csv", progress=withdraw_at_the_end
        )
    assert not (tmp_path / "e").exists()


def test_two_runs_of_one_name_are_kept_apart(workspace, fake_training):
    settings = TrainSettings()

    def again():
        with pytest.raises(CorpusError) as caught:
            training.train(newest(workspace.root), workspace.runs / "new", settings)
        raise caught.value

    fake_training.act = again
    with pytest.raises(
        CorpusError,
        match=r"runs/new: in use by process \d+ on .*; .* choose another --name, or end it$",
    ):
        training.train(newest(workspace.root), workspace.runs / "new", settings)


def test_status_names_the_command_at_work(workspace, other, run):
    other.enter(workspace.root, "transcribe")
    code, out, error = run("status")
    other.leave()
    assert code == 0
    assert "clips" in out
    assert f"warning: transcribe (process {other.pid} on" in error
    assert "is at work, and what it changes is shown as it is now; run status again" in error
    code, _, error = run("status")
    assert (code, "at work" in error) == (0, False)


def test_status_calls_nothing_interrupted_that_is_at_work(workspace, other, run):
    (workspace.root / "stages" / "screen" / "E01-0123456789ab.jsonl").unlink()
    for command, sentence in (
        ("segment", "segment is at work on them"),
        ("pull-annotations", "a run was interrupted"),
        ("withdraw", "withdraw is at work on them"),
    ):
        other.enter(workspace.root, command)
        code, out, _ = run("status")
        assert (code, sentence in out) == (0, True)
    put_tombstone(workspace.root, Tombstone(kind="speaker", id="f01", created="2026-11-22"))
    assert "2026-11-22; at work" in run("status")[1]
    other.leave()
    assert "2026-11-22; interrupted, finish it with: corpus withdraw" in run("status")[1]


@pytest.mark.parametrize(
    "command", ["why", "agreement", "verify", "verify-manifest", "diff-manifests"]
)
def test_readers_are_not_kept_out(workspace, other, run, command):
    arguments = {
        "verify": ["--quick"],
        "why": ["E01-0123456789ab-00000000"],
        "diff-manifests": ["v1", "v1"],
    }
    other.enter(workspace.root, "segment")
    code, _, error = run(command, *arguments.get(command, []))
    other.leave()
    assert code == 0, error
    assert ("segment (process" in error) == (command in ("why", "agreement", "verify"))


def test_a_manifest_is_not_called_damaged_while_a_withdrawal_is_at_work(workspace, other, run):
    (newest(workspace.root) / "manifest.jsonl").write_text("")
    other.enter(workspace.root, "withdraw")
    code, out, error = run("verify-manifest")
    other.leave()
    assert (code, out) == (1, "")
    assert "was changing the corpus while verify-manifest read it: run it again" in error
    code, _, error = run("verify-manifest")
    assert code == 1
    assert "was changing" not in error


def test_a_published_folder_is_never_seen_half(workspace, tmp_path):
    with CorpusLock(workspace.root, "evaluate"), result_folder(tmp_path / "x", "m") as new:
        (new / "m").write_text("1")
        assert not (tmp_path / "x").exists()
    assert (tmp_path / "x" / "m").is_file()
