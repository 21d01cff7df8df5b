import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.comparison.baseline import predict_with_baseline
from models.features.functionals import functionals


def _split(examples):
    return {
        "train": [one for one in examples if one.group in ("s0", "s1")],
        "val": [one for one in examples if one.group == "s2"],
        "test": [one for one in examples if one.group == "s3"],
    }


def test_separable_classes_are_predicted(separable, quick):
    examples = _split(separable)
    truth = np.array([one.label for one in examples["test"]])
    assert (predict_with_baseline(examples, quick) == truth).mean() > 0.6


def test_validation_may_be_missing(separable, quick):
    examples = _split(separable) | {"val": []}
    assert len(predict_with_baseline(examples, quick.changed(normalise="corpus"))) == 18


def test_a_class_without_training_clips_is_never_predicted(separable, quick):
    examples = _split(separable)
    examples["train"] = [one for one in examples["train"] if one.label != 3]
    assert 3 not in predict_with_baseline(examples, quick)


@settings(deadline=None, max_examples=30)
@given(frames=st.integers(1, 60), width=st.integers(1, 5), seed=st.integers(0, 99))
def test_functionals_match_numpy(frames, width, seed):
    clip = np.random.default_rng(seed).normal(size=(frames, width)).astype(np.float32)
    found = functionals([clip])[0]
    assert found.shape == (7 * width + 1,)
    mean, deviation, _, middle, _, slope, _ = found[:-1].reshape(7, width)
    np.testing.assert_allclose(mean, clip.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(deviation, clip.std(axis=0), atol=1e-5)
    np.testing.assert_allclose(middle, np.median(clip, axis=0), atol=1e-5)
    if frames > 1:
        line = np.polyfit(np.arange(frames), clip, 1)[0]
        np.testing.assert_allclose(slope, line, atol=1e-4)
