"""The demonstration: the whole pipeline on the bundled sample, with simulated annotators.

Its steps are those of `corpus_tools.api`; nothing that a real corpus needs belongs here.
"""
