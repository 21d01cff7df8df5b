from dataclasses import replace

import numpy as np
import pytest

from models.training.augment import AugmentedClips
from models.training.loop import fit


@pytest.fixture
def augmented(separable, quick):
    """Return a function that augments the separable clips at two speeds."""

    def make(share):
        training = [replace(example, versions=(example.features[::2],)) for example in separable]
        settings = quick.changed(epochs=1, modality="audio", strangers=share)
        model = fit(training, [], settings).model
        return AugmentedClips(model, training), model, training

    return make


def test_speed_is_drawn_per_speaker(augmented):
    found, _, training = augmented(0.0)
    seen = set()
    random = np.random.default_rng(0)
    for _ in range(20):
        clips = found.sample_epoch(random)
        whole = {}
        for clip, own in zip(clips.features, training, strict=True):
            whole.setdefault(own.group, set()).add(len(clip) == len(own.features))
        assert all(len(speeds) == 1 for speeds in whole.values())
        seen.add(tuple(speeds == {True} for speeds in whole.values()))
    assert len(seen) > 4


def test_clips_of_unseen_speakers_are_normalised_alone(augmented):
    found, model, training = augmented(0.5)
    clips = found.sample_epoch(np.random.default_rng(1))
    assert 0.3 < (clips.speakers == -1).mean() < 0.7
    for row, speaker in enumerate(clips.speakers):
        slow = len(clips.features[row]) < len(training[row].features)
        features = training[row].versions[0] if slow else training[row].features
        alone = model.prepare([replace(training[row], features=features, group="")])
        same = np.allclose(
            alone.batch(np.array([0])).frames, clips.batch(np.array([row])).frames, atol=1e-6
        )
        assert same == (speaker == -1)


def test_share_of_0_gives_no_unseen_speakers(augmented):
    found, _, _ = augmented(0.0)
    assert (found.sample_epoch(np.random.default_rng(0)).speakers >= 0).all()
