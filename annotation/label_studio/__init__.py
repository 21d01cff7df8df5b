"""Label Studio as a program: its server for a corpus, and what this tool says to it."""
