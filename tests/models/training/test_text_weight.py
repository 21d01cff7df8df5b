from dataclasses import replace

import numpy as np
import pytest

from models.training.loop import fit


@pytest.fixture
def brief(quick):
    return quick.changed(epochs=2, speeds=(), adapt=False)


def _texts(clips, words):
    return [replace(clip, words=words(clip)) for clip in clips]


def test_texts_that_tell_nothing_have_no_weight(separable, brief):
    clips = _texts(separable, lambda clip: ("zdanie", clip.clip_id[-1]))
    fused = fit(clips, [], brief)
    assert "the text tells nothing here" in fused.warning
    assert fused.warning.endswith("so the text has no weight in the model; try --modality audio")
    assert fused.model.settings.words.weight == 0
    alone = fit(clips, [], brief.changed(modality="audio")).model
    assert alone.probabilities(clips) == pytest.approx(fused.model.probabilities(clips))


@pytest.mark.parametrize("changes", [{}, {"words": {"weight": 0.5}}])
def test_texts_that_tell_the_class_keep_their_weight(separable, brief, changes):
    clips = _texts(separable, lambda clip: (f"słowo{clip.label}", clip.clip_id[-1]))
    settings = brief.changed(**changes)
    fused = fit(clips, [], settings)
    assert fused.warning == ""
    assert fused.model.settings.words.weight == settings.words.weight
    silent = fused.model.probabilities(_texts(clips, lambda _: ()))
    assert not np.allclose(fused.model.probabilities(clips), silent)


@pytest.mark.parametrize("changes", [{"branches": "together"}, {"modality": "text"}])
def test_only_branches_that_are_trained_apart_are_weighed(separable, brief, changes):
    clips = _texts(separable, lambda clip: ("zdanie", clip.clip_id[-1]))
    assert fit(clips, [], brief.changed(**changes)).warning == ""
