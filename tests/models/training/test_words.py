from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax

from manifests.base.errors import ConfigurationError
from models.checkpoint import read_model, write_model
from models.data import Example
from models.encoders.text import TextLinear
from models.text.vocabulary import Vocabulary, ngrams
from models.training.loop import fit
from models.training.solvers import solve_text

TEXTS = [("巴适", "得很"), ("巴适", "巴适"), ("惨", "得很"), ("ok",), ("czekam", "惨"), ()] * 4


def _numbers(vocabulary):
    return [vocabulary.encode(text, 50) for text in TEXTS]


@pytest.fixture
def vocabulary():
    return Vocabulary((), (), Vocabulary.build(TEXTS, with_ngrams=True).ngrams)


def test_predictions_equal_logistic_regression_on_tf_idf(vocabulary):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    labels = np.array([0, 0, 1, 2, 1, 2] * 4)
    labels[6] = 1
    branch, bias = solve_text(vocabulary, TEXTS, np.eye(3)[labels], np.ones(len(TEXTS)))
    rows = torch.nn.utils.rnn.pad_sequence(
        [torch.tensor([*text, 0]) for text in _numbers(vocabulary)], batch_first=True
    )
    predicted = softmax(branch(rows).detach().double().numpy() + bias, axis=1)
    features = TfidfVectorizer(analyzer=ngrams, sublinear_tf=True, min_df=2)
    table = features.fit_transform(TEXTS)
    peer = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(table, labels)
    np.testing.assert_allclose(predicted, peer.predict_proba(table), atol=1e-3)


def test_soft_labels_and_missing_classes_reach_the_minimum(vocabulary):
    random = np.random.default_rng(0)
    shares = random.dirichlet([0.3] * 3, len(TEXTS))
    shares[:, 1] = 0.0
    weights = random.uniform(0.5, 2.0, len(TEXTS)) / shares.sum(axis=1)
    branch, bias = solve_text(vocabulary, TEXTS, shares, weights)
    rows = [torch.tensor([[*text, 0]]) for text in _numbers(vocabulary)]

    def cost(matrix, bias):
        branch.says.weight.data[1:] = torch.from_numpy(matrix)
        scores = torch.cat([branch(row) for row in rows]).detach().double().numpy() + bias
        entropy = -(shares * log_softmax(scores, axis=1)).sum(axis=1) @ weights
        return float(entropy + 0.5 * np.square(matrix).sum())

    fitted = branch.says.weight.detach().double().numpy()[1:]
    least = cost(fitted, bias)
    for _ in range(50):
        other = fitted + random.normal(0, 0.05, fitted.shape)
        assert cost(other, bias + random.normal(0, 0.05, 3)) > least
    assert least < cost(np.zeros_like(fitted), np.log(weights @ shares + 1e-12))


def test_text_without_known_ngrams_scores_zero():
    branch = TextLinear(4, 6)
    torch.nn.init.normal_(branch.says.weight[1:])
    assert branch(torch.tensor([[0, 0], [1, 0]])).abs().sum() == 0


def test_texts_dont_depend_on_the_batch(vocabulary):
    branch = TextLinear(len(vocabulary.ngrams), 6)
    torch.nn.init.normal_(branch.says.weight.data[1:])
    rows = [torch.tensor([*text, 0]) for text in _numbers(vocabulary)] * 20  # more than at once
    together = branch(torch.nn.utils.rnn.pad_sequence(rows, batch_first=True))
    for row, own in zip(rows[:6], together, strict=False):
        torch.testing.assert_close(branch(row[None])[0], own)


@pytest.fixture
def linear(quick):
    return quick.changed(epochs=1, branches="apart", words={"kind": "linear"})


@pytest.mark.parametrize("modality", ["text", "both"])
def test_checkpoint_round_trip(separable, linear, tmp_path, modality):
    separable = [
        replace(example, words=(f"w{example.label}", *example.words)) for example in separable
    ]
    fitted = fit(separable, separable[:9], linear.changed(modality=modality))
    write_model(tmp_path, fitted.model)
    expected = fitted.model.probabilities(separable)
    np.testing.assert_array_equal(read_model(tmp_path).probabilities(separable), expected)
    truth = [example.label for example in separable]
    if modality == "text":
        assert (expected.argmax(axis=1) == truth).mean() > 0.8
        assert [epoch.epoch for epoch in fitted.history] == [1]


def test_missing_text_gives_the_audio_models_prediction(separable, linear):
    silent = [replace(example, words=()) for example in separable]
    both = fit(separable, [], linear).model.probabilities(silent)
    sound = fit(separable, [], linear.changed(modality="audio")).model.probabilities(silent)
    np.testing.assert_allclose(both, sound, atol=1e-6)


def test_empty_texts_are_predicted_by_class_frequency(linear):
    frames = np.zeros((3, 15), dtype=np.float32)
    clips = [Example(str(n), frames, (), "s", n % 2) for n in range(6)]
    predicted = fit(clips, [], linear.changed(modality="text")).model.probabilities(clips)
    np.testing.assert_allclose(predicted, predicted[:1].repeat(6, axis=0))


def test_one_loss_for_both_branches_is_refused(quick):
    with pytest.raises(ConfigurationError, match="apart"):
        quick.changed(modality="both", branches="together", words={"kind": "linear"})
