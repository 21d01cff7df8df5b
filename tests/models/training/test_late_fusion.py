from dataclasses import replace

import numpy as np
import pytest
import torch

from models.training.loop import fit


@pytest.fixture(scope="module")
def parts(separable, quick):
    settings = quick.changed(epochs=2, branches="apart", adapt=False)
    return [
        fit(separable, [], settings.changed(modality=modality)).model
        for modality in ("both", "audio", "text")
    ]


def test_fused_logits_are_the_sum_of_the_branches(parts, separable):
    both, sound, words = (np.log(model.probabilities(separable)) for model in parts)
    bias = parts[2].network.output.bias.detach().numpy()
    total = sound + parts[0].settings.words.weight * (words - bias)
    np.testing.assert_allclose(
        np.exp(both), torch.from_numpy(total).softmax(dim=1).numpy(), atol=1e-5
    )


def test_missing_text_gives_the_audio_models_prediction(parts, separable):
    silent = [replace(clip, words=()) for clip in separable]
    both, sound, _ = (model.probabilities(silent) for model in parts)
    np.testing.assert_allclose(both, sound, atol=1e-6)


def test_learned_features_are_weighted(separable, quick):
    settings = quick.changed(epochs=2, modality="audio", audio={"weight": 0.3})
    own = fit(separable, [], settings).model.network
    full = fit(separable, [], settings.changed(audio={"weight": 1.0})).model.network
    learned = own.audio.learned
    torch.testing.assert_close(
        own.output.weight[:, :learned], 0.3 * full.output.weight[:, :learned]
    )
    torch.testing.assert_close(own.output.weight[:, learned:-1], full.output.weight[:, learned:-1])


def test_unseen_speakers_are_predicted_by_functionals_only(separable, quick):
    settings = quick.changed(epochs=2, modality="audio", audio={"weight": 0.3})
    alone = [replace(clip, group="") for clip in separable]
    some, none = (
        fit(separable, [], settings.changed(audio={"weight": weight})).model for weight in (0.3, 0)
    )
    np.testing.assert_allclose(some.probabilities(alone), none.probabilities(alone), atol=1e-6)
    assert np.abs(some.probabilities(separable) - none.probabilities(separable)).max() > 1e-3


@pytest.mark.parametrize("groups", ["all known", "all alone"])
def test_layer_without_clips_equals_the_other(separable, quick, groups):
    settings = quick.changed(epochs=1, modality="audio", strangers=0.0)
    clips = [replace(clip, group=clip.group * (groups == "all known")) for clip in separable]
    network = fit(clips, [], settings).model.network
    seen, unseen = network.output.weight[:, network.audio.learned : -1].chunk(2, dim=1)
    torch.testing.assert_close(seen, unseen)


def test_functionals_dont_depend_on_learned_features(separable, quick):
    settings = quick.changed(epochs=1, modality="audio", audio={"weight": 0.0})
    first = fit(separable, [], settings).model.probabilities(separable)
    other = fit(separable, [], settings.changed(epochs=3, seed=5)).model.probabilities(separable)
    np.testing.assert_allclose(first, other, atol=1e-6)
    predicted = first.argmax(axis=1) == [clip.label for clip in separable]
    assert predicted.mean() > 0.8
