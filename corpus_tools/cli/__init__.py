"""Command line: one small module per verb, which parses its arguments, calls the step, and prints.

Here belong flags, help texts, tables and messages for the terminal; the work belongs in the
packages below, so that it can be called from Python.
"""

import gc
import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    gc.set_threshold(50_000)  # importing makes many objects, and frees few
    # plugins of pydantic, which nothing here uses, are looked for in every installed package
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from corpus_tools.cli.app import application

    application(sys.argv[1:])()
