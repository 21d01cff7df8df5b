import subprocess
import sys

import numpy as np
import pytest

import models

pytestmark = pytest.mark.usefixtures("undrawn")


def test_a_model_is_trained_evaluated_and_loaded(corpus, quick):
    folder = corpus()
    root = folder.parent.parent
    trained = models.train(str(folder), root / "runs" / "mine", quick, epochs=2, modality="audio")
    run = trained.outputs[0]
    evaluated = models.evaluate(run, folder, out=root / "figures")
    assert evaluated.details["metrics"]["n"] == trained.details["metrics"]["test"]["n"] == 12
    assert (root / "figures" / "metrics.json").is_file()
    clips = sorted((root / "clips" / "source3").iterdir())
    shares = models.load(run).predict([str(clip) for clip in clips])
    assert shares.shape == (12, 6)
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_public_names_exist_and_importing_the_package_is_light():
    assert all(getattr(models, name) for name in models.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Net'"):
        _ = models.Net
    code = "import sys, models; assert not {'torch', 'numpy', 'pydantic'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
