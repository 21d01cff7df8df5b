import numpy as np
import pytest
import soundfile

from models.prediction import load_model
from models.training.run import train


@pytest.fixture(scope="module")
def run(corpus_below, tmp_path_factory, quick):
    folder = corpus_below(tmp_path_factory.mktemp("predicted"))
    train(folder, folder.parent.parent / "runs" / "a", quick.changed(epochs=4))
    return folder.parent.parent


def _clips(root, speaker):
    paths = sorted((root / "clips" / f"source{speaker}").iterdir())
    return [soundfile.read(path, dtype="float32")[0] for path in paths]


def test_new_clips_get_probabilities(run):
    predictor = load_model(run / "runs" / "a")
    audio = _clips(run, 3)
    found = predictor.predict(audio, ["巴适得很"] * len(audio), ["s3"] * len(audio))
    assert found.shape == (12, 6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_prediction_equals_the_runs_predictions(run):
    import csv

    rows = list(csv.DictReader((run / "runs" / "a" / "predictions.csv").open()))
    written = [float(row["p_angry"]) for row in rows if row["split"] == "test"]
    predictor = load_model(run / "runs" / "a")
    audio = _clips(run, 3)
    texts = ["巴适得很" if number % 2 else "" for number in range(len(audio))]
    found = predictor.predict(audio, texts, ["s3"] * len(audio))
    np.testing.assert_allclose(found[:, 0], written, atol=1e-3)


def test_clips_of_unknown_speakers_are_independent(run):
    predictor = load_model(run / "runs" / "a")
    audio = _clips(run, 3)
    together = predictor.predict(audio)
    np.testing.assert_allclose(predictor.predict(audio[4:5])[0], together[4], atol=1e-5)


def test_normalisation_cases(run):
    predictor = load_model(run / "runs" / "a")
    found = [predictor.normalisation(groups) for groups in (["s"] * 5, ["s"] * 5 + ["t"] * 2)]
    found += [predictor.normalisation(groups) for groups in (["s"] * 5 + ["t", ""], [""])]
    assert [quality.case for quality in found] == ["many", "few", "none", "none"]
    assert [quality.weak for quality in found] == [False, True, True, True]
    message = ["enough clips", "2 clips are", "2 clips are", "1 clip is"]
    assert all(part in quality.sentence for part, quality in zip(message, found, strict=True))


@pytest.mark.parametrize("bad", [np.zeros(0, "f4"), np.zeros((10, 2), "f4"), np.array([np.nan])])
def test_invalid_samples_are_refused(run, bad):
    with pytest.raises(ValueError, match="mono"):
        load_model(run / "runs" / "a").predict([bad])


def test_number_of_texts_must_match(run):
    with pytest.raises(ValueError, match="2 texts"):
        load_model(run / "runs" / "a").predict(_clips(run, 3)[:1], ["", ""])
