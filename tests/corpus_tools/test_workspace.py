import pytest

from corpus_tools.workspace import Workspace
from manifests.errors import ConfigurationError


def test_a_new_corpus_says_its_name_and_keeps_the_defaults(tmp_path):
    workspace = Workspace.create(tmp_path / "c", "茶馆", "zh", {"split": {"seed": 3}})
    configuration = workspace.configuration
    assert configuration.corpus.name == "茶馆"
    assert configuration.split.seed == 3
    assert configuration.split.ratios == (0.8, 0.1, 0.1)


def test_making_it_twice_changes_nothing(tmp_path):
    Workspace.create(tmp_path, "one")
    before = (tmp_path / "corpus.toml").read_bytes()
    with pytest.raises(ConfigurationError, match="already"):
        Workspace.create(tmp_path, "two")
    assert (tmp_path / "corpus.toml").read_bytes() == before


def test_it_is_found_from_a_folder_within(tmp_path, monkeypatch):
    Workspace.create(tmp_path, "c")
    monkeypatch.chdir(tmp_path / "annotations" / "tasks")
    assert Workspace.find().root == tmp_path


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[segment]\nmin_second = 3", "did you mean 'min_seconds'"),
        ("[segmnt]", "did you mean 'segment'"),
        ("[split]\nratios = [0.5, 0.1, 0.1]", r"\[split.ratios\].*sum to 1"),
        ("[split", "not valid TOML"),
        ("[targets]\nangry = -1", r"\[targets.angry\]"),
    ],
)
def test_what_is_wrong_in_corpus_toml_is_named(tmp_path, toml, sentence):
    (tmp_path / "corpus.toml").write_text(toml)
    with pytest.raises(ConfigurationError, match=sentence):
        _ = Workspace(tmp_path).configuration
