"""The ``corpus`` command; each verb has one small module that parses, calls and prints."""

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    from corpus_tools.cli.app import app

    app()
