"""A corpus of another lab: nothing outside of it is read, served, written or trusted."""

import csv
import os
import shutil

import pytest

from annotation.label_studio.address import ServerFolder
from annotation.label_studio.machine import Machine
from annotation.label_studio.server.run import serve
from manifests.base.errors import ConfigurationError, DataError


@pytest.fixture
def outside(tmp_path):
    """A folder of the user's, with a file."""
    folder = tmp_path / "user"
    folder.mkdir(mode=0o755)
    (folder / "bashrc").write_text("alias ll='ls -l'\n")
    return folder


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else path.stat().st_mode
        for path in [folder, *folder.rglob("*")]
    }


@pytest.mark.parametrize("name", [".gitignore", "server.log", "first-passwords.csv", ".env"])
def test_no_file_is_written_through_a_link(corpus_folder, run, outside, name):
    folder = ServerFolder(corpus_folder).root
    folder.mkdir()
    (folder / name).symlink_to(outside / "bashrc")
    before = contents(outside)
    with pytest.raises(DataError, match=r"is a link or a special file.*delete it") as raised:
        run()
    assert str(folder / name) in str(raised.value)
    assert contents(outside) == before


@pytest.mark.parametrize("link", ["annotations", "annotations/label-studio"])
@pytest.mark.parametrize("inside", [False, True])
def test_a_linked_folder_gets_neither_permissions_nor_passwords(
    corpus_folder, run, outside, link, inside
):
    target = corpus_folder / "notes" if inside else outside
    target.mkdir(exist_ok=True)
    shutil.copy(corpus_folder / "annotations" / "annotators.csv", target)
    path = corpus_folder / link
    if path.exists():
        shutil.rmtree(path)
    path.symlink_to(target)
    before = contents(target)
    with pytest.raises(DataError, match=r"label-studio: is reached through a link"):
        run()
    assert contents(target) == before


@pytest.mark.parametrize("deep", ["media", "media/export/7.json", "home/label-studio"])
def test_links_deeper_in_the_servers_folder_are_refused(corpus_folder, run, outside, deep):
    path = ServerFolder(corpus_folder).root / deep
    path.parent.mkdir(parents=True)
    path.symlink_to(outside)
    with pytest.raises(DataError, match="is a link or a special file"):
        run()


@pytest.mark.parametrize("place", ["clips", "clips/film", "clips/film/one.wav"])
def test_linked_clips_are_refused(corpus_folder, run, outside, place):
    path = corpus_folder / place
    if path.exists():
        path.rmdir()
    path.parent.mkdir(exist_ok=True)
    path.symlink_to("/" if place == "clips" else outside)
    with pytest.raises(DataError, match=r"clips.*: is a link or a special file"):
        run()


@pytest.mark.parametrize("place", ["clips/pipe.wav", "annotations/label-studio/server.log"])
def test_a_pipe_blocks_nothing(corpus_folder, run, place):
    (corpus_folder / place).parent.mkdir(exist_ok=True)
    os.mkfifo(corpus_folder / place)
    with pytest.raises(DataError, match="is a link or a special file"):
        run()


@pytest.mark.parametrize(
    ("name", "target"), [("root", "/"), ("clips", "/etc"), ("served", "/"), ("x", "../../..")]
)
def test_the_document_root_is_made_anew(corpus_folder, run, name, target):
    folder = ServerFolder(corpus_folder)
    place = folder.document_root if name == "served" else folder.document_root / name
    place.parent.mkdir(parents=True)
    place.symlink_to(target)
    run()
    assert [path.name for path in folder.document_root.iterdir()] == ["clips"]
    assert not folder.document_root.is_symlink()
    assert folder.clips.resolve() == corpus_folder / "clips"


@pytest.mark.parametrize("name", ["more/secret.txt", "clips/copy.wav", "notes.txt"])
def test_files_in_the_document_root_are_refused(corpus_folder, run, name):
    path = ServerFolder(corpus_folder).document_root / name
    path.parent.mkdir(parents=True)
    path.write_text("kept")
    kind = "folder" if "/" in name else "file"
    with pytest.raises(DataError, match=f"every account could fetch it.*delete that {kind}"):
        run()
    assert path.read_text() == "kept"


@pytest.mark.parametrize("name", ["label_studio.sqlite3", "label_studio.sqlite3-journal", ".env"])
def test_a_database_of_another_machine_is_refused_until_it_is_adopted(corpus_folder, run, name):
    folder = ServerFolder(corpus_folder).root
    folder.mkdir()
    (folder / name).write_text("SECRET_KEY=known-to-others")
    (folder / "first-passwords.csv").write_text(
        "annotator,email,first_password\na01,li@lab.example,known-to-others\n"
    )
    refusal = "this machine didn't make.*move the folder away.*or trust it with --adopt"
    with pytest.raises(DataError, match=refusal):
        run()
    with pytest.raises(DataError, match=refusal):
        run()
    run(adopt=True)
    run()
    assert "known-to-others" not in passwords_of(folder)


def passwords_of(folder):
    with (folder / "first-passwords.csv").open() as rows:
        return [row["first_password"] for row in csv.DictReader(rows)]


def test_ones_own_database_is_known_here_moved_copied_and_after_a_change_of_path(
    corpus_folder, tmp_path, run
):
    run()
    run()
    shutil.copytree(corpus_folder, tmp_path / "copy", symlinks=True)
    run(corpus=tmp_path / "copy")
    corpus_folder.rename(tmp_path / "moved")
    run(corpus=tmp_path / "moved")


@pytest.mark.parametrize("how", ["replaced", "overwritten", "accompanied"])
def test_ones_own_database_that_came_back_changed_is_refused(corpus_folder, run, how):
    """A corpus that was lent comes back, unpacked over the old one."""
    database = ServerFolder(corpus_folder).database
    run()
    if how == "replaced":
        database.unlink()
    if how == "accompanied":
        database = database.with_name(f"{database.name}-journal")
    database.write_bytes(b"with an account for Eve")
    with pytest.raises(DataError, match=r"didn't leave it like this.*--adopt"):
        run()


def test_a_first_password_from_the_folder_opens_no_new_account(corpus_folder, run):
    run()
    path = ServerFolder(corpus_folder).passwords
    with path.open("a") as rows:
        rows.write("a09,late@lab.example,known-to-others\n")
    with (corpus_folder / "annotations" / "annotators.csv").open("a") as rows:
        rows.write("a09,,,late@lab.example\n")
    assert "new accounts: a09;" in run()
    assert path.read_text().count("late@lab.example") == 1
    assert "known-to-others" not in passwords_of(path.parent)


def test_a_first_password_that_was_taken_out_of_the_file_changes_nothing(corpus_folder, run):
    run()
    path = ServerFolder(corpus_folder).passwords
    path.unlink()
    assert "new accounts" not in run()


def test_what_the_server_keeps_for_a_user_begins_empty(corpus_folder, run):
    folder = ServerFolder(corpus_folder)
    (folder.home / "label-studio").mkdir(parents=True)
    (folder.home / "label-studio" / "config.json").write_text("{}")
    run()
    assert not folder.home.exists()


def test_an_environment_is_remembered_outside_of_the_corpus(
    corpus_folder, run, machine, label_studio_environment
):
    run()
    assert Machine.read().environment == str(label_studio_environment)
    run(environment=None)
    assert machine.stat().st_mode & 0o777 == 0o600
    assert machine.parent.stat().st_mode & 0o777 == 0o700


def test_a_running_server_named_by_the_corpus_is_no_server(corpus_folder, run):
    folder = ServerFolder(corpus_folder)
    folder.root.mkdir()
    (folder.root / "running.json").write_text(
        f'{{"pid": {os.getpid()}, "url": "https://x.example"}}'
    )
    assert "http://127.0.0.1" in run()


@pytest.mark.parametrize("text", ["[]", '{"tokens": 1}', "{", '{"more": {}}'])
def test_a_damaged_memory_is_named(corpus_folder, machine, label_studio_environment, text):
    machine.parent.mkdir()
    machine.write_text(text)
    with pytest.raises(ConfigurationError, match=r"label-studio\.json: not as corpus-tools wrote"):
        serve(corpus_folder, environment=label_studio_environment)


def test_the_path_of_the_server_has_no_folder_of_the_corpus(corpus_folder, run, monkeypatch):
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}::bin")
    run()
    said = (ServerFolder(corpus_folder).root / "variables.json").read_text()
    assert '"PATH": "/' in said
    assert "::" not in said
    assert ":bin" not in said


def test_partial_files_of_a_killed_start_are_removed(corpus_folder, run):
    folder = ServerFolder(corpus_folder).root
    folder.mkdir()
    left = [place / ".0123456789abcdef.partial.csv" for place in (folder, folder.parent)]
    for path in left:
        path.write_text("a01,li@lab.example,a-password")
    run()
    assert not [path for path in left if path.exists()]
