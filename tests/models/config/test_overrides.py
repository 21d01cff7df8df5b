import pytest

from manifests.base.errors import ConfigurationError
from models.config.overrides import apply_overrides
from models.config.train import TrainSettings


def _file(tmp_path, text):
    path = tmp_path / "given.toml"
    path.write_text(text)
    return path


def test_single_keys_override_the_file_which_overrides_corpus_toml(tmp_path):
    base = TrainSettings(lr=0.5, epochs=3, words={"size": 7})
    file = _file(tmp_path, "[train]\nlr = 0.25\nmask = 0.5\n[train.audio]\nhidden = 8\n")
    found = apply_overrides(base, file, ["mask=0.125", "audio.channels = 16"])
    assert (found.epochs, found.lr, found.mask) == (3, 0.25, 0.125)
    assert (found.words.size, found.audio.hidden, found.audio.channels) == (7, 8, 16)


def test_file_without_train_table_can_choose_a_preset(tmp_path):
    found = apply_overrides(TrainSettings(epochs=3), _file(tmp_path, 'preset = "paper"\n'))
    assert (found.preset, found.lr, found.epochs) == ("paper", 1e-5, 3)


def test_a_runs_config_replaces_corpus_toml(tmp_path):
    file = _file(tmp_path, '[run]\nmanifest = "v1"\n[train]\nlr = 0.25\n')
    assert apply_overrides(TrainSettings(patience=2, lr=0.5), file) == TrainSettings(lr=0.25)


@pytest.mark.parametrize(
    ("assignment", "key", "value"),
    [
        ("keep=best", "keep", "best"),
        ('keep="best"', "keep", "best"),
        ("speeds=[]", "speeds", ()),
        ("speeds=[0.9, 1.1]", "speeds", (0.9, 1.1)),
        ("balance=false", "balance", False),
        ("patience=5", "patience", 5),
    ],
)
def test_values_are_toml_and_text_needs_no_quotes(assignment, key, value):
    assert getattr(apply_overrides(TrainSettings(), single=[assignment]), key) == value


@pytest.mark.parametrize("assignment", ["patience=none", "patience=", "patience = null"])
def test_optional_key_is_unset(assignment):
    assert apply_overrides(TrainSettings(patience=3), single=[assignment]).patience is None


def test_optional_key_of_a_section_is_unset(tmp_path):
    file = _file(tmp_path, '[words]\nvectors = "mine.txt"\n')
    words = apply_overrides(TrainSettings(), file, ["words.vectors=", "words.size=7"]).words
    assert (words.vectors, words.size) == (None, 7)


def test_unset_key_survives_a_preset_and_can_be_set_again():
    given = ["patience=3", "patience=none", "preset=paper"]
    assert apply_overrides(TrainSettings(), single=given).patience is None
    assert apply_overrides(TrainSettings(), single=[*given, "patience=4"]).patience == 4


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("epochs=none", "a whole number"),
        ("audio=none", "a section"),
        ("audio.hiden=64", "did you mean 'audio.hidden'"),
        ("epoch=4", "did you mean 'epochs'"),
        ("self=4", "unknown key 'self'"),
        ("epochs", "expected KEY=VALUE"),
        ("=4", "expected KEY=VALUE"),
        ("audio=3", "a section"),
        ("epochs=many", "a whole number"),
        ("epochs=1\nlr=1", "a whole number"),
        ("audio.hidden.deeper=1", "a whole number"),
    ],
)
def test_invalid_assignment_is_refused(assignment, message):
    with pytest.raises(ConfigurationError, match=message):
        apply_overrides(TrainSettings(), single=[assignment])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs = ", "not valid TOML"),
        ("train = 3", "not a table"),
        ("[train]\nepoch = 3", "did you mean 'epochs'"),
        ("[audio]\nhidden = -1", "hidden is -1"),
    ],
)
def test_invalid_file_is_refused(tmp_path, text, message):
    with pytest.raises(ConfigurationError, match=message):
        apply_overrides(TrainSettings(), _file(tmp_path, text))


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="can't be read"):
        apply_overrides(TrainSettings(), tmp_path / "none.toml")
