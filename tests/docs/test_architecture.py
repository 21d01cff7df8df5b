"""The page on the architecture names packages and folders that exist, and all of them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("corpus_tools", "annotation", "models", "manifests")
PAGE = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("package", PACKAGES)
def test_picture_shows_every_sub_package(package: str) -> None:
    picture = (ROOT / "docs" / "images" / "packages.svg").read_text(encoding="utf-8")
    shown = set(re.findall(r">([a-z_]+)</text>", picture))
    folders = {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}
    assert folders <= shown, (
        f"draw {', '.join(sorted(folders - shown))} in docs/images/packages.svg"
    )


def test_named_packages_and_folders_exist() -> None:
    for name in re.findall(r"`([a-z_.]+)`", PAGE):
        if name.split(".")[0] in PACKAGES:
            assert exists(ROOT, name), f"there is no {name}"
        elif (ROOT / "corpus_tools" / name.split(".")[0]).is_dir():
            assert exists(ROOT / "corpus_tools", name), f"there is no corpus_tools.{name}"
    for path in re.findall(r"`((?:\w+/)+\w+(?:\.\w+)?)`", PAGE):
        if path.split("/")[0] in (*PACKAGES, "docs", "benchmarks") and path != "manifests/vN":
            assert (ROOT / path).exists(), f"there is no {path}"


def exists(folder: Path, dotted: str) -> bool:
    path = folder.joinpath(*dotted.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()
