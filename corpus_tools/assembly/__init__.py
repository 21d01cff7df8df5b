"""Steps that combine several stages of a corpus: task batches for annotators and manifest versions.

Here belongs what collects clips, texts, votes and settings from the corpus folder and hands them to
`annotation` or `manifests`, which do the work on them.
"""
