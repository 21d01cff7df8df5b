"""Foundations that everything stands on: errors, outcomes, classes, settings, workers, text files.

Nothing here knows the corpus folder or its records.
"""
