"""The labelling scheme: label configuration, settings, and parsing the answers to its controls.

Here belongs what the labelling screen offers, and how an answer is validated; nothing here reads a
corpus's batches or judgements.
"""
