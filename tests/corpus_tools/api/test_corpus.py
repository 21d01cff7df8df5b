import subprocess
import sys

import pytest

import corpus_tools
from corpus_tools import Corpus
from manifests.base.errors import ConfigurationError
from manifests.storage.records import Clip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, make_scene, make_media):
    """A corpus with one film of 20 seconds."""
    folder = tmp_path_factory.mktemp("api")
    film = make_media(folder / "film.wav", make_scene([(3.4, 0.6)] * 5))
    corpus = Corpus.create(folder / "corpus", language="zh")
    assert corpus.segment(str(film), series="茶馆", max_seconds=6.0).ok
    return corpus


def test_a_corpus_is_opened_by_its_path_or_from_inside(corpus, monkeypatch):
    assert Corpus.open(str(corpus.path)).path == corpus.path
    monkeypatch.chdir(corpus.path / "clips")
    assert Corpus.open().path == corpus.path
    assert repr(corpus) == f"Corpus({str(corpus.path)!r})"
    with pytest.raises(ConfigurationError, match="corpus init"):
        Corpus.open(corpus.path / "clips")


def test_clips_are_a_table_of_their_records(corpus):
    table = corpus.clips()
    assert list(table.columns) == [*Clip.fields(), "accepted", "text", "text_source", "emotion"]
    assert len(table) == corpus.status()["clips"]["cut"] > 0
    assert table.accepted.sum() == corpus.status()["clips"]["accepted"] > 0
    assert table.duration.between(3, 6).all()
    assert table[["text", "text_source", "emotion"]].isna().all(axis=None)


def test_texts_are_combined(corpus):
    outcome = corpus.combine_transcripts()
    assert outcome.items_in == outcome.kept == 0
    assert outcome.warnings == [
        "no clip has two texts to combine; add some with corpus transcribe, or corpus "
        "import-transcripts FILE"
    ]


def test_an_unknown_setting_is_named(corpus):
    with pytest.raises(ConfigurationError, match="--min-second is unknown"):
        corpus.segment(min_second=2)


def test_no_setting_is_changed_for_later_calls(corpus):
    assert corpus.workspace.configuration.segment.max_seconds == 5.0


def test_import_is_light_and_unknown_names_are_errors():
    code = "import sys, corpus_tools; print(*sys.modules)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert not {b"numpy", b"pydantic", b"pandas"} & set(process.stdout.split())
    with pytest.raises(AttributeError, match="no attribute 'Corpora'"):
        _ = corpus_tools.Corpora


@pytest.mark.parametrize("step", ["status", "verify"])
def test_it_is_read_again_beside_a_command_as_by_the_commands(corpus, monkeypatch, step):
    from corpus_tools.inspection import status, verify
    from manifests.access import reading
    from manifests.access.lock import CorpusLock
    from manifests.base.outcome import Outcome

    said, times = [], []

    def first_found_half(*_, **__):
        times.append(1)
        bad = len(times) == 1
        outcome = Outcome()
        if bad:
            outcome.fail("shard", "cut off")
        return {"problems": ["cut off"] * bad} if step == "status" else outcome

    monkeypatch.setattr(reading, "_PAUSE", 0.0)
    monkeypatch.setattr(status, "survey", first_found_half)
    monkeypatch.setattr(verify, "verify_corpus", first_found_half)
    with CorpusLock(corpus.path, "segment"):
        found = getattr(Corpus.open(corpus.path, announce=said.append), step)()
    assert len(times) == 2
    assert found == {"problems": []} or found.ok
    assert len(said) == 1
    assert "segment (process " in said[0]
    assert said[0].endswith(f"run {step} again when it has ended")
