import pytest

from corpus_tools.configuration.transcribe import TranscribeSettings
from corpus_tools.workspace.workspace import Workspace
from manifests.base.errors import ConfigurationError


def test_new_corpus_has_its_name_and_the_defaults(tmp_path):
    workspace = Workspace.create(tmp_path / "c", "茶馆", "zh", {"split": {"seed": 3}})
    configuration = workspace.configuration
    assert configuration.corpus.name == "茶馆"
    assert configuration.split.seed == 3
    assert configuration.split.ratios == (0.8, 0.1, 0.1)


def test_creating_twice_changes_nothing(tmp_path):
    Workspace.create(tmp_path, "one")
    before = (tmp_path / "corpus.toml").read_bytes()
    with pytest.raises(ConfigurationError, match="already"):
        Workspace.create(tmp_path, "two")
    assert (tmp_path / "corpus.toml").read_bytes() == before


@pytest.mark.parametrize(("given", "code"), [("Chinese", "zh"), ("四川话", "zh"), ("pol", "pl")])
def test_the_language_may_be_named(tmp_path, given, code):
    assert Workspace.create(tmp_path, "c", given).configuration.corpus.language == code
    (tmp_path / "corpus.toml").write_text(f'[corpus]\nlanguage = "{given}"', encoding="utf-8")
    assert Workspace(tmp_path).configuration.corpus.language == code


def test_an_unknown_language_makes_no_corpus(tmp_path):
    with pytest.raises(ConfigurationError, match=r"the language 'polisch': .* mean pl .Polish."):
        Workspace.create(tmp_path / "c", "c", "polisch")
    assert not (tmp_path / "c").exists()


def test_a_language_is_detected_only_if_wanted():
    detected, unset, named = (
        TranscribeSettings(language=language) for language in ("auto", None, "Polish")
    )
    languages = [settings.language_in("zh") for settings in (detected, unset, named)]
    assert languages == [None, "zh", "pl"]


def test_corpus_is_found_from_a_subfolder(tmp_path, monkeypatch):
    Workspace.create(tmp_path, "c")
    monkeypatch.chdir(tmp_path / "annotations" / "tasks")
    assert Workspace.find().root == tmp_path


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[segment]\nmin_second = 3", "did you mean 'min_seconds'"),
        ("[segmnt]", "did you mean 'segment'"),
        ("[split]\nratios = [0.5, 0.1, 0.1]", r"\[split\] ratios is \[0.5, 0.1, 0.1\]: .*sum to 1"),
        ("[split]\nratios = [0.5, 0.5]", "ratios is .*; it must be a list of 3 numbers$"),
        ("[split", "not valid TOML"),
        ("[targets]\nangry = -1", r"\[targets\] angry is -1; .* a whole number of at least 0$"),
        ("[segment]\naggressiveness = 9", "is 9; it must be a whole number from 0 to 3$"),
        ("[segment]\naggressiveness = 'high'", 'is "high"; it must be a whole number from 0 to 3$'),
        ("[segment]\naggressiveness = 1.5", "is 1.5; it must be a whole number from 0 to 3$"),
        ("[segment]\ndetector = 'webtrc'", 'is "webtrc"; it must be webrtc or silero$'),
        ("[segment]\nsilero_threshold = 1", "it must be a number above 0 and below 1$"),
        ("[segment]\nspeaker_share = nan", "it must be a number above 0.5, up to 1$"),
        ("[segment]\nalign_subtitles = 'perhaps'", "it must be true or false$"),
        ("[segment]\nmax_seconds = 3.2", r"\[segment\]: max_seconds must be at least 0.5 s more"),
        ("segment = 3", r"\[segment\] is 3; it must be a section$"),
        ("[train]\nspeeds = [1.5, 3]", "speeds, entry 2, is 3; .* a number from 0.5 to 2$"),
        ("[train]\nspeeds = 1", "must be a list of numbers from 0.5 to 2$"),
        ("[train.audio]\ndropout = 1", r"\[train.audio\] dropout is 1; .* from 0 to below 1$"),
        ("[labels]\ndrop_problems = ['musik']", 'entry 1, is "musik"; it must be .*music'),
        ("[corpus]\nname = 3", "is 3; it must be a text in quotes$"),
        (
            "[corpus]\nlanguage = 'xx'",
            r'\[corpus\] language is "xx": no known language; did you mean \w+ \(',
        ),
        ("[transcribe]\nlanguage = 'Chineze'", r"did you mean zh \(Chinese\)\?"),
        ("[transcribe]\ntemperatures = []", "must be a list of numbers, not empty$"),
    ],
)
def test_errors_in_corpus_toml_are_named(tmp_path, toml, sentence):
    (tmp_path / "corpus.toml").write_text(toml)
    with pytest.raises(ConfigurationError, match=sentence):
        _ = Workspace(tmp_path).configuration
