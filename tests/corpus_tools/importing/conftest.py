"""A corpus to import into, and sounds to import."""

import numpy as np
import pytest

from corpus_tools.media.wav import write_wav
from corpus_tools.workspace.workspace import Workspace


@pytest.fixture
def corpus(tmp_path):
    return Workspace.create(tmp_path / "corpus", "test", "en")


@pytest.fixture
def sounds(tmp_path, make_voice):
    """A folder with eight files of a second, of four speakers."""
    folder = tmp_path / "theirs"
    for number in range(8):
        samples = (make_voice(1.0, seed=number) * 20_000).astype(np.int16)
        write_wav(folder / f"wav/{number}.wav", samples)
    return folder
