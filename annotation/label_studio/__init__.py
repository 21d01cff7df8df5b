"""Label Studio: a server for a corpus, and a client that pushes tasks and pulls judgements."""
