"""Judgements: parsing Label Studio's exports, and the immutable files of annotations/judgements.

Here belong annotations as they were given, and the pseudonyms of annotators. What follows from
several judgements of a clip belongs in `annotation.labels` or `annotation.reliability`.
"""
