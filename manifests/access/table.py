"""What each command reads and changes in a corpus, and which commands run beside each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["ACCESS", "PARTS", "READERS", "Access"]

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "clips": "clips, the stages but transcripts, choices and speakers.csv",
        "texts": "transcripts",
        "annotations": "tasks, judgements, annotators and projects",
        "build": "the next version of the manifest",
        "versions": "finished versions and their clips, runs and exports",
        "pages": "pages of review",
        "server": "accounts and files of the Label Studio server",
    }
)
"""Parts of a corpus folder, with their content."""


@dataclass(frozen=True)
class Access:
    """Parts of a corpus that a command changes, and those that it reads while others may not."""

    changes: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()

    def conflicts(self, other: "Access") -> bool:
        """Return True if one of two commands changes what the other reads or changes."""
        both = self.changes & other.changes
        return bool(both or self.changes & other.reads or self.reads & other.changes)


def _access(changes: str = "", reads: str = "") -> Access:
    return Access(frozenset(changes.split()), frozenset(reads.split()))


ACCESS: Mapping[str, Access] = MappingProxyType(
    {
        "segment": _access("clips", "annotations versions"),
        "read-subtitles": _access("clips"),
        "add-recordings": _access("clips texts", "annotations versions"),
        "screen": _access("clips", "annotations versions"),
        "review": _access("pages", "clips versions"),
        "review --apply": _access("clips pages", "annotations versions"),
        "transcribe": _access("texts", "clips"),
        "import-transcripts": _access("texts", "clips"),
        "combine-transcripts": _access("texts", "clips"),
        "export-tasks": _access("annotations", "clips texts versions"),
        "push-tasks": _access("annotations", "clips"),
        "pull-annotations": _access("annotations", "clips"),
        "import-annotations": _access("annotations", "clips"),
        "build-manifest": _access("build", "clips texts annotations versions"),
        "import-manifest": _access("clips texts annotations build", "versions"),
        "export-manifest": _access("", "versions"),
        "train": _access("", "versions"),
        "compare": _access("", "versions"),
        "evaluate": _access("", "versions"),
        "predict": _access("", "versions"),
        "serve": _access("", "versions"),
        "suspects": _access("", "versions"),
        "label-studio start": _access("server"),
        "withdraw": _access(" ".join(PARTS)),
    }
)
"""The commands that register themselves in the corpus while they are at work.

``train`` and ``compare`` do so while they load clips and while they publish, not in between;
``label-studio start`` and ``serve`` until the server runs.
"""

READERS: Mapping[str, Access] = MappingProxyType(
    {
        "status": _access("", " ".join(PARTS)),
        "why": _access("", "clips texts annotations versions"),
        "agreement": _access("", "clips annotations"),
        "compare-transcripts": _access("", "clips texts"),
        "verify": _access("", " ".join(PARTS)),
        "verify-manifest": _access("", "versions"),
        "diff-manifests": _access("", "versions"),
    }
)
"""The commands that run beside all others, and say if one was changing what they read."""
