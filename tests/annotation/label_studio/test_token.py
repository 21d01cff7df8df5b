import pytest

from annotation.label_studio.refusals import find_token, token_path
from manifests.base.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch):
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)


@pytest.fixture
def token_file(tmp_path):
    path = token_path(tmp_path)
    path.parent.mkdir()
    path.write_text("abc.def\n")
    path.chmod(0o600)
    return path


def test_the_environment_goes_before_the_file(tmp_path, token_file, monkeypatch):
    assert find_token(tmp_path) == "abc.def"
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", " fromshell ")
    assert find_token(tmp_path) == "fromshell"


def test_without_a_token_both_ways_are_named(tmp_path):
    with pytest.raises(ConfigurationError, match="LABEL_STUDIO_API_KEY") as raised:
        find_token(tmp_path)
    assert ".label-studio-token" in str(raised.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_file_that_others_can_read_is_refused_with_the_remedy(tmp_path, token_file, mode):
    token_file.chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600") as raised:
        find_token(tmp_path)
    assert "abc.def" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"two words\n", b"two\nlines\n", b"\xff\xfe"])
def test_a_file_without_a_token_is_refused_unquoted(tmp_path, token_file, content):
    token_file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="no valid Label Studio token") as raised:
        find_token(tmp_path)
    assert "two" not in str(raised.value)


def test_a_key_in_corpus_toml_names_another_file(tmp_path, token_file):
    other = tmp_path / "secret" / "token"
    other.parent.mkdir()
    other.write_text("xyz")
    other.chmod(0o600)
    assert find_token(tmp_path, "secret/token") == "xyz"
    assert find_token(tmp_path, str(other)) == "xyz"
