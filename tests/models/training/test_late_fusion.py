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
