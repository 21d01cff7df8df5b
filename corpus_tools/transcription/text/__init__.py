"""Normalisation of texts: width, spaces, simplified characters.

Here belong rewritings of a text that keep what was said; judging a text belongs in `guards`.
"""
