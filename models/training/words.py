"""A text branch that is solved, not trained epoch by epoch: softmax of TF-IDF."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from torch.nn.utils.rnn import pad_sequence

from manifests.emotions import EMOTIONS
from models.adaptation import softmax
from models.encoders.fusion import BimodalClassifier
from models.encoders.text_linear import TextLinear
from models.evaluation.metrics import uar
from models.examples import Example
from models.fitted import FittedModel, truncate
from models.normalisation import Normaliser
from models.settings import TrainSettings
from models.text.vocabulary import Vocabulary
from models.training.around import FitResult, TrainingContext
from models.training.history import Epoch
from models.training.objective import class_weights, target_shares

__all__ = ["fit_text", "solve_text"]

Numbers = NDArray[np.float64]


def fit_text(
    training: Sequence[Example],
    validation: Sequence[Example],
    settings: TrainSettings,
    context: TrainingContext,
) -> FitResult:
    """Return a model of texts alone whose branch is a :class:`TextLinear`; its history is one line.

    Args:
        training: clips with labels.
        validation: clips with labels, maybe none.
        settings: with ``words.kind`` linear and modality text.
        context: who looks on.
    """
    built = Vocabulary.build([one.words for one in training], with_ngrams=True)
    vocabulary = Vocabulary((), (), built.ngrams)
    branch = TextLinear(len(vocabulary.ngrams), len(EMOTIONS))
    network = BimodalClassifier(None, branch, len(EMOTIONS))
    raw = [truncate(one.features, settings) for one in training]
    model = FittedModel(network, Normaliser.fit(raw, np.inf), vocabulary, settings, EMOTIONS)
    shares = target_shares(training, settings).double().numpy()
    labels = np.array([one.label for one in training])
    weights = shares @ class_weights(labels, settings).double().numpy()
    bias = solve_text(branch, [model.encode_words(one) for one in training], shares, weights)
    with torch.no_grad():
        network.output.weight.copy_(torch.eye(len(EMOTIONS)))
        network.output.bias.copy_(torch.from_numpy(bias))
    model = replace(model, network=network.eval())
    loss, right, _ = _told(model, training)
    epoch = Epoch(1, 0.0, loss, right, *(_told(model, validation) if validation else ()))
    if context.watch is not None:
        context.watch(model)
    context.progress(1, 1, epoch.line)
    return FitResult(model, [epoch], 1, 0.0, epochs=1)


def _told(model: FittedModel, examples: Sequence[Example]) -> tuple[float, float, float]:
    """Return loss, accuracy and UAR."""
    probabilities = model.probabilities(examples)
    truth = np.array([one.label for one in examples])
    told = probabilities.argmax(axis=1)
    own = np.maximum(probabilities[np.arange(len(truth)), truth], _LEAST)
    return float(-np.log(own).mean()), float((told == truth).mean()), uar(truth, told)


def solve_text(
    branch: TextLinear, texts: Sequence[Sequence[int]], shares: Numbers, weights: Numbers
) -> Numbers:
    """Fit a branch to texts; return the bias of the classes (classes,).

    It gets the rarity of each run, ln((1 + n) / (1 + texts with it)) + 1, and what makes
    Σ weight · cross entropy + |says|² / 2 least, which is convex: there is one answer.

    Args:
        branch: to be fitted.
        texts: numbers of the words and runs of each (n,).
        shares: what it should say (n, classes).
        weights: of the texts (n,).
    """
    rarity, table = _counted(branch, texts)
    branch.rarity.copy_(torch.from_numpy(rarity))
    size, classes = table.shape[1], shares.shape[1]

    def cost(flat: Numbers) -> tuple[float, Numbers]:
        says, bias = flat[: size * classes].reshape(size, classes), flat[size * classes :]
        told = softmax(table @ says + bias)
        entropy = -(shares * np.log(np.maximum(told, _LEAST))).sum(axis=1) @ weights
        wrong = (told - shares) * weights[:, None]
        slope = np.concatenate([(table.T @ wrong + says).ravel(), wrong.sum(axis=0)])
        return float(entropy + 0.5 * np.square(says).sum()), slope

    start = np.zeros((size + 1) * classes)
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS}).x
    says = found[: size * classes].reshape(size, classes)
    with torch.no_grad():
        branch.says.weight.copy_(torch.from_numpy(says))
        branch.says.weight[0] = 0.0
    bias: Numbers = found[size * classes :]
    return bias


def _counted(
    branch: TextLinear, texts: Sequence[Sequence[int]]
) -> tuple[NDArray[np.float32], sparse.csr_array]:
    """Return the rarity of each run (runs + 1,), and what runs count in texts (n, runs + 1)."""
    known = len(branch.rarity)
    rows = [torch.tensor([*text, 0]) for text in texts]
    present = np.zeros(known)
    for row in rows:
        runs, _ = branch.tf_idf(row[None])
        present[np.unique(runs.numpy())] += 1
    rarity = (np.log((1 + len(texts)) / (1 + present)) + 1).astype(np.float32)
    branch.rarity.copy_(torch.from_numpy(rarity))
    places, columns, values = [], [], []
    for start in range(0, len(rows), _AT_ONCE):
        some = pad_sequence(rows[start : start + _AT_ONCE], batch_first=True)
        runs, counts = branch.tf_idf(some)
        row, place = torch.nonzero(runs, as_tuple=True)
        places.append(row.numpy() + start)
        columns.append(runs[row, place].numpy())
        values.append(counts[row, place].double().numpy())
    index = (np.concatenate(places), np.concatenate(columns))
    table = sparse.csr_array((np.concatenate(values), index), shape=(len(texts), known))
    return rarity, table  # places of one run in one text are added up


_STEPS = 300
_LEAST = 1e-12
_AT_ONCE = 64  # texts
