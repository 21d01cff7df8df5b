import errno
import os

import pytest

from manifests.base.errors import disk_problem

FULL = "no space left on the disk; free some and run again"
READ_ONLY = "is on a read-only disk; make it writable, or work on a copy elsewhere"
DENIED = "may not be written by this user; change its permissions, or work on a copy elsewhere"


@pytest.mark.parametrize(
    ("number", "name", "place", "sentence"),
    [
        (errno.EROFS, "corpus/.corpus.lock", "corpus", READ_ONLY),
        (errno.EROFS, "corpus/clips/new", "corpus/clips", READ_ONLY),
        (errno.EROFS, "corpus/table.csv", "corpus/table.csv", READ_ONLY),
        (errno.EACCES, "corpus/.0123.partial.csv", "corpus", DENIED),
        (errno.EPERM, "corpus/clips", "corpus/clips", DENIED),
        (
            errno.ENOSPC,
            "corpus/new",
            "corpus",
            FULL,
        ),
        (errno.EDQUOT, None, None, FULL),
        (errno.EIO, "corpus/table.csv", "corpus/table.csv", "Input/output error; fix this and run"),
    ],
)
def test_a_place_that_cant_be_written_is_named_with_what_to_do(
    tmp_path, number, name, place, sentence
):
    (tmp_path / "corpus" / "clips").mkdir(parents=True)
    (tmp_path / "corpus" / "table.csv").touch()
    error = OSError(number, os.strerror(number), name and str(tmp_path / name))
    said = disk_problem(error)
    assert said.startswith(f"{tmp_path / place}: {sentence}" if place else sentence)


def test_a_file_that_may_not_be_read_is_no_file_that_may_not_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    said = disk_problem(PermissionError(errno.EACCES, "Permission denied", str(tmp_path)))
    assert said == (
        f"{tmp_path}: may not be read by this user; change its permissions and run again"
    )
