"""Several commands at work on one corpus: what each reads and changes, and who waits for whom.

Here belongs what keeps commands apart, for commands that change a corpus, that use its versions,
and that only look at it; the lock on a single file is `manifests.storage.locking`.
"""
