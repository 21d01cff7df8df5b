"""Read-only views of a corpus and of the machine.

Here belongs what reads the records of several steps to describe them: counts of each stage, the
history of one clip, the check of an installation and of its bundled sample. Nothing here writes.
"""
