"""Command line as ``python -m corpus_tools``."""

import os
import sys
from pathlib import Path


def _leave_out_current_folder() -> None:
    """Import nothing from the current folder, a corpus of others maybe, unless we lie in it."""
    here = os.path.realpath(os.curdir)
    if here != os.path.realpath(Path(__file__).parents[1]):
        sys.path[:] = [path for path in sys.path if os.path.realpath(path or os.curdir) != here]


if __name__ == "__main__":
    _leave_out_current_folder()
    from corpus_tools.cli import main

    main()
