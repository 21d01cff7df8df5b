"""Copies that sync services and file managers leave: never read, always named."""

import shutil
from pathlib import Path

import pytest

from annotation.judgements.store import read_judgements
from manifests.storage.copies import copies_in, copy_warnings, without_copies
from manifests.storage.records import Screen
from manifests.storage.shards import STAGES, read_stage, shard_paths, write_shard

NAME = "E01-0123456789ab"
NAMES = (
    *(NAME, f"{NAME}-t2", f"{NAME}-left", f"{NAME}-t2-right"),
    *("drama", "剧 (第2集)-aaaaaaaaaaaa"),
)
ENDINGS = [
    " (conflicted copy)",
    " (Anna's conflicted copy 2024-05-01)",
    " (kopia powodująca konflikt 2024-05-01)",
    " (1)",
    "(1)",
    " 2",
    " copy",
    " - Copy",
    " - 副本",
    "（冲突）",
    ".sync-conflict-20240501-101112-ABCDEFG",
    "_conflict-20240501-101112",
    "-LAPTOP-4F2K1",
    "-DESKTOP-4F2K1-2",
    "~1",
]


def screens(corpus: Path) -> list[Screen]:
    return list(read_stage(corpus, STAGES["screen"], Screen))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for name in NAMES:
        row = Screen(clip_id=f"{name}-00000000-00003000", accepted=True, reasons=[])
        write_shard(tmp_path, STAGES["screen"], name, [row], {})
    return tmp_path


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_copy_of_a_shard_is_named_and_not_read(corpus: Path, ending: str) -> None:
    before = screens(corpus)
    assert len(before) == len(NAMES)
    assert not copy_warnings(corpus)
    path = STAGES["screen"].path(corpus, NAME)
    copy = shutil.copy(path, path.with_name(f"{NAME}{ending}.jsonl"))
    assert screens(corpus) == before
    assert copy not in shard_paths(corpus, STAGES["screen"])
    assert copy_warnings(corpus) == [
        f"1 copy made by a sync service or file manager is not read: "
        f"stages/screen/{NAME}{ending}.jsonl; compare each with its original, keep the right one "
        f"under that name, and delete the other"
    ]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_copy_of_judgements_gives_no_votes(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "annotations" / "judgements"
    folder.mkdir(parents=True)
    for name in ("20240501T101112Z-0a1b2c3d", "20240501T101112Z-0a1b2c3d-2"):
        (folder / f"{name}.jsonl").write_text("", encoding="utf-8")
    copy = folder / f"20240501T101112Z-0a1b2c3d{ending}.jsonl"
    copy.write_text("half a row", encoding="utf-8")
    assert not list(read_judgements(tmp_path))
    assert copies_in(tmp_path) == [copy.relative_to(tmp_path)]


def test_names_that_people_give_to_batches_are_no_copies(tmp_path: Path) -> None:
    names = ["week-20240501", "week-20240501-anna", "conflict", "anna-conflict", "b.2", "b.2-li"]
    paths = [tmp_path / f"{name}.json" for name in names]
    assert without_copies(paths) == sorted(paths)


def test_copies_of_other_files_and_of_whole_folders_are_named(tmp_path: Path) -> None:
    for name in ("stages 2", "manifests/v1 (conflicted copy)", "annotations/tasks/b (1)"):
        (tmp_path / name).mkdir(parents=True)
    names = ["speakers (1).csv", "speakers-ANNAS-LAPTOP.csv", "corpus 2.toml"]
    names += ["choices/x (1).jsonl", "annotations/annotators 2.json"]
    own = ["speakers.csv", "corpus.toml", "my notes (1).txt", "speakers-old.csv", "manifests/v2"]
    own += ["annotations/project-1 (1).json", "annotations/notes 2.txt", "annotations/gold.csv"]
    for name in names + own:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = {path.as_posix() for path in copies_in(tmp_path)}
    assert found == {
        "stages 2",
        "manifests/v1 (conflicted copy)",
        "annotations/tasks/b (1)",
        *names,
    }
    (warning,) = copy_warnings(tmp_path)
    assert warning.startswith("8 copies made by a sync service or file manager are not read: ")
    assert " and 5 more; compare each with its original" in warning
