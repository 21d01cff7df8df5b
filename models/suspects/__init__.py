"""Suspected labelling errors of a manifest version: `corpus suspects`.

Here belong the probabilities that clips get from models which never met them, the order by doubt,
and the page that plays the clips. Who labels a suspect again is decided in `annotation.tasks`.
"""
