import json
import tomllib

import pytest

from manifests.splits.emobox import read_emobox
from models.training import refit as refitting
from models.training.run import train
from models.training.series import train_series
from tests.manifests.splits.test_published_folds import row, write_lists

pytestmark = pytest.mark.usefixtures("undrawn")

THREE = ("train", "val", "test")


@pytest.fixture
def brief(quick):
    return quick.changed(modality="audio", epochs=2, speeds=(), features={"pitch": False})


@pytest.fixture
def fits(monkeypatch):
    """Return a list that receives speakers of training and validation, and epochs, of each fit."""
    made = []
    own = refitting.fit

    def recorded(training, validation, *others, **options):
        result = own(training, validation, *others, **options)
        sides = [{clip.group for clip in clips} for clips in (training, validation)]
        made.append((*sides, len(result.history)))
        return result

    monkeypatch.setattr(refitting, "fit", recorded)
    return made


def _out(folder, name="all"):
    return folder.parent.parent / "runs" / name


def _read(run):
    config = tomllib.loads((run / "config.toml").read_text())
    return config, json.loads((run / "metrics.json").read_text())


def test_folds_train_on_all_speakers_but_the_tested(corpus, brief, fits):
    folder = corpus(THREE, takes=1)
    outcome = train_series(folder, _out(folder), brief, folds="speakers")
    assert fits == [
        ({"s1", "s2"}, set(), 2),
        ({"s0", "s2"}, set(), 2),
        ({"s0", "s1"}, set(), 2),
    ]
    assert outcome.ok
    assert outcome.warnings == []
    config, metrics = _read(_out(folder) / "fold-1-seed-0")
    assert (config["train"]["refit"], metrics["refit"]) == (True, True)
    assert metrics["splits"].keys() == {"train", "test"}
    assert (
        "refit: each model is trained on all clips but those it is tested on"
        in (_out(folder) / "series.md").read_text()
    )
    again = train_series(folder, _out(folder), brief, folds="speakers")
    assert len(fits) == 3
    assert again.details["pooled"] == outcome.details["pooled"]


@pytest.mark.parametrize(
    ("folds", "changes"),
    [("speakers", {"refit": False}), ("speakers", {"preset": "paper"}), (None, {})],
)
def test_validation_stays_apart_where_it_is_not_to_be_refit(corpus, brief, fits, folds, changes):
    folder = corpus(THREE, takes=1)
    train_series(folder, _out(folder), brief.changed(**changes, epochs=1), folds=folds)
    assert all(validation for _, validation, _ in fits)
    assert "refit" not in (_out(folder) / "series.md").read_text()


def test_best_epoch_of_an_inner_split_ends_the_final_fit(corpus, brief, fits, monkeypatch):
    folder = corpus(("train", "train", "val", "test"), takes=1)
    settings = brief.changed(
        refit=True, keep="best", epochs=4, schedule="constant", modality="both"
    )
    own = refitting.fit

    def best_is_second(*given, **options):
        result = own(*given, **options)
        return (
            result
            if "until" in options
            else refitting.replace(result, kept={"audio": 2, "text": 1})
        )

    monkeypatch.setattr(refitting, "fit", best_is_second)
    shown = []
    train(folder, _out(folder), settings, lambda *done: shown.append(done[0] / done[1]))
    assert [fit[:2] for fit in fits] == [({"s0", "s1"}, {"s2"}), ({"s0", "s1", "s2"}, set())]
    assert fits[1][2] == 2
    assert shown == sorted(shown)
    _, metrics = _read(_out(folder))
    assert (metrics["epochs"], metrics["kept_epoch"], metrics["stopped"]) == (2, 2, False)


def test_killed_refit_is_resumed_with_the_same_result(corpus, brief, monkeypatch):
    folder = corpus(("train", "train", "val", "test"), takes=1)
    settings = brief.changed(refit=True, keep="best", epochs=2)
    train(folder, _out(folder, "whole"), settings)
    own = refitting.fit

    def killed(*given, **options):
        if "until" in options:
            raise KeyboardInterrupt
        return own(*given, **options)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(refitting, "fit", killed)
        train(folder, _out(folder, "resumed"), settings)
    outcome = train(folder, _out(folder, "resumed"), settings)
    assert outcome.details["resumed"] == {"audio": 2}
    for name in ("model.safetensors", "predictions.csv"):
        whole, resumed = ((_out(folder, run) / name).read_bytes() for run in ("whole", "resumed"))
        assert whole == resumed


def test_finished_refit_is_left_alone(corpus, brief, fits):
    folder = corpus(THREE, takes=1)
    train(folder, _out(folder), brief.changed(refit=True))
    outcome = train(folder, _out(folder), brief.changed(refit=True))
    assert len(fits) == 1
    assert "finished before with these settings" in outcome.warnings[-1]


@pytest.mark.parametrize("validated", [False, True])
def test_published_folds_are_trained_and_printed_as_published(
    corpus, brief, fits, tmp_path, validated
):
    folder = corpus(("train", "train", "val"), takes=1)
    rows = [[row(f"d/source{speaker}.wav", "sad")] for speaker in range(3)]
    lists = write_lists(
        tmp_path / "EmoBox",
        "tones",
        [
            {
                "train": rows[one],
                "test": rows[two],
                **({"valid": rows[three]} if validated else {}),
            }
            for one, two, three in ((0, 1, 2), (1, 0, 2))
        ],
    )
    outcome = train_series(folder, _out(folder), brief, protocol=read_emobox("tones", lists))
    assert [fit[:2] for fit in fits] == [
        ({"s0"}, {"s2"} if validated else set()),
        ({"s1"}, {"s2"} if validated else set()),
    ]
    assert outcome.details["division"] == "emobox:tones"
    table = (_out(folder) / "series.md").read_text()
    assert table.startswith("|  | clips | UA (%) | WA (%) | F1 (%) |")
    uar = outcome.details["over_folds"]["uar"]["mean"]
    assert f"| mean of the folds |  | {100 * uar:.2f} |" in table
    config, _ = _read(_out(folder) / "fold-2-seed-0")
    assert config["run"]["folds"] == "emobox:tones"
