"""The preset ``paper`` equals the paper, whatever the defaults are."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import Adam

from models import CBAM, ODConv2d
from models.branches import AudioBranch, TextBranch
from models.config.train import TrainSettings
from models.data import Example
from models.features.mfcc import MfccExtractor
from models.features.normalise import Normaliser
from models.layers import SpeakerNorm
from models.model import build_network
from models.text.vocabulary import Vocabulary
from models.training.optim import class_weights, make_optimiser, make_schedule, target_shares

PAPER = TrainSettings(preset="paper")
WRITTEN = {
    "epochs": 50,
    "lr": 1e-5,
    "weight_decay": 1e-3,
    "optimiser": "adam",
    "schedule": "constant",
    "keep": "best",
    "patience": None,
    "soft_labels": False,
    "smoothing": 0.0,
    "balance": False,
    "speeds": (),
    "mask": 0.0,
    "drop_text": 0.0,
    "branches": "together",
    "normalise": "corpus",
}


@pytest.mark.parametrize("modality", ["both", "audio", "text"])
def test_training_settings_equal_the_paper(modality):
    settings = TrainSettings(preset="paper", modality=modality)
    assert {key: getattr(settings, key) for key in WRITTEN} == WRITTEN


def test_the_optimiser_is_adam_at_a_constant_rate():
    optimiser = make_optimiser([nn.Parameter(torch.zeros(2))], PAPER)
    assert type(optimiser) is Adam
    assert optimiser.defaults["lr"] == 1e-5
    assert optimiser.defaults["weight_decay"] == 1e-3
    assert make_schedule(optimiser, PAPER, 100) is None


def test_targets_are_unweighted_majorities():
    clips = [Example("a", torch.zeros(1, 1).numpy(), label=2, soft=(0.1, 0.2, 0.7, 0, 0, 0))] * 3
    expected = F.one_hot(torch.tensor([2] * 3), 6).float()
    torch.testing.assert_close(target_shares(clips, PAPER), expected)
    assert class_weights(torch.tensor([0, 0, 2]).numpy(), PAPER).tolist() == [1.0] * 6


def test_features_are_mfccs_only():
    assert MfccExtractor(PAPER.features).width == PAPER.features.n_mfcc


def _network():
    normaliser = Normaliser.fit([np.zeros((1, PAPER.features.n_mfcc))], 1.0)
    text = TextBranch(PAPER, Vocabulary(()), torch.randn(7, PAPER.words.size))
    return build_network({"audio": AudioBranch(PAPER, normaliser), "text": text}, 6)


def test_network_has_the_papers_layers_only():
    network = _network()
    audio, text = network.audio, network.text
    order = [type(layer) for layer in (audio.first, audio.second, audio.third, audio.cbam)]
    assert order == [nn.Conv2d, nn.Conv2d, ODConv2d, CBAM]
    assert audio.cbam.merge == "sum"
    assert text.vectors.embedding_dim == 300
    assert [layer.kernel_size[0] for layer in text.convolutions] == [3, 4, 5]
    assert text.runs is None
    assert text.padded_to == PAPER.words.max_words
    assert not any(isinstance(module, SpeakerNorm) for module in network.modules())


def test_output_is_softmax_of_concatenated_vectors():
    torch.manual_seed(0)
    network = _network().eval()
    frames = torch.randn(2, PAPER.features.n_mfcc, 90)
    lengths, words = torch.tensor([90, 60]), torch.randint(2, 7, (2, 8))
    f = torch.cat([network.audio(frames, lengths), network.text(words)], dim=1)  # (11)
    p = torch.softmax(f @ network.output.weight.T + network.output.bias, dim=1)  # (12)
    torch.testing.assert_close(network(frames, lengths, words).softmax(dim=1), p)
