import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score, recall_score

from manifests.base.emotions import EMOTIONS
from models.evaluation.metrics import measure
from models.evaluation.report import evaluate_predictions, evaluation_tables

answers = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=60)


@settings(deadline=None, max_examples=50)
@given(answers)
def test_metrics_match_scikit_learn(pairs):
    truth, predicted = (np.array(column) for column in zip(*pairs, strict=True))
    metrics = measure(truth, predicted, EMOTIONS)
    occurring = np.unique(truth)
    assert metrics.uar == pytest.approx(
        recall_score(truth, predicted, labels=occurring, average="macro", zero_division=0)
    )
    seen = np.union1d(truth, predicted)
    assert metrics.macro_f1 == pytest.approx(
        f1_score(truth, predicted, labels=seen, average="macro", zero_division=0)
    )
    assert metrics.confusion == confusion_matrix(truth, predicted, labels=range(6)).tolist()
    assert metrics.chance_uar == pytest.approx(1 / len(occurring))


def test_a_report_is_json_ready_and_printable():
    import json

    metrics = evaluate_predictions(np.array([0, 0, 1]), np.array([0, 1, 1]))
    assert json.loads(json.dumps(metrics, allow_nan=False)) == json.loads(json.dumps(metrics))
    assert metrics["uar"] == 0.75
    figures, classes = evaluation_tables("test", metrics)
    assert figures.row_count == 3
    assert classes.row_count == 6
