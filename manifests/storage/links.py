"""Links in a corpus folder, which may come from others: none that leads out is followed.

The corpus folder itself may be a link, and links from one place in it to another are followed.
"""

import os
from pathlib import Path

from manifests.base.errors import DataError

__all__ = ["CONFIGURATION_FILE", "check_links", "check_way"]

CONFIGURATION_FILE = "corpus.toml"
"""File that marks a corpus folder."""


def check_links(corpus: Path) -> None:
    """Check that nothing in the corpus's own folders leads out of it, or blocks who reads it.

    Folders of other names are the user's and are not looked into, nor is ``.cache``, which is not
    used behind a link, nor Label Studio's folder, which may hold no links at all.

    Raises:
        DataError: naming a link that leads out of the corpus, or a pipe, device or socket.
    """
    root = os.path.realpath(corpus)
    waiting = [os.path.join(corpus, name) for name in _OWN]  # noqa: PTH118 - many paths
    served = os.path.join(root, _LABEL_STUDIO)  # noqa: PTH118
    targets = {served}
    for path in waiting:
        if os.path.islink(path):  # noqa: PTH114
            target = _check_inside(path, root)
            if target not in targets:
                targets.add(target)
                waiting.append(target)
        elif os.path.isdir(path):  # noqa: PTH112
            if not path.endswith(_LABEL_STUDIO) or os.path.realpath(path) != served:
                waiting += _folders_and_links(path)
        elif os.path.lexists(path) and not os.path.isfile(path):  # noqa: PTH113
            raise _leads_out(path)


def check_way(folder: Path) -> None:
    """Check that a folder to write into, if it is named as one of a corpus, also lies in it.

    Raises:
        DataError: naming the folder, which is reached through a link that leads out.
    """
    absolute = Path(os.path.abspath(folder))  # noqa: PTH100 - resolves no links
    for root in (absolute, *absolute.parents):
        if (root / CONFIGURATION_FILE).is_file():
            _check_inside(str(absolute), os.path.realpath(root))


def _folders_and_links(folder: str) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.path for entry in entries if not entry.is_file(follow_symlinks=False)]


def _check_inside(path: str, root: str) -> str:
    """Return where a path leads."""
    target = os.path.realpath(path)
    if os.path.commonpath((root, target)) != root:
        raise _leads_out(path)
    return target


def _leads_out(path: str) -> DataError:
    return DataError(
        f"{path}: is a link or a special file that leads out of the corpus, so nothing is read or "
        f"written; remove it, or put what it leads to in its place"
    )


_OWN = (
    *("annotations", "choices", "clips", "exports", "manifests", "review", "runs", "stages"),
    *(CONFIGURATION_FILE, "speakers.csv", "withdrawn.jsonl"),
)
_LABEL_STUDIO = os.path.join("annotations", "label-studio")  # noqa: PTH118
