"""Command line: one small module per verb, which parses its arguments, calls the step, and prints.

Here belong flags, help texts, tables and messages for the terminal; the work belongs in the
packages below, so that it can be called from Python.
"""

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    from corpus_tools.cli.app import app

    app()
