from pathlib import Path

import pytest

from manifests.base.errors import DataError
from manifests.storage.store import Within, atomic_path, inside, read_jsonl, write_jsonl


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_jsonl_round_trip_is_canonical(tmp_path):
    path = tmp_path / "rows.jsonl"
    write_jsonl(path, [{"b": 1.5, "a": "莫得"}, {}])
    assert path.read_text(encoding="utf-8") == '{"a":"莫得","b":1.5}\n{}\n'
    assert list(read_jsonl(path)) == [{"a": "莫得", "b": 1.5}, {}]


@pytest.mark.parametrize("line", ["{", "[1]", "[" * 100_000])
def test_bad_line_is_named(tmp_path, line):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a":1}\n' + line)
    with pytest.raises(DataError, match="line 2"):
        list(read_jsonl(path))


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "a\\b", "C:/x", "", "a\0b", "\ud800"]
)
def test_paths_out_of_the_corpus_are_refused(tmp_path, path):
    with pytest.raises(DataError, match="refused"):
        inside(tmp_path, path)


def test_link_out_of_the_corpus_is_refused(tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "link").symlink_to(tmp_path)
    with pytest.raises(DataError, match="link"):
        inside(tmp_path / "corpus", "link/secret")
    assert inside(tmp_path / "corpus", "clips/a.wav").name == "a.wav"


def test_many_paths_are_refused_as_one_is(tmp_path):
    root = tmp_path / "corpus"
    (root / "clips").mkdir(parents=True)
    (root / "clips" / "a.wav").write_bytes(b"x")
    (tmp_path / "secret").write_text("s")
    (root / "clips" / "link.wav").symlink_to(tmp_path / "secret")
    (root / "out").symlink_to(tmp_path)
    within = Within(root)
    assert Path(within("clips/a.wav")).read_bytes() == b"x"
    for bad in (
        "clips/link.wav",
        "out/secret",
        "../secret",
        "/etc/passwd",
        "clips\\a",
        "",
        "c:x",
        "clips/\ud800",
    ):
        with pytest.raises(DataError, match="refused"):
            within(bad)
