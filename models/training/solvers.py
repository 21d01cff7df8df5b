"""Convex solvers: the layer on statistics and the linear text branch, by logistic regression."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from manifests.base.errors import CorpusError
from models.data import Example
from models.encoders.statistics import LIMIT, StatisticsEncoder
from models.encoders.text import TextLinear
from models.encoders.text_vectors import VectorMean
from models.model import FittedModel
from models.text.vocabulary import Vocabulary, ngrams
from models.training.augment import AugmentedClips
from models.training.optim import class_weights, target_shares

__all__ = ["fit_statistics", "fit_text", "fit_vectors", "named", "solve_linear", "solve_text"]

Numbers = NDArray[np.float64]

_VECTOR_DECAYS = (1e-2, 1e-1, 1.0)


class LinearLayer(NamedTuple):
    """Weights (classes, F) and bias (classes,) of a linear layer."""

    weight: Tensor
    bias: Tensor


def fit_statistics(model: FittedModel, training: Sequence[Example]) -> None:
    """Fit the output layer of an audio model on statistics in place.

    Clips of seen and of unseen speakers have weights of their own, each solved by
    :func:`solve_linear` on the training clips at all speeds.

    Raises:
        CorpusError: if the features of a clip are not finite.
    """
    network, settings = model.network, model.settings
    if not isinstance(network.audio, StatisticsEncoder):
        raise TypeError("not an audio model on statistics")
    _refuse_non_finite(training)
    labels = np.array([example.label for example in training])
    targets = target_shares(training, settings)
    weights = targets @ class_weights(labels, settings)
    versions = list(AugmentedClips(model, training).statistics())
    rows = np.concatenate([statistics for statistics, _ in versions])
    speakers = np.concatenate([ids for _, ids in versions])
    shares, row_weights = targets.repeat(len(versions), 1), weights.repeat(len(versions))
    limited = torch.from_numpy(rows).clamp_(-LIMIT, LIMIT)
    layers = [
        solve_linear(limited[mask], shares[mask], row_weights[mask], settings.audio.decay)
        for mask in (speakers >= 0, speakers < 0)
        if mask.any()
    ]
    seen, unseen = layers[0], layers[-1]
    columns = [seen.weight, unseen.weight, (unseen.bias - seen.bias)[:, None]]
    with torch.no_grad():
        network.output.weight.copy_(torch.cat(columns, dim=1))
        network.output.bias.copy_(seen.bias)
    network.eval()


def solve_linear(rows: Tensor, shares: Tensor, weights: Tensor, decay: float = 1e-3) -> LinearLayer:
    """Return the layer that minimises weighted mean cross entropy + ``decay`` · |weights|² / 2.

    Rows (n, F) have a variance around 1; ``shares`` are target shares (n, classes).

    Example:
        >>> rows = torch.tensor([[1.0], [0.0], [-1.0]])
        >>> layer = solve_linear(rows, torch.eye(3), torch.ones(3))
        >>> (rows @ layer.weight.T + layer.bias).argmax(dim=1).tolist()
        [0, 1, 2]
    """
    x, y, weight = (tensor.double().cpu().numpy() for tensor in (rows, shares, weights))
    layer = _logistic_regression(x, y, weight / weight.sum(), decay)
    return LinearLayer(*(torch.from_numpy(values).float() for values in layer))


def _refuse_non_finite(training: Sequence[Example]) -> None:
    """Raise a CorpusError that names the clips with features that are not finite."""
    clips = [clip.clip_id for clip in training if not np.isfinite(clip.features).all()]
    if clips:
        raise CorpusError(f"the features of {named(clips)} are not finite; look at these clips")


def named(clips: Sequence[str]) -> str:
    """Return the names of clips for an error, at most three of them."""
    more = f" and {len(clips) - _NAMED_CLIPS} more" if len(clips) > _NAMED_CLIPS else ""
    return ", ".join(clips[:_NAMED_CLIPS]) + more


def fit_text(model: FittedModel, training: Sequence[Example]) -> None:
    """Fit the network of a text model with a :class:`TextLinear` branch in place.

    The branch is softmax regression on TF-IDF of n-grams: it minimises Σ weight · cross entropy +
    |weights|² / 2.
    """
    network, text = model.network, model.text
    if text is None or not isinstance(network.text, TextLinear):
        raise TypeError("not a model with a linear text branch only")
    shares = target_shares(training, model.settings).double().numpy()
    labels = np.array([example.label for example in training])
    weights = shares @ class_weights(labels, model.settings).double().numpy()
    texts = [example.words[: model.settings.words.max_words] for example in training]
    branch, bias = solve_text(text.vocabulary, texts, shares, weights)
    network.text.load_state_dict(branch.state_dict())
    with torch.no_grad():
        network.output.weight.copy_(torch.eye(len(model.classes)))
        network.output.bias.copy_(torch.from_numpy(bias))
    network.eval()


def fit_vectors(
    model: FittedModel, training: Sequence[Example], validation: Sequence[Example]
) -> None:
    """Fit the network of a text model with a :class:`VectorMean` branch in place.

    The penalty is the one with the smallest log loss on the validation clips with a text, if any.
    """
    network = model.network
    if not isinstance(network.text, VectorMean):
        raise TypeError("not a model with a linear layer over vectors only")
    vectors = _text_inputs(model, training)
    network.text.standardise(vectors)
    rows = network.text(vectors)
    shares = target_shares(training, model.settings)
    labels = np.array([example.label for example in training])
    weights = shares @ class_weights(labels, model.settings)
    known = [
        example
        for example in validation
        if example.text_vectors is not None and len(example.text_vectors)
    ]
    best = math.inf
    for decay in _VECTOR_DECAYS if known else _VECTOR_DECAYS[1:2]:
        layer = solve_linear(rows, shares, weights, decay)
        loss = 0.0
        if known:
            truth = torch.tensor([example.label for example in known])
            logits = network.text(_text_inputs(model, known)) @ layer.weight.T + layer.bias
            loss = float(F.cross_entropy(logits, truth))
        if loss < best:
            best = loss
            with torch.no_grad():
                network.output.weight.copy_(layer.weight)
                network.output.bias.copy_(layer.bias)
    network.eval()


def _text_inputs(model: FittedModel, examples: Sequence[Example]) -> Tensor:
    return model.encode(examples).batch(np.arange(len(examples))).words


def solve_text(
    vocabulary: Vocabulary, texts: Sequence[Sequence[str]], shares: Numbers, weights: Numbers
) -> tuple[TextLinear, Numbers]:
    """Return the fitted branch, and the bias (classes,), for texts' target shares (n, classes)."""
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
    """Return weights (classes, F) and bias (classes,) of a multinomial logistic regression.

    A row of x (n, F; dense or sparse) with several target classes counts as one row for each,
    weighted by its share. The first row counts for every class, so that none is missing and the
    solution has a row for each. ``penalty`` is the factor of half the sum of squared weights.
    """
    from sklearn.linear_model import LogisticRegression

    counted = shares > 0
    counted[0] = True
    rows, classes = np.nonzero(counted)
    model = LogisticRegression(C=1 / penalty, tol=_TOLERANCE, max_iter=_STEPS)
    model.fit(x[rows], classes, sample_weight=(shares * weights[:, None])[rows, classes])
    return model.coef_, model.intercept_


_VECTOR_PENALTIES = (1e-2, 1e-1, 1.0)
_STEPS = 300
_TOLERANCE = 1e-6
_EPSILON = 1e-12
_NAMED_CLIPS = 3  # clips that an error names
