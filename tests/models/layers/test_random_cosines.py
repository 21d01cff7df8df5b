import torch

from models.layers import RandomCosines


def test_their_products_come_near_the_gaussian_kernel():
    torch.manual_seed(0)
    x = torch.randn(12, 40)
    layer = RandomCosines(40, 40_000)
    found = layer(x) @ layer(x).T / 40_000
    expected = torch.exp(-torch.cdist(x, x).square() / (2 * 40))
    assert (found - expected).abs().max() < 0.03


def test_nothing_in_them_is_trained_and_all_of_it_is_kept():
    layer = RandomCosines(3, 8)
    assert not list(layer.parameters())
    assert set(layer.state_dict()) == {"directions", "phases"}
