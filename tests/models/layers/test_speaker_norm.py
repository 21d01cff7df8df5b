import torch

from models.layers import SpeakerNorm


def test_each_speaker_is_standardised_by_own_clips():
    torch.manual_seed(0)
    layer = SpeakerNorm(3, prior=0.0).eval()
    speakers = torch.tensor([0, 1, 0, 1, 0, 1])
    x = torch.randn(6, 3) * 4 + 10 * speakers[:, None]
    y = layer(x, speakers)
    for speaker in (0, 1):
        own = y[speakers == speaker]
        torch.testing.assert_close(own.mean(dim=0), torch.zeros(3), atol=1e-5, rtol=0)
        torch.testing.assert_close(own.std(dim=0, unbiased=False), torch.ones(3), atol=1e-3, rtol=0)


def test_unseen_speakers_use_running_statistics():
    layer = SpeakerNorm(2, prior=4.0).eval()
    layer.mean.fill_(5.0)
    x = torch.full((2, 2), 9.0)
    torch.testing.assert_close(layer(x, torch.tensor([-1, -1])), layer(x, None))
    alone = layer(x[:1], torch.tensor([0]))
    assert (alone > 0).all()
    assert (alone < layer(x[:1], None)).all()


def test_running_mean_changes_in_training_only():
    layer = SpeakerNorm(1)
    x = torch.tensor([[2.0], [4.0]])
    layer.eval()(x, torch.tensor([0, 1]))
    assert layer.mean.item() == 0.0
    layer.train()(x, torch.tensor([0, 1]))
    assert layer.mean.item() > 0.0
