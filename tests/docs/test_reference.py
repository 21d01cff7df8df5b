"""Generated pages are current; verbs and links of the documentation exist."""

import importlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_FENCED = re.DOTALL | re.MULTILINE
PAGES = [
    *sorted(DOCS.rglob("*.md")),
    *sorted((ROOT / "benchmarks").rglob("*.md")),
    *sorted(ROOT.glob("*.md")),
]


def load_module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKE = load_module(DOCS / "make_reference.py")


@pytest.mark.parametrize("name", MAKE.PAGES)
def test_generated_page_is_current(name: str) -> None:
    stored = (DOCS / name).read_text(encoding="utf-8")
    assert stored == MAKE.PAGES[name](), f"run: python docs/make_reference.py ({name} is stale)"


def test_every_verb_and_section_is_documented() -> None:
    from corpus_tools.cli.app import app
    from corpus_tools.configuration.corpus import Configuration

    commands = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert f"\n## {command.name}\n" in commands
    for group in app.registered_groups:
        for command in group.typer_instance.registered_commands:
            assert f"\n## {group.name} {command.name}\n" in commands
    configuration = (DOCS / "reference" / "configuration.md").read_text(encoding="utf-8")
    for section in Configuration.model_fields:
        assert f"\n## [{section}]\n" in configuration


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_resolve(page: Path) -> None:
    text = without_code(page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = unquote(target).partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), f"{page.name} links to {target}, which doesn't exist"
        if anchor:
            assert anchor in anchors(linked), f"{page.name} links to {target}: no such heading"


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=_FENCED)


def anchors(page: Path) -> set[str]:
    headings = re.findall(
        r"^#+ (.+)$", without_code(page.read_text(encoding="utf-8")), re.MULTILINE
    )
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def test_every_verb_in_examples_exists() -> None:
    from corpus_tools.cli.app import app

    known = {command.name for command in [*app.registered_commands, *app.registered_groups]}
    for page in PAGES:
        for block in re.findall(r"^```.*?^```", page.read_text(encoding="utf-8"), _FENCED):
            for verb in re.findall(r"^corpus ([a-z-]+)", block, re.MULTILINE):
                assert verb in known, f"{page.name} shows 'corpus {verb}'"


@pytest.mark.parametrize("package", ["corpus_tools", "manifests", "annotation", "models"])
def test_public_names_are_in_the_python_reference(package: str) -> None:
    page = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| `{package}` \| (.*) \|$", page, re.MULTILINE)
    assert row is not None
    names = re.findall(r"`(\w+)`", row[1])
    assert sorted(names) == sorted(importlib.import_module(package).__all__)
