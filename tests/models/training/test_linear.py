import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from models.training.solvers import solve_linear


@pytest.fixture
def rows():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, 300)
    return generator.normal(size=(300, 8)) + np.eye(4, 8)[labels], labels


def test_solution_equals_scikit_learns(rows):
    x, labels = rows
    layer = solve_linear(
        torch.tensor(x), torch.nn.functional.one_hot(torch.tensor(labels)), torch.ones(300)
    )
    peer = LogisticRegression(C=1 / (1e-3 * 300), max_iter=5000, tol=1e-10).fit(x, labels)
    np.testing.assert_allclose(layer.weight, peer.coef_, atol=5e-3)


def test_weight_two_equals_two_rows(rows):
    x, labels = rows
    shares = torch.nn.functional.one_hot(torch.tensor(labels)).double()
    twice = torch.ones(300)
    twice[:100] = 2
    one = solve_linear(torch.tensor(x), shares, twice)
    other = solve_linear(
        torch.tensor(np.concatenate([x, x[:100]])),
        torch.cat([shares, shares[:100]]),
        torch.ones(400),
    )
    torch.testing.assert_close(one.weight, other.weight, atol=1e-4, rtol=1e-3)
