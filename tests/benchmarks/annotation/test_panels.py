import numpy as np
import pytest

from annotation.reliability.metrics import alpha
from benchmarks.annotation import agreement_interval, panels
from manifests.storage.sections import PAPER_COUNTS


def test_panel_has_the_papers_balance_and_three_votes_for_each_clip():
    made = panels.panel(0)
    assert np.bincount(made.truth) / 2000 == pytest.approx(np.array(PAPER_COUNTS) / 4510, abs=5e-4)
    assert ((made.codes >= 0).sum(axis=0) == 3).all()
    np.testing.assert_allclose(made.confusion.sum(axis=2), 1)


@pytest.mark.parametrize("seed", range(3))
def test_dawid_skene_finds_no_fewer_classes_than_the_majority(seed):
    found = panels.scores(seed, 2000, 0.0)
    assert found.dawid_skene >= found.majority


def test_limit_of_alpha_is_what_ever_more_clips_come_to():
    generator = np.random.default_rng(0)
    confusion = panels.annotators(generator)
    truth = generator.choice(panels.K, size=200_000, p=panels.BALANCE)
    many = panels.vote(truth, confusion, generator, unclear=0.05)
    limit = agreement_interval.limit(confusion)
    assert alpha(panels.tally(many.codes)) == pytest.approx(limit, abs=0.004)
