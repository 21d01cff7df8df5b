"""Corpus folder: its layout, its configuration and its lock."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import ValidationError

from corpus_tools.configuration.corpus import Configuration
from manifests.access.lock import CorpusLock
from manifests.base.encodings import read_text
from manifests.base.errors import ConfigurationError, DataError
from manifests.base.languages import find_language
from manifests.base.settings import setting_problem
from manifests.storage.links import CONFIGURATION_FILE, check_links
from manifests.storage.partials import clear_partials
from manifests.storage.store import write_text

__all__ = ["Workspace"]


@dataclass(frozen=True)
class Workspace:
    """Corpus folder, which contains ``corpus.toml``."""

    root: Path

    @classmethod
    def find(cls, given: Path | None = None) -> "Workspace":
        """Return the given corpus folder, or the nearest one upwards, or ConfigurationError.

        DataError if something in it leads out: see `manifests.storage.links`.
        """
        start = Path.cwd() if given is None else given.absolute()
        candidates = [start] if given is not None else [start, *start.parents]
        for folder in candidates:
            if (folder / CONFIGURATION_FILE).is_file():
                check_links(folder)
                return cls(folder)
        where = "here or in any folder above" if given is None else f"in {given}"
        raise ConfigurationError(
            f"no {CONFIGURATION_FILE} {where}; create a corpus with: corpus init DIR"
        )

    @classmethod
    def create(
        cls,
        root: Path,
        name: str,
        language: str = "zh",
        sections: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> "Workspace":
        """Create a corpus folder, if missing, and return it; existing files are kept.

        ``sections`` are other settings for corpus.toml, by section. Raise ConfigurationError if the
        folder is a corpus already, or the language is unknown.
        """
        path = root / CONFIGURATION_FILE
        if path.exists():
            raise ConfigurationError(f"{root} is a corpus already; nothing was changed")
        check_links(root)
        clear_partials(root)
        try:
            spoken = find_language(language).code
        except ValueError as error:
            raise ConfigurationError(f"the language {language!r}: {error}") from error
        for folder in ("clips", "stages", "annotations/tasks", "annotations/judgements"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        speakers = root / "speakers.csv"
        if not speakers.exists():
            write_text(speakers, "speaker_id,gender,age,region,native,consent\n")
        table = dict(sections or {})
        table["corpus"] = {"name": name, "language": spoken, **table.get("corpus", {})}
        write_text(path, _TOML_HEAD + tomli_w.dumps(table))
        return cls(root)

    @cached_property
    def configuration(self) -> Configuration:
        """Settings of corpus.toml, with defaults; ConfigurationError for bad TOML or values."""
        path = self.root / CONFIGURATION_FILE
        try:
            table = tomllib.loads(read_text(path).replace("\r\n", "\n"))
        except (ValueError, RecursionError) as error:
            raise ConfigurationError(f"{path}: not valid TOML: {error}") from error
        except DataError as error:
            raise ConfigurationError(str(error)) from error
        try:
            return Configuration.model_validate(table)
        except ValidationError as error:
            raise ConfigurationError(f"{path}: {_explain(error)}") from error

    def lock(self, command: str) -> CorpusLock:
        """Return the lock of a command, which keeps out those that conflict with it."""
        return CorpusLock(self.root, command)

    @property
    def clips(self) -> Path:
        """Folder of the clips."""
        return self.root / "clips"

    @property
    def runs(self) -> Path:
        """Folder of the training runs."""
        return self.root / "runs"

    @property
    def speakers(self) -> Path:
        """Table of the corpus's speakers."""
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
