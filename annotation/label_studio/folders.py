"""Where the corpus's own Label Studio keeps its things."""

from dataclasses import dataclass
from pathlib import Path

from manifests.errors import DataError

__all__ = ["ServerFolder"]


@dataclass(frozen=True)
class ServerFolder:
    """The folder ``annotations/label-studio`` of a corpus: database, passwords, log.

    The server's document root is not the corpus but a folder with a link to ``clips`` alone: every
    account of a free Label Studio may add storages, so whatever lies below the document root can be
    fetched by anybody who can log in.

    Attributes:
        corpus: the corpus folder.
    """

    corpus: Path

    @property
    def root(self) -> Path:
        """The server's data folder, for its owner only."""
        return self.corpus / "annotations" / "label-studio"

    @property
    def document_root(self) -> Path:
        """What the server may serve: a folder with nothing in it but a link to the clips."""
        return self.root / "served"

    @property
    def clips(self) -> Path:
        """The path that a Local files storage must have: the clips as the server sees them."""
        return self.document_root / "clips"

    @property
    def passwords(self) -> Path:
        """First passwords of the accounts, for the lead to hand out."""
        return self.root / "first-passwords.csv"

    @property
    def log(self) -> Path:
        """What the server printed since it was started last."""
        return self.root / "server.log"

    @property
    def running_file(self) -> Path:
        """Which process serves at which address; there while it runs."""
        return self.root / "running.json"

    def make(self) -> None:
        """Make the folders, for their owner only and for no repository, and the link to clips.

        Raises:
            DataError: if something else is in the link's place.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        self.document_root.mkdir(exist_ok=True)
        (self.root / ".gitignore").write_text("*\n", encoding="utf-8")
        if self.clips.is_symlink():
            if self.clips.readlink() == _CLIPS:
                return
            self.clips.unlink()
        if self.clips.exists():
            raise DataError(
                f"{self.clips}: a copy of the clips in place of a link to them; delete that folder"
            )
        self.clips.symlink_to(_CLIPS, target_is_directory=True)


_CLIPS = Path("../../../clips")  # from the document root
