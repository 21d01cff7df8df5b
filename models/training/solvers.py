"""Convex solvers: layers of the functionals and the linear text branch, by logistic regression."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from manifests.base.emotions import EMOTIONS
from models.config.train import TrainSettings
from models.data import Example
from models.encoders.fusion import BimodalClassifier
from models.encoders.text import TextLinear
from models.evaluation.calibration import log_loss
from models.evaluation.metrics import uar
from models.features.normalise import Normaliser
from models.model import FittedModel, truncate
from models.runs import Epoch
from models.text.vocabulary import Vocabulary, ngrams
from models.training.context import FitResult, TrainingContext
from models.training.optim import class_weights, target_shares

__all__ = ["FunctionalLayers", "fit_text", "solve_linear", "solve_text"]

Numbers = NDArray[np.float64]


class LinearLayer(NamedTuple):
    """Weights (classes, F) and bias (classes,) of a linear layer."""

    weight: Tensor
    bias: Tensor


class FunctionalLayers(NamedTuple):
    """Output layers of the functionals, for clips of seen and of unseen speakers."""

    seen: LinearLayer
    unseen: LinearLayer


def solve_linear(rows: Tensor, shares: Tensor, weights: Tensor) -> LinearLayer:
    """Return the layer that minimises the weighted mean cross entropy with an L2 penalty.

    Args:
        rows: inputs (n, F), each of variance around 1.
        shares: target shares (n, classes).
        weights: weights of the rows (n,).

    Example:
        >>> rows = torch.tensor([[1.0], [0.0], [-1.0]])
        >>> layer = solve_linear(rows, torch.eye(3), torch.ones(3))
        >>> (rows @ layer.weight.T + layer.bias).argmax(dim=1).tolist()
        [0, 1, 2]
    """
    x, y, weight = (tensor.double().cpu().numpy() for tensor in (rows, shares, weights))
    layer = _logistic_regression(x, y, weight / weight.sum(), _WEIGHT_DECAY)
    return LinearLayer(*(torch.from_numpy(values).float() for values in layer))


def fit_text(
    training: Sequence[Example],
    validation: Sequence[Example],
    settings: TrainSettings,
    context: TrainingContext,
) -> FitResult:
    """Fit a text model with a :class:`TextLinear` branch; its history has one epoch.

    The branch is softmax regression on TF-IDF of n-grams: it minimises
    Σ weight · cross entropy + |weights|² / 2.

    Args:
        training: labelled clips.
        validation: labelled clips; may be empty.
        settings: settings with ``words.kind`` linear and modality text.
        context: callbacks.
    """
    texts = [example.words for example in training]
    vocabulary = Vocabulary((), (), Vocabulary.build(texts, with_ngrams=True).ngrams)
    shares = target_shares(training, settings).double().numpy()
    labels = np.array([example.label for example in training])
    weights = shares @ class_weights(labels, settings).double().numpy()
    branch, bias = solve_text(
        vocabulary, [text[: settings.words.max_words] for text in texts], shares, weights
    )
    network = BimodalClassifier(None, branch, len(EMOTIONS))
    with torch.no_grad():
        network.output.weight.copy_(torch.eye(len(EMOTIONS)))
        network.output.bias.copy_(torch.from_numpy(bias))
    raw = [truncate(example.features, settings) for example in training]
    model = FittedModel(network.eval(), Normaliser.fit(raw, np.inf), vocabulary, settings, EMOTIONS)
    loss, accuracy, _ = _evaluate(model, training)
    epoch = Epoch(1, 0.0, loss, accuracy, *(_evaluate(model, validation) if validation else ()))
    if context.watch is not None:
        context.watch(model)
    context.progress(1, 1, epoch.line)
    return FitResult(model, [epoch], 1, 0.0, epochs=1)


def _evaluate(model: FittedModel, examples: Sequence[Example]) -> tuple[float, float, float]:
    """Return loss, accuracy and UAR."""
    probabilities = model.probabilities(examples)
    truth = np.array([example.label for example in examples])
    predicted = probabilities.argmax(axis=1)
    accuracy = float((predicted == truth).mean())
    return log_loss(probabilities, truth), accuracy, uar(truth, predicted)


def solve_text(
    vocabulary: Vocabulary, texts: Sequence[Sequence[str]], shares: Numbers, weights: Numbers
) -> tuple[TextLinear, Numbers]:
    """Return the fitted branch, and the bias of the classes (classes,).

    Args:
        vocabulary: n-grams of the branch.
        texts: words of each text (n,).
        shares: target shares (n, classes).
        weights: weights of the texts (n,).
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    branch = TextLinear(len(vocabulary.ngrams), shares.shape[1])
    if not vocabulary.ngrams:
        return branch, np.log(np.maximum(weights @ shares, _EPSILON))
    tf_idf = TfidfVectorizer(analyzer=ngrams, sublinear_tf=True, vocabulary=vocabulary.ngrams)
    layer = _logistic_regression(tf_idf.fit_transform(texts), shares, weights, 1.0)
    with torch.no_grad():
        branch.says.weight[1:] = torch.from_numpy(layer[0].T)
        branch.rarity[1:] = torch.from_numpy(tf_idf.idf_)
    return branch, layer[1]


def _logistic_regression(
    x: Any, shares: Numbers, weights: Numbers, penalty: float
) -> tuple[Numbers, Numbers]:
    """Return the weights (classes, F) and bias (classes,) of a multinomial logistic regression.

    A row with several target classes counts as one row for each, weighted by its share. The first
    row counts for every class, so that none is missing and the solution has a row for each.

    Args:
        x: inputs (n, F), dense or sparse.
        shares: target shares (n, classes), at least two of which are used.
        weights: weights of the rows (n,).
        penalty: factor of half the sum of squared weights.
    """
    from sklearn.linear_model import LogisticRegression

    counted = shares > 0
    counted[0] = True
    rows, classes = np.nonzero(counted)
    model = LogisticRegression(C=1 / penalty, tol=_TOLERANCE, max_iter=_STEPS)
    model.fit(x[rows], classes, sample_weight=(shares * weights[:, None])[rows, classes])
    return model.coef_, model.intercept_


_WEIGHT_DECAY = 1e-3
_STEPS = 300
_TOLERANCE = 1e-6
_EPSILON = 1e-12
