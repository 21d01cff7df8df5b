"""Scripted recordings: `add-recordings`.

Here belong scripts, recordings of one line, and long takes that are aligned with a script and cut
line by line. Films belong in `corpus_tools.segmentation`.
"""
