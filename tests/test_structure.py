"""The structure of the packages: small folders, arrows without cycles, a docstring on each."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("corpus_tools", "annotation", "models", "manifests")
MODULES = {
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__"): (
        path
    )
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
}
FOLDERS = sorted({path.parent for path in MODULES.values()})
MOST_MODULES = 15
ONE_MODULE_PER_VERB = {ROOT / "corpus_tools" / "cli"}


def imported_by(module: str) -> Iterator[str]:
    """Yield the project's modules that a module imports, inside functions too."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_folder_is_small_and_says_what_belongs_in_it(folder: Path) -> None:
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    if folder not in ONE_MODULE_PER_VERB:
        assert len(modules) <= MOST_MODULES
    docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    assert docstring, "say in one paragraph what belongs in this package"


def test_folders_import_each_other_without_cycles() -> None:
    arrows = defaultdict(set)
    for module, path in MODULES.items():
        if module in PACKAGES:  # names the public functions, imported when they are first used
            continue
        for other in imported_by(module):
            if other in MODULES and MODULES[other].parent != path.parent:
                arrows[path.parent].add(MODULES[other].parent)
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        names = [folder.relative_to(ROOT).as_posix() for folder in error.args[1]]
        pytest.fail(" -> ".join(names))
