import pytest

from annotation.label_studio.server.program import find_program
from manifests.base.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("PATH", "/nonexistent")


def test_the_version_is_read_from_the_metadata(corpus_folder, label_studio_environment):
    program = find_program(corpus_folder, label_studio_environment)
    assert (program.version, program.is_tested) == ("1.23.2", True)
    metadata = label_studio_environment / "lib/python3.11/site-packages"
    (metadata / "label_studio-1.23.2.dist-info").rename(metadata / "label_studio-1.24.0.dist-info")
    assert not find_program(corpus_folder, label_studio_environment).is_tested


@pytest.mark.parametrize("place", ["here", "corpus", "."])
def test_it_is_found_here_and_around_the_corpus(
    tmp_path, corpus_folder, label_studio_environment, place
):
    label_studio_environment.rename(tmp_path / place / ".venv-ls")
    assert find_program(corpus_folder).version == "1.23.2"


def test_it_is_found_on_the_path_through_a_link(
    tmp_path, corpus_folder, label_studio_environment, monkeypatch
):
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "label-studio"
    command.symlink_to(label_studio_environment / "bin" / "label-studio")
    monkeypatch.setenv("PATH", str(command.parent))
    assert find_program(corpus_folder).environment == label_studio_environment


def test_without_one_the_way_to_install_it_is_named(corpus_folder, tmp_path):
    with pytest.raises(ConfigurationError, match=r"pip install label-studio==1\.23\.2"):
        find_program(corpus_folder)
    with pytest.raises(ConfigurationError, match="--environment"):
        find_program(corpus_folder, tmp_path)
