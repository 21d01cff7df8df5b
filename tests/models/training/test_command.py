import json

import pytest
from typer.testing import CliRunner

from corpus_tools.cli.app import app
from tests.manifests.splits.test_published_folds import row, write_lists

pytestmark = pytest.mark.usefixtures("undrawn")

SMALL = (
    "batch_size=16",
    "epochs=1",
    "speeds=[]",
    "device=cpu",
    "features.n_mfcc=8",
    "features.n_mels=16",
    "features.pitch=false",
    "audio.channels=8",
    "words.size=4",
)


@pytest.fixture
def root(corpus):
    return corpus(takes=1).parent.parent


@pytest.fixture
def command(root):
    """Return a function that runs ``corpus train`` and returns its JSON document."""

    def run(*arguments, code=0):
        words = ("train", *arguments, "--corpus", root, "--json", "-q")
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    return run


def _sets(*more):
    return [word for assignment in (*SMALL, *more) for word in ("--set", assignment)]


def test_a_runs_config_reproduces_it_exactly(root, command):
    command("--name", "a", "--seed", 3, *_sets())
    (root / "corpus.toml").write_text('[corpus]\nname = "tones"\n[train]\npatience = 1\nlr = 0.5\n')
    command("--name", "b", "--config", root / "runs" / "a" / "config.toml")
    for file in ("model.safetensors", "model.json", "history.csv", "predictions.csv"):
        first, again = (root / "runs" / name / file for name in "ab")
        assert first.read_bytes() == again.read_bytes()


def test_flags_override_single_keys(root, command):
    sets = _sets("audio.encoder=convolutions")
    command("--name", "a", "--epochs", 2, "--modality", "audio", *sets)
    assert len((root / "runs" / "a" / "history.csv").read_text().splitlines()) == 3


def test_seeds_make_a_series(root, command):
    found = command("--seeds", 2, "--epochs", 1, "--modality", "audio", *_sets())
    assert found["run"] == "v1-default-audio-seeds"
    assert found["counts"] == {"in": 2, "kept": 2, "rejected": {}, "failed": 0}
    assert found["pooled"]["uar"]["deviation"] is not None
    assert (root / "runs" / found["run"] / "seed-1" / "model.safetensors").is_file()


def test_deleted_clip_is_reported_and_left_out(root, command):
    clips = sorted((root / "clips").rglob("*.wav"))
    gone = clips[len(clips) // 4]  # in the middle of the training clips
    gone.unlink()
    found = command("--name", "a", *_sets(), code=1)
    assert found["counts"] == {
        "in": len(clips),
        "kept": len(clips) - 1,
        "rejected": {},
        "failed": 1,
    }
    assert [failure["item"] for failure in found["failures"]] == [gone.stem]
    assert gone.name in found["failures"][0]["reason"]
    predicted = (root / "runs" / "a" / "predictions.csv").read_text()
    assert len(predicted.splitlines()) == len(clips)
    assert gone.stem not in predicted


@pytest.mark.parametrize(
    "wrong", [("--folds", "many"), ("--set", "epoch=3"), ("--config", "none.toml")]
)
def test_wrong_usage_trains_nothing(root, command, wrong):
    found = command(*wrong, code=2)
    assert len(found["failures"]) == 1
    assert not (root / "runs").exists()


def test_the_same_command_again_finds_its_finished_run(root, command):
    first = command("--modality", "audio", *_sets())
    again = command("--modality", "audio", *_sets())
    assert (again["run"], again["metrics"]) == (first["run"], first["metrics"])
    assert "finished before with these settings" in again["warnings"][-1]
    other = command("--modality", "audio", *_sets("epochs=2"))
    assert other["run"] == f"{first['run']}-2"
    assert command("--modality", "audio", *_sets("epochs=2"))["run"] == other["run"]


def _published(folder):
    own = [[row(f"x/source{speaker}.wav", "sad")] for speaker in range(4)]
    folds = [{"train": own[0] + own[1], "test": own[2]}, {"train": own[1] + own[2], "test": own[0]}]
    return write_lists(folder / "EmoBox", "tones", folds)


def test_published_folds_by_name(root, command, tmp_path):
    where = ("--protocol-path", _published(tmp_path))
    found = command("--protocol", "EmoBox:TONES", *where, "--modality", "audio", *_sets())
    assert found["run"] == "v1-default-audio-emobox-tones"
    assert [fold["speakers"] for fold in found["folds"]] == [["s2"], ["s0"]]
    assert found["warnings"][0].startswith("6 clips are in no list of tones, so left out: source3-")
    assert "F1 (%)" in (root / "runs" / found["run"] / "series.md").read_text()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("--protocol", "emobox:tones"), "needs the published lists; get them with: git clone"),
        (("--protocol-path", "."), "--protocol-path needs --protocol emobox:NAME"),
        (("--protocol", "tones", "--protocol-path", "."), "expected emobox:NAME"),
        (
            ("--protocol", "emobox:tones", "--protocol-path", ".", "--folds", "2"),
            "--protocol has its own folds; leave out --folds",
        ),
        (("--protocol", "emobox:casia", "--protocol-path", "EmoBox"), "there are tones"),
    ],
)
def test_wrong_protocols_say_what_to_give(command, tmp_path, monkeypatch, wrong, message):
    _published(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert message in command(*wrong, code=2)["failures"][0]["reason"]
