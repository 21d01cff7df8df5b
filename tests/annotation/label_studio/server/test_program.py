import pytest

from annotation.label_studio.machine import changed_machine
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


@pytest.mark.parametrize("place", ["here/.venv-ls", "corpus/.venv-ls", ".venv-ls"])
@pytest.mark.parametrize("path", ["", ".", ".venv-ls/bin", ":../corpus/.venv-ls/bin:"])
def test_none_is_taken_from_the_folders_around(
    tmp_path, corpus_folder, label_studio_environment, monkeypatch, place, path
):
    """A corpus's program runs only if named; a relative PATH would name it, too."""
    label_studio_environment.rename(tmp_path / place)
    monkeypatch.setenv("PATH", path)
    for folder in (tmp_path / "here", corpus_folder):
        monkeypatch.chdir(folder)
        with pytest.raises(ConfigurationError, match="no Label Studio found; install it outside"):
            find_program(corpus_folder)


def in_the_corpus(tmp_path, corpus):
    (tmp_path / "venv-ls").rename(corpus / ".venv-ls")
    return corpus / ".venv-ls"


def through_a_link_to_the_corpus(tmp_path, corpus):
    in_the_corpus(tmp_path, corpus)
    (tmp_path / "link").symlink_to(corpus / ".venv-ls")
    return tmp_path / "link"


def through_a_link_in_the_corpus(tmp_path, corpus):
    (corpus / "tools").symlink_to(tmp_path / "venv-ls")
    return corpus / "tools"


def with_a_program_of_the_corpus(tmp_path, corpus):
    program = tmp_path / "venv-ls" / "bin" / "label-studio"
    program.rename(corpus / "label-studio")
    program.symlink_to(corpus / "label-studio")
    return tmp_path / "venv-ls"


def in_another_corpus(tmp_path, corpus):
    (tmp_path / "other" / "deep").mkdir(parents=True)
    (tmp_path / "other" / "corpus.toml").touch()
    return (tmp_path / "venv-ls").rename(tmp_path / "other" / "deep" / "venv")


@pytest.mark.parametrize(
    "place",
    [
        in_the_corpus,
        through_a_link_to_the_corpus,
        through_a_link_in_the_corpus,
        with_a_program_of_the_corpus,
        in_another_corpus,
    ],
)
def test_a_program_in_a_corpus_is_refused_however_it_is_named(
    tmp_path, corpus_folder, label_studio_environment, monkeypatch, place
):
    named = place(tmp_path, corpus_folder)
    with pytest.raises(ConfigurationError, match="no program is run from a corpus"):
        find_program(corpus_folder, named)
    monkeypatch.setenv("PATH", str(named / "bin"))
    with changed_machine() as machine:
        machine.environment = str(named)
    with pytest.raises(ConfigurationError, match="no Label Studio found"):
        find_program(corpus_folder)


def test_beside_the_corpus_it_may_be_named(tmp_path, corpus_folder, label_studio_environment):
    around = corpus_folder / ".." / label_studio_environment.name
    assert find_program(corpus_folder, around).version == "1.23.2"


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
