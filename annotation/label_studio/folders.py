"""Data folder of the corpus's own Label Studio."""

from dataclasses import dataclass
from pathlib import Path

from manifests.errors import DataError

__all__ = ["ServerFolder"]


@dataclass(frozen=True)
class ServerFolder:
    """Folder ``annotations/label-studio`` of a corpus: database, passwords, log.

    The server's document root is not the corpus but a folder with only a link to ``clips``: every
    account of a free Label Studio may add storages, so every user can fetch all files below the
    document root.

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
        """Document root of the server: a folder with only a link to the clips."""
        return self.root / "served"

    @property
    def clips(self) -> Path:
        """Path of the clips on the server, as required of a local-files storage."""
        return self.document_root / "clips"

    @property
    def passwords(self) -> Path:
        """File with first passwords of the accounts, for the lead to hand out."""
        return self.root / "first-passwords.csv"

    @property
    def log(self) -> Path:
        """Log of the server since its last start."""
        return self.root / "server.log"

    @property
    def running_file(self) -> Path:
        """File with process id and URL of the running server."""
        return self.root / "running.json"

    def make(self) -> None:
        """Create the folders, private and ignored by git, and the link to the clips.

        Raises:
            DataError: if the link's path is taken.
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
