"""Solver for linear layers: multinomial logistic regression by L-BFGS.

Fitting of the linear text branch: softmax regression on TF-IDF of n-grams.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from manifests.base.emotions import EMOTIONS
from models.adaptation import softmax
from models.config.train import TrainSettings
from models.data import Example
from models.encoders.fusion import BimodalClassifier
from models.encoders.text import TextLinear
from models.evaluation.metrics import uar
from models.features.normalise import Normaliser
from models.model import FittedModel, truncate
from models.runs import Epoch
from models.text.vocabulary import Vocabulary
from models.training.context import FitResult, TrainingContext
from models.training.optim import class_weights, target_shares

__all__ = ["FunctionalLayers", "fit_text", "solve_linear", "solve_text"]


@dataclass(frozen=True)
class LinearLayer:
    """Weights of a linear layer.

    Attributes:
        weight: weight matrix (classes, F).
        bias: bias (classes,).
    """

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class FunctionalLayers:
    """Output layers of the functionals.

    Attributes:
        seen: layer for clips of speakers with several clips.
        unseen: layer for clips of unseen speakers.
    """

    seen: LinearLayer
    unseen: LinearLayer


def solve_linear(rows: Tensor, shares: Tensor, weights: Tensor) -> LinearLayer:
    """Return the layer that minimises the weighted mean cross entropy with an L2 penalty.

    The objective is convex; L-BFGS reaches its minimum, which stochastic steps don't.

    Args:
        rows: inputs (n, F), each of variance around 1.
        shares: target shares (n, classes).
        weights: weights of the rows (n,).

    Example:
        >>> rows = torch.tensor([[1.0], [-1.0]])
        >>> layer = solve_linear(rows, torch.eye(2), torch.ones(2))
        >>> (rows @ layer.weight.T + layer.bias).argmax(dim=1).tolist()
        [0, 1]
    """
    x, y = rows.double().cpu(), shares.double().cpu()
    weight = weights.double().cpu() / weights.sum().double().cpu()
    matrix = torch.zeros(y.shape[1], x.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(y.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [matrix, bias], max_iter=_LINEAR_STEPS, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimiser.zero_grad()
        entropy = -(y * F.log_softmax(x @ matrix.T + bias, dim=1)).sum(dim=1)
        total = (entropy * weight).sum() + 0.5 * _WEIGHT_DECAY * matrix.square().sum()
        torch.autograd.backward(total)
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return LinearLayer(matrix.detach().float(), bias.detach().float())


_WEIGHT_DECAY = 1e-3
_LINEAR_STEPS = 200


Numbers = NDArray[np.float64]


def fit_text(
    training: Sequence[Example],
    validation: Sequence[Example],
    settings: TrainSettings,
    context: TrainingContext,
) -> FitResult:
    """Fit a text model with a :class:`TextLinear` branch; its history has one epoch.

    Args:
        training: labelled clips.
        validation: labelled clips; may be empty.
        settings: settings with ``words.kind`` linear and modality text.
        context: callbacks.
    """
    built = Vocabulary.build([example.words for example in training], with_ngrams=True)
    vocabulary = Vocabulary((), (), built.ngrams)
    branch = TextLinear(len(vocabulary.ngrams), len(EMOTIONS))
    network = BimodalClassifier(None, branch, len(EMOTIONS))
    raw = [truncate(example.features, settings) for example in training]
    model = FittedModel(network, Normaliser.fit(raw, np.inf), vocabulary, settings, EMOTIONS)
    shares = target_shares(training, settings).double().numpy()
    labels = np.array([example.label for example in training])
    weights = shares @ class_weights(labels, settings).double().numpy()
    texts = [model.encode_words(example) for example in training]
    bias = solve_text(branch, texts, shares, weights)
    with torch.no_grad():
        network.output.weight.copy_(torch.eye(len(EMOTIONS)))
        network.output.bias.copy_(torch.from_numpy(bias))
    model = replace(model, network=network.eval())
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
    likelihoods = np.maximum(probabilities[np.arange(len(truth)), truth], _EPSILON)
    loss = float(-np.log(likelihoods).mean())
    return loss, float((predicted == truth).mean()), uar(truth, predicted)


def solve_text(
    branch: TextLinear, texts: Sequence[Sequence[int]], shares: Numbers, weights: Numbers
) -> Numbers:
    """Fit a branch to texts in place; return the bias of the classes (classes,).

    Sets the rarity of each n-gram, ln((1 + n) / (1 + texts with it)) + 1, and the weights that
    minimise Σ weight · cross entropy + |weights|² / 2, which is convex.

    Args:
        branch: branch to fit.
        texts: ids of words and n-grams of each text (n,).
        shares: target shares (n, classes).
        weights: weights of the texts (n,).
    """
    rarity, table = _tf_idf_table(branch, texts)
    branch.rarity.copy_(torch.from_numpy(rarity))
    size, classes = table.shape[1], shares.shape[1]

    def cost(flat: Numbers) -> tuple[float, Numbers]:
        matrix, bias = flat[: size * classes].reshape(size, classes), flat[size * classes :]
        predicted = softmax(table @ matrix + bias)
        entropy = -(shares * np.log(np.maximum(predicted, _EPSILON))).sum(axis=1) @ weights
        errors = (predicted - shares) * weights[:, None]
        gradient = np.concatenate([(table.T @ errors + matrix).ravel(), errors.sum(axis=0)])
        return float(entropy + 0.5 * np.square(matrix).sum()), gradient

    start = np.zeros((size + 1) * classes)
    flat = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": _TEXT_STEPS}).x
    with torch.no_grad():
        branch.says.weight.copy_(torch.from_numpy(flat[: size * classes].reshape(size, classes)))
        branch.says.weight[0] = 0.0
    bias: Numbers = flat[size * classes :]
    return bias


def _tf_idf_table(
    branch: TextLinear, texts: Sequence[Sequence[int]]
) -> tuple[NDArray[np.float32], sparse.csr_array]:
    """Return the rarity of each n-gram (N + 1,), and the TF-IDF of the texts (n, N + 1)."""
    size = len(branch.rarity)
    rows = [torch.tensor([*text, 0]) for text in texts]
    document_counts = np.zeros(size)
    for row in rows:
        ngrams, _ = branch.tf_idf(row[None])
        document_counts[np.unique(ngrams.numpy())] += 1
    rarity = (np.log((1 + len(texts)) / (1 + document_counts)) + 1).astype(np.float32)
    branch.rarity.copy_(torch.from_numpy(rarity))
    indices, columns, values = [], [], []
    for start in range(0, len(rows), _TEXT_BATCH):
        batch = pad_sequence(rows[start : start + _TEXT_BATCH], batch_first=True)
        ngrams, weights = branch.tf_idf(batch)
        row, column = torch.nonzero(ngrams, as_tuple=True)
        indices.append(row.numpy() + start)
        columns.append(ngrams[row, column].numpy())
        values.append(weights[row, column].double().numpy())
    index = (np.concatenate(indices), np.concatenate(columns))
    table = sparse.csr_array((np.concatenate(values), index), shape=(len(texts), size))
    return rarity, table  # repeated n-grams of a text are summed


_TEXT_STEPS = 300
_EPSILON = 1e-12
_TEXT_BATCH = 64
