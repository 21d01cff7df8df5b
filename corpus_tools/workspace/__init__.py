"""Corpus folder as a whole, with its configuration and lock, and the runner of a step over sources.

What one stage reads or writes in the folder belongs to that stage.
"""
