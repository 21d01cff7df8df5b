from pathlib import Path

import pytest

from benchmarks.common.whisper_base import UnavailableError, prepare


@pytest.fixture(scope="session")
def whisper_base() -> Path:
    """Whisper base with its published weights; without network and cache, the tests are skipped."""
    try:
        return prepare()[0]
    except UnavailableError as error:
        pytest.skip(str(error))
