import pytest

from manifests.access import reading
from manifests.access.lock import CorpusLock
from manifests.access.reading import read_beside_others
from manifests.access.table import ACCESS, READERS
from manifests.base.errors import ConfigurationError, CorpusError, DataError


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(reading, "_PAUSE", 0.0)


class Reader:
    """Reading that does one of ``acts`` each time, and then returns the number of the time."""

    def __init__(self, *acts):
        self.acts, self.times = list(acts), 0

    def __call__(self):
        self.times += 1
        if self.acts:
            self.acts.pop(0)()
        return self.times


def fail(error):
    def act():
        raise error

    return act


def come_and_go(corpus):
    return lambda: CorpusLock(corpus, "segment").__enter__().__exit__()


def test_a_quiet_corpus_is_read_once(tmp_path):
    assert read_beside_others(tmp_path, "status", Reader()) == (1, [])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [DataError("cut off"), ConfigurationError("no clip")])
def test_a_quiet_corpus_fails_at_once(tmp_path, error):
    read = Reader(fail(error))
    with pytest.raises(type(error), match=str(error)):
        read_beside_others(tmp_path, "why", read)
    assert read.times == 1


def test_it_reads_again_if_a_command_came_and_went(tmp_path):
    assert read_beside_others(tmp_path, "status", Reader(come_and_go(tmp_path))) == (2, [])


@pytest.mark.parametrize("error", [FileNotFoundError("E01.jsonl"), DataError("half"), KeyError(1)])
def test_a_file_that_vanishes_beside_a_command_is_read_again(tmp_path, error):
    with CorpusLock(tmp_path, "segment"):
        found, changing = read_beside_others(tmp_path, "status", Reader(fail(error)))
    assert found == 2
    assert [other.command for other in changing] == ["segment"]


def test_what_stays_wrong_beside_a_command_names_it(tmp_path):
    read = Reader(*[fail(ConfigurationError("no clip 'x'"))] * 9)
    with CorpusLock(tmp_path, "segment"), pytest.raises(CorpusError) as caught:
        read_beside_others(tmp_path, "why", read)
    assert str(caught.value).startswith("no clip 'x'; segment (process ")
    assert str(caught.value).endswith(
        "was changing the corpus while why read it: run it again afterwards"
    )
    assert (caught.value.exit_code, read.times) == (2, 3)


def test_damage_beside_a_command_that_changes_something_else_is_damage(tmp_path):
    with CorpusLock(tmp_path, "evaluate"):
        read = Reader()
        assert read_beside_others(tmp_path, "verify", read, lambda _: True) == (3, [])
        with pytest.raises(DataError, match="cut off"):
            read_beside_others(tmp_path, "agreement", Reader(*[fail(DataError("cut off"))] * 9))


def test_a_moment_of_damage_is_none(tmp_path):
    with CorpusLock(tmp_path, "evaluate"):
        found, _ = read_beside_others(tmp_path, "verify", Reader(), lambda times: times == 1)
    assert found == 2


@pytest.mark.parametrize("command", READERS)
def test_withdraw_is_named_to_every_reader(tmp_path, command):
    with CorpusLock(tmp_path, "withdraw"):
        _, changing = read_beside_others(tmp_path, command, Reader())
    assert [other.command for other in changing] == ["withdraw"]
    with CorpusLock(tmp_path, "predict"):
        assert read_beside_others(tmp_path, command, Reader()) == (1, [])


def test_every_command_that_changes_something_is_named_by_status():
    assert all(
        access.conflicts(READERS["status"]) == bool(access.changes) for access in ACCESS.values()
    )
