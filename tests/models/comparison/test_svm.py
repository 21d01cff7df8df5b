import numpy as np
import pytest
from sklearn.svm import LinearSVC

from models.comparison.baseline import LinearSVM


def _vectors(n=90, width=12, classes=3):
    generator = np.random.default_rng(0)
    labels = generator.choice(classes, n, p=[0.6, 0.3, 0.1])
    x = generator.normal(size=(n, width)) + 1.5 * np.eye(width)[labels]
    return x, labels


@pytest.mark.parametrize("cost", [1e-3, 1e-1, 3.0])
def test_planes_match_liblinear(cost):
    x, labels = _vectors()
    own = LinearSVM.fit(x, labels, 3, cost).scores(x)
    for one in range(3):
        reference = LinearSVC(
            C=cost, class_weight="balanced", dual=False, tol=1e-10, max_iter=10000
        )
        reference.fit(x, labels == one)
        np.testing.assert_allclose(own[:, one], reference.decision_function(x), atol=1e-3)


def test_a_class_without_clips_is_never_predicted():
    x, labels = _vectors()
    assert 3 not in LinearSVM.fit(x, labels, 4, 0.1).scores(x).argmax(axis=1)
