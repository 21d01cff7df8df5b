"""The ``corpus`` command: one small module per verb, which parses, calls and prints."""

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    from corpus_tools.cli.app import app

    app()
