"""The site builds, and ``make check`` fails on a broken link in it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("corpus_tools", "annotation", "models", "manifests")


def build_as_check_does(folder: Path) -> subprocess.CompletedProcess[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\t$(SITE)" in makefile.split("\ncheck:")[1].split("\n\n")[0]
    command = re.search(r"^SITE := .*\$\(BIN\)/mkdocs (.*)$", makefile, re.MULTILINE)
    assert command is not None
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", *command[1].split()],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_site_builds_and_a_broken_link_fails(tmp_path: Path) -> None:
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for package in PACKAGES:
        (tmp_path / package).symlink_to(ROOT / package)
    sound = build_as_check_does(tmp_path)
    assert sound.returncode == 0, sound.stderr
    with (tmp_path / "docs" / "index.md").open("a", encoding="utf-8") as page:
        page.write("\n[nowhere](explanation/nowhere.md)\n")
    broken = build_as_check_does(tmp_path)
    assert broken.returncode == 1
    assert "explanation/nowhere.md" in broken.stderr
