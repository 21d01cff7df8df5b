"""Registries of the parts of cutting that other packages can add: measures and voice detectors.

Here belong one row for each part that is shipped, and the entry-point group of further ones. The
settings and the command line read them, so a row names its functions and imports nothing.
"""
