import numpy as np
import pytest
import torch

from models import AudioEncoder, BimodalClassifier, TextCNN
from models.config.branches import AudioSettings
from models.config.train import TrainSettings

BRANCHES = {"default": AudioSettings(), "paper": TrainSettings(preset="paper").audio}


def _classifier(settings):
    torch.manual_seed(0)
    text = TextCNN(torch.randn(20, 12), filters=4)
    network = BimodalClassifier(AudioEncoder(9, settings), text)
    return network.eval()


@pytest.mark.parametrize("name", BRANCHES)
def test_logits_dont_depend_on_padding(name):
    network = _classifier(BRANCHES[name])
    frames, lengths = torch.randn(3, 9, 50), torch.tensor([50, 31, 6])
    for row, length in enumerate(lengths):
        frames[row, :, length:] = 0
    words = torch.tensor([[2, 3, 4, 5, 6, 7], [8, 9, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
    together = network(frames, lengths, words)
    for row, length in enumerate(lengths):
        own = words[row : row + 1, : max(int((words[row] > 0).sum()), 1)]
        alone = network(frames[row : row + 1, :, :length], lengths[row : row + 1], own)
        torch.testing.assert_close(alone[0], together[row], atol=1e-5, rtol=1e-4)


def test_empty_text_gives_zero_vector():
    network = _classifier(AudioSettings())
    assert network.text(torch.zeros(2, 7, dtype=torch.long)).abs().sum() == 0


def _pieces_and_runs(**options):
    torch.manual_seed(0)
    vectors = torch.randn(10, 12)
    return TextCNN(vectors, filters=4, widths=(1, 2, 3), channels=2, runs=5, **options)


@pytest.mark.parametrize("text", [[4, 2, 7, 3, 3, 9], [5], []])
def test_padded_text_equals_the_papers_equations(text):
    vectors = torch.randn(10, 6)
    vectors[0] = 0
    encoder = TextCNN(vectors, filters=5, padded_to=9).eval()
    matrix = np.zeros((9, 6))  # N words, zeros after the last
    matrix[: len(text)] = vectors[torch.tensor(text, dtype=torch.long)]
    expected = [
        max(
            max(0.0, float((kernel.T * matrix[start : start + width]).sum() + bias))
            for start in range(9 - width + 1)
        )
        for width, convolution in zip((3, 4, 5), encoder.convolutions, strict=True)
        for kernel, bias in zip(
            convolution.weight.detach().double().numpy(),
            convolution.bias.detach().double().numpy(),
            strict=True,
        )
    ]
    other = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    numbers = torch.tensor([text + [0] * (9 - len(text)), other])
    np.testing.assert_allclose(encoder(numbers)[0].detach(), expected, atol=1e-5)


def test_ngrams_bypass_the_filters():
    encoder = _pieces_and_runs().eval()
    assert encoder.width == 4 * 3 + 16
    plain, other = torch.tensor([[3, 2, 4, 2, 10, 12]]), torch.tensor([[3, 2, 4, 2, 11, 12]])
    first, second = encoder(plain)[0], encoder(other)[0]
    assert torch.equal(first[:12], second[:12])
    assert not torch.equal(first[12:], second[12:])
    assert encoder(torch.zeros(1, 3, dtype=torch.long)).abs().sum() == 0


def test_pieces_dont_depend_on_padding():
    encoder = _pieces_and_runs().eval()
    texts = [[3, 2, 4, 2, 10], [3, 2, 5, 6, 4, 2, 7, 7, 8, 8, 10, 11, 14], [], [14]]
    padded = torch.tensor([text + [0] * (14 - len(text)) for text in texts])
    together = encoder(padded)
    for row, text in enumerate(texts):
        alone = encoder(torch.tensor([text or [0]]))[0]
        torch.testing.assert_close(alone, together[row])


def test_blanked_positions_are_unknown_in_training_only():
    encoder = _pieces_and_runs(blank=0.999, dropout=0.0)
    words = torch.tensor([[3, 2, 4, 2, 5, 2]])
    unknown = torch.ones_like(words)
    encoder.eval()
    expected, plain = encoder(unknown), encoder(words)
    encoder.train()
    torch.testing.assert_close(encoder(words), expected)
    assert not torch.equal(plain, expected)


def test_words_at_the_end_are_used():
    encoder = TextCNN(torch.randn(20, 12), filters=4).eval()
    words = torch.tensor([[2, 3, 4, 5, 6, 7, 8]])
    changed = torch.tensor([[2, 3, 4, 5, 6, 7, 9]])
    assert not torch.equal(encoder(words), encoder(changed))


def test_every_trainable_weight_gets_a_gradient():
    network = _classifier(AudioSettings(dropout=0)).train()
    logits = network(
        torch.randn(4, 9, 30),
        torch.tensor([30, 30, 20, 9]),
        torch.randint(1, 20, (4, 8)),
        torch.tensor([0, 0, 1, 1]),
    )
    (logits * torch.randn_like(logits)).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_a_classifier_without_branches_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        BimodalClassifier(None, None)
