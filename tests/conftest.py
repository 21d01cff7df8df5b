"""Speed and repeatability: no wait for the disk, few plots, the same examples each time."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# one example that no change is to blame for may not stop a change; search for such ones with
# pytest --hypothesis-profile=default
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def _no_wait_for_the_disk() -> Iterator[None]:
    """Skip fsync: the tests kill processes, never the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="module")
def no_plots() -> Iterator[None]:
    """Replace the plots of a manifest's card, half the time of a small build, by empty files."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("draw_classes", "draw_splits"):
            patch.setattr(
                f"manifests.building.write.{name}", lambda partition, path: path.write_bytes(b"PNG")
            )
        yield


@pytest.fixture(scope="session", autouse=True)
def machine_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep what the commands remember of this machine out of the user's own folder."""
    folder = tmp_path_factory.mktemp("machine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CORPUS_TOOLS_HOME", str(folder))
        yield folder
