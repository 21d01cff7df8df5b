"""Location of the bundled sample, in a checkout or in an installed package."""

from pathlib import Path

from manifests.base.errors import CorpusError

__all__ = ["sample_folder"]


def sample_folder() -> Path:
    """Return the folder of the bundled sample, with ``episodes/`` and ``recordings/``.

    Raises:
        CorpusError: if this installation lacks it.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "sample_data", package.parent / "examples"):
        if (folder / "episodes").is_dir() and (folder / "recordings").is_dir():
            return folder
    raise CorpusError(
        "the bundled sample is not part of this installation; install from a checkout, "
        "or give its folder with --sample"
    )
