"""The model card of a run folder."""

import json
import re

import pytest

from manifests.storage.checksums import read_checksums
from manifests.versions.manifest import content_digest
from models.training.run import train

yaml = pytest.importorskip("yaml")


def _with(folder, **params):
    """Give a version parameters, such as the corpus's name and licence."""
    path = folder / "manifest.json"
    header = json.loads(path.read_text())
    header |= {"params": params}
    header["digest"] = content_digest(header["files"]["manifest.jsonl"], params)
    path.write_text(json.dumps(header))
    return header


def _card(folder, settings, name="a"):
    outcome = train(folder, folder.parent.parent / "runs" / name, settings)
    text = (outcome.outputs[0] / "README.md").read_text(encoding="utf-8")
    head, body = re.fullmatch(r"---\n(.*?)\n---\n(.*)", text, re.DOTALL).groups()
    return outcome.outputs[0], yaml.safe_load(head), body


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("CC-BY-4.0", {"license": "cc-by-4.0"}),
        ('ask: "us" <b>\n- x', {"license": "other", "license_name": 'ask: "us" <b>\n- x'}),
        (None, {"license": "unknown"}),
    ],
)
def test_the_head_is_read_by_others(corpus, quick, licence, expected):
    folder = corpus()
    named = {"name": "巴适: 1", "language": "zh", "licence": licence}
    header = _with(folder, corpus=named, card={"intended_use": "Tests *only*."})
    run, head, body = _card(folder, quick.changed(epochs=2))
    assert {key: head[key] for key in head if key.startswith("license")} == expected
    assert head["language"] == ["zh"]
    assert head["pipeline_tag"] == "audio-classification"
    result = head["model-index"][0]["results"][0]
    assert result["dataset"]["revision"] == header["digest"]
    assert (result["dataset"]["name"], result["dataset"]["split"]) == ("巴适: 1", "test")
    figures = json.loads((run / "metrics.json").read_text())["splits"]["test"]
    assert {one["name"]: one["value"] for one in result["metrics"]} == {
        "accuracy": figures["accuracy"],
        "UAR": figures["uar"],
        "macro-F1": figures["macro_f1"],
    }
    assert header["digest"] in body
    assert "Language: Chinese" in body
    assert "Tests \\*only\\*." in body
    for one in figures["classes"]:
        assert f"| {one['name']} | {one['n']} | " in body
    assert read_checksums(run)["README.md"]


def test_it_names_nobody_and_is_the_same_again(corpus, quick):
    folder = corpus()
    settings = quick.changed(epochs=2)
    run, _, _ = _card(folder, settings, "s0-of-mine")
    again, _, _ = _card(folder, settings, "other")
    text = (run / "README.md").read_text(encoding="utf-8")
    assert (again / "README.md").read_text(encoding="utf-8") == text
    assert not re.search(r"\bs\d\b|source\d|s0-of-mine", text)
    assert str(folder.parent.parent) not in text


def test_without_test_clips_it_says_so(corpus, quick):
    _, head, body = _card(corpus(splits=("train", "train", "val")), quick.changed(epochs=2))
    assert head["model-index"][0]["results"][0]["dataset"]["split"] == "val"
    assert "12 validation clips, as there are no test clips" in body
    assert "these figures are too good" in body
    _, head, body = _card(
        corpus(splits=("train", "train")), quick.changed(epochs=2, keep="last"), "b"
    )
    assert "model-index" not in head
    assert "nothing is known" in body


def test_classes_without_training_clips_are_named(corpus, quick):
    _, _, body = _card(corpus(labels=(0, 2)), quick.changed(epochs=2))
    assert "No training clips of fear, neutral, surprise, sad: hardly ever predicted." in body
