from dataclasses import replace

import numpy as np
import pytest

from models.adaptation import adapt_logits, adapt_speakers
from models.evaluation.metrics import uar
from models.training.loop import fit


def _speaker(seed, shift, n=120, classes=3, size=6, shares=None):
    """Return labels and functionals of a speaker who differs by ``shift``, and a model's logits."""
    random = np.random.default_rng(seed)
    truth = random.choice(classes, n, p=shares)
    layer = np.random.default_rng(0).normal(size=(classes, size))
    own = layer + shift * random.normal(size=layer.shape)
    functionals = own[truth] + random.normal(size=(n, size))
    return truth, functionals.astype(np.float32), functionals @ layer.T * 0.5


@pytest.mark.parametrize(("shift", "shares"), [(1.0, None), (0.5, (0.8, 0.1, 0.1))])
def test_adaptation_improves_uar_of_different_speakers(shift, shares):
    gains = []
    for seed in range(20):
        truth, functionals, logits = _speaker(seed, shift, n=400, shares=shares)
        before, after = logits.argmax(axis=1), adapt_logits(logits, functionals).argmax(axis=1)
        gains.append(uar(truth, after) - uar(truth, before))
    assert np.mean(gains) > 0.01


def test_few_clips_change_logits_less_than_many():
    _, functionals, logits = _speaker(1, 0.7)
    moved = [
        np.abs(adapt_logits(logits[:n], functionals[:n]) - logits[:n])[:10].mean()
        for n in (10, 120)
    ]
    assert moved[0] < 0.5 * moved[1]


def test_order_of_clips_is_irrelevant():
    _, functionals, logits = _speaker(2, 0.5)
    order = np.random.default_rng(0).permutation(len(logits))
    np.testing.assert_allclose(
        adapt_logits(logits[order], functionals[order]),
        adapt_logits(logits, functionals)[order],
        atol=0.01,
    )


def test_unknown_speakers_and_speakers_with_few_clips_are_not_adapted():
    _, functionals, logits = _speaker(3, 0.5)
    speakers = np.array([-1] * 50 + [0] * 9 + [1] * 61)
    found = adapt_speakers(logits, functionals, speakers)
    np.testing.assert_array_equal(found[:59], logits[:59])
    np.testing.assert_array_equal(found[59:], adapt_logits(logits[59:], functionals[59:]))


def test_outliers_give_finite_results():
    _, functionals, logits = _speaker(4, 0.5)
    functionals[0] = 1e6
    logits[1] = 1e4
    assert np.isfinite(adapt_logits(logits, functionals)).all()


def test_model_adapts_to_speakers_not_to_sources(statistics, quick):
    settings = quick.changed(modality="audio", audio={"encoder": "statistics"})
    model = fit(statistics, [], settings).model
    as_it_is = replace(model, settings=model.settings.changed(adapt=False))
    speaker = [replace(clip, group="new") for clip in statistics]
    source = [replace(clip, single_speaker=False) for clip in speaker]
    unadapted = as_it_is.probabilities(speaker)
    np.testing.assert_array_equal(model.probabilities(source), unadapted)
    assert np.abs(model.probabilities(speaker) - unadapted).max() > 1e-3
