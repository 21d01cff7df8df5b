import pytest


@pytest.fixture
def quick_search(monkeypatch):
    """Search for splits and bridges with a fraction of the moves."""
    monkeypatch.setattr("manifests.splits.assign._KICKS", 30)
    monkeypatch.setattr("manifests.splits.bridges._LEAST_WORK", 20_000)
    monkeypatch.setattr("manifests.splits.bridges._WORK_OF_A_KEY", 500)
