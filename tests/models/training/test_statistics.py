from dataclasses import replace

import numpy as np
import pytest
import torch

from manifests.base.errors import CorpusError
from models.training.loop import fit


@pytest.fixture(scope="module")
def settings(quick):
    return quick.changed(modality="audio", audio={"encoder": "statistics"}, adapt=False)


def uar_of(model, clips):
    predicted = model.probabilities(clips).argmax(axis=1)
    return (predicted == [clip.label for clip in clips]).mean()


def test_the_layer_generalises_to_a_new_speaker(statistics, settings):
    new = [clip for clip in statistics if clip.group == "s3"]
    model = fit([clip for clip in statistics if clip.group != "s3"], [], settings).model
    assert uar_of(model, new) > 0.6


def test_the_seed_and_the_epochs_dont_matter(statistics, settings):
    first = fit(statistics, [], settings)
    other = fit(statistics, [], settings.changed(epochs=3, seed=5))
    assert len(first.history) == len(other.history) == 1
    torch.testing.assert_close(first.model.network.output.weight, other.model.network.output.weight)


def test_unseen_speakers_have_weights_of_their_own(statistics, settings):
    alone = [replace(clip, group="") for clip in statistics]
    own = fit(statistics, [], settings).model
    shared = fit(statistics, [], settings.changed(strangers=0.0)).model
    np.testing.assert_allclose(
        own.probabilities(statistics), shared.probabilities(statistics), atol=1e-5
    )
    assert np.abs(own.probabilities(alone) - shared.probabilities(alone)).max() > 1e-2


@pytest.mark.parametrize("known", [True, False])
def test_without_clips_of_a_kind_both_share_the_weights(statistics, settings, known):
    own = [replace(clip, group=clip.group * known) for clip in statistics]
    weight = fit(own, [], settings.changed(strangers=0.0)).model.network.output.weight
    seen, unseen = weight[:, :-1].chunk(2, dim=1)
    torch.testing.assert_close(seen, unseen)


def test_decay_makes_weights_smaller(statistics, settings):
    kinds = [settings.changed(audio={"decay": decay}) for decay in (1e-3, 1e-1, 10.0)]
    sizes = [float(fit(statistics, [], own).model.network.output.weight.norm()) for own in kinds]
    assert sizes == sorted(sizes, reverse=True)


def test_other_speeds_are_further_clips(statistics, settings):
    faster = [replace(clip, versions=(clip.features + 1,)) for clip in statistics]
    plain, more = (fit(own, [], settings).model for own in (statistics, faster))
    assert plain.network.output.weight.shape == more.network.output.weight.shape
    assert not torch.allclose(plain.network.output.weight, more.network.output.weight)


def test_features_that_are_not_finite_are_named(statistics, settings):
    broken = [replace(statistics[0], features=statistics[0].features * np.nan), *statistics[1:]]
    with pytest.raises(CorpusError, match="features of s0-0-0 are not finite"):
        fit(broken, [], settings)


def test_adaptation_moves_only_clips_of_one_person(statistics, settings):
    model = fit(statistics[18:], [], settings).model
    adapted = replace(model, settings=settings.changed(adapt=True))
    own = statistics[:18]
    several = [replace(clip, single_speaker=False) for clip in own]
    assert np.abs(adapted.probabilities(own) - model.probabilities(own)).max() > 1e-3
    np.testing.assert_array_equal(adapted.probabilities(several), model.probabilities(several))
