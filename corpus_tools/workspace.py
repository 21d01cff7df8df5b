"""The corpus folder: where things lie in it, and what its corpus.toml says."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import ValidationError

from corpus_tools.configuration import Configuration
from manifests.errors import ConfigurationError, CorpusError
from manifests.lock import FolderLock
from manifests.permitted import setting_problem
from manifests.store import write_text
from manifests.tombstones import Withdrawn

__all__ = ["Workspace"]

CONFIGURATION_FILE = "corpus.toml"


@dataclass(frozen=True)
class Workspace:
    """A corpus folder.

    Attributes:
        root: the folder with ``corpus.toml`` in it.
    """

    root: Path

    @classmethod
    def find(cls, given: Path | None = None) -> "Workspace":
        """Return the corpus folder given, or the nearest one around the current folder.

        Raises:
            ConfigurationError: if there is none.
        """
        start = Path.cwd() if given is None else given.absolute()
        candidates = [start] if given is not None else [start, *start.parents]
        for folder in candidates:
            if (folder / CONFIGURATION_FILE).is_file():
                return cls(folder)
        where = "here or in any folder above" if given is None else f"in {given}"
        raise ConfigurationError(
            f"no {CONFIGURATION_FILE} {where}; make a corpus with: corpus init DIR"
        )

    @classmethod
    def create(
        cls,
        root: Path,
        name: str,
        language: str = "zh",
        sections: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> "Workspace":
        """Make a corpus folder and return it; existing files are left as they are.

        Args:
            root: the folder, made if missing.
            name: what the corpus is called.
            language: BCP 47 code of what is spoken; ``zh`` for Sichuan dialect.
            sections: what else corpus.toml says, by section.

        Raises:
            ConfigurationError: if the folder is a corpus already.
        """
        path = root / CONFIGURATION_FILE
        if path.exists():
            raise ConfigurationError(f"{root} is a corpus already; nothing was changed")
        for folder in ("clips", "stages", "annotations/tasks", "annotations/judgements"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        speakers = root / "speakers.csv"
        if not speakers.exists():
            write_text(speakers, "speaker_id,gender,age,region,native,consent\n")
        said = dict(sections or {})
        said["corpus"] = {"name": name, "language": language, **said.get("corpus", {})}
        write_text(path, _TOML_HEAD + tomli_w.dumps(said))
        return cls(root)

    @cached_property
    def configuration(self) -> Configuration:
        """What corpus.toml says, with the default for what it doesn't.

        Raises:
            ConfigurationError: for bad TOML, an unknown key (the nearest known one is named) or a
                value that doesn't fit.
        """
        path = self.root / CONFIGURATION_FILE
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path}: not valid TOML: {error}") from error
        try:
            return Configuration.model_validate(table)
        except ValidationError as error:
            raise ConfigurationError(f"{path}: {_explain(error)}") from error

    def lock(self, *, withdrawing: bool = False) -> FolderLock:
        """Return the lock that a command holds while it writes into the corpus.

        Args:
            withdrawing: whether to go on with withdrawals that were interrupted.

        Raises:
            CorpusError: if there is one, and it isn't what the command is for.
        """
        left = None if withdrawing else Withdrawn.of(self.root).unfinished()
        if left is not None:
            raise CorpusError(
                f"{self.root}: the withdrawal of {left.kind} '{left.id}' was interrupted; finish "
                f"it first: corpus withdraw --{left.kind} {left.id}"
            )
        return FolderLock(self.root)

    @property
    def clips(self) -> Path:
        """Folder of the cuts."""
        return self.root / "clips"

    @property
    def tasks(self) -> Path:
        """Folder of exported tasks."""
        return self.root / "annotations" / "tasks"

    @property
    def judgements(self) -> Path:
        """Folder of imported judgements."""
        return self.root / "annotations" / "judgements"

    @property
    def manifests(self) -> Path:
        """Folder of the manifest versions."""
        return self.root / "manifests"

    @property
    def runs(self) -> Path:
        """Folder of the training runs."""
        return self.root / "runs"

    @property
    def speakers(self) -> Path:
        """The corpus-wide table of speakers."""
        return self.root / "speakers.csv"


_TOML_HEAD = """\
# Every key, its default and what it does: docs/reference/configuration.md
"""


def _explain(error: ValidationError) -> str:
    found = setting_problem(Configuration, error)
    *sections, key = found.keys
    if not found.unknown:
        return f"[{'.'.join(sections)}] {key}{found.text}" if sections else f"[{key}]{found.text}"
    near = difflib.get_close_matches(key, _known_keys(sections), n=1, cutoff=0.0)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"unknown key '{'.'.join(found.keys)}'{hint}"


def _known_keys(section: list[str]) -> list[str]:
    model: Any = Configuration
    for name in section:
        field = getattr(model, "model_fields", {}).get(name)
        if field is None:
            return []
        model = field.annotation
    return list(getattr(model, "model_fields", {}))
