import dataclasses

import numpy as np
import pytest
import torch

from manifests.base.errors import ConfigurationError, CorpusError, DataError
from models.training.batches import epoch_order, mask_features
from models.training.loop import fit


def _accuracy(model, examples):
    predicted = model.probabilities(examples).argmax(axis=1)
    return float((predicted == [example.label for example in examples]).mean())


def _split(examples):
    train = [example for example in examples if example.group != "s3"]
    return train, [example for example in examples if example.group == "s3"]


@pytest.mark.parametrize("modality", ["both", "audio"])
def test_audio_model_generalises_to_a_new_speaker(separable, quick, modality):
    train, new = _split(separable)
    found = fit(train, [], quick.changed(modality=modality, epochs=25))
    assert _accuracy(found.model, train) > 0.9
    assert _accuracy(found.model, new) > 0.6


def test_text_model_learns(separable, quick):
    spoken = [
        dataclasses.replace(example, words=(f"w{example.label}", "x")) for example in separable
    ]
    found = fit(spoken, [], quick.changed(modality="text", epochs=60))
    assert _accuracy(found.model, spoken) > 0.9


def test_the_papers_model_learns(separable, quick):
    settings = quick.changed(preset="paper", lr=3e-3, epochs=30, features={"pitch": True})
    found = fit(separable, [], settings)
    assert _accuracy(found.model, separable) > 0.6


def test_seed_determines_the_weights(separable, quick):
    def weights(seed):
        torch.manual_seed(seed + 7)  # the global state must not matter
        found = fit(separable, separable[:6], quick.changed(epochs=2, seed=seed))
        return found.model.network.state_dict()

    first, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_training_restores_torchs_random_state(separable, quick):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    fit(separable[:12], [], quick.changed(epochs=1))
    assert torch.equal(torch.rand(1), expected)


def test_best_epoch_is_kept_and_patience_ends_training(separable, quick):
    train, validation = _split(separable)
    found = fit(train, validation, quick.changed(keep="best", patience=2, epochs=40, lr=0.2))
    best = max(found.history, key=lambda epoch: (epoch.val_accuracy, -epoch.val_loss))
    assert found.kept_epoch == best.epoch
    assert _accuracy(found.model, validation) == pytest.approx(best.val_accuracy)
    assert len(found.history) == min(found.kept_epoch + 2, 40)


def test_order_of_clips_is_irrelevant(separable, quick):
    model = fit(separable, [], quick.changed(epochs=2)).model
    forward = model.probabilities(separable)
    backward = model.probabilities(separable[::-1])[::-1]
    np.testing.assert_allclose(forward, backward, atol=1e-5)


def test_empty_texts_dont_reduce_accuracy(separable, quick):
    train, new = _split(separable)
    model = fit(train, [], quick.changed(epochs=25)).model
    silent = [dataclasses.replace(example, words=()) for example in new]
    assert _accuracy(model, silent) >= _accuracy(model, new) - 0.1


def test_missing_class_gives_finite_probabilities(separable, quick):
    model = fit(
        [example for example in separable if example.label != 5], [], quick.changed(epochs=3)
    ).model
    assert np.isfinite(model.probabilities(separable)).all()


def test_loss_that_is_not_finite_is_reported(separable, quick):
    broken = dataclasses.replace(separable[0], features=separable[0].features * np.nan)
    with pytest.raises(CorpusError, match=r"epoch 1: the loss is nan"):
        fit([broken, *separable[1:20]], [], quick)


def test_too_few_clips_and_missing_devices_are_refused(separable, quick):
    with pytest.raises(DataError, match="at least 2"):
        fit(separable[:1], [], quick)
    if not torch.cuda.is_available():
        with pytest.raises(ConfigurationError, match="no device"):
            fit(separable, [], quick.changed(device="cuda"))


def test_epoch_has_every_clip_once():
    lengths = np.arange(37) % 11
    batches = list(epoch_order(lengths, 4, np.random.default_rng(0)))
    assert sorted(np.concatenate(batches)) == list(range(37))
    assert all(1 < len(batch) <= 5 for batch in batches)


def test_masking_is_limited_to_its_share():
    frames = torch.ones(50, 20, 100)
    lengths = torch.full((50,), 80)
    masked = mask_features(frames, lengths, 0.2, torch.Generator().manual_seed(0))
    assert 0.05 < (masked == 0).float().mean() < 0.7
    assert (masked[:, :, 80:] == 1).any(dim=1).all()  # padding isn't masked
    blank_columns = (masked == 0).all(dim=1).sum(dim=1)
    assert blank_columns.max() <= 2 * (0.2 * 80 + 1)
