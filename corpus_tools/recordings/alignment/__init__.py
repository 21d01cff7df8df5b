"""Alignment of a script's lines with pieces of speech.

Here belong the semi-Markov model and its evidence; nothing here reads files or writes a corpus.
"""
