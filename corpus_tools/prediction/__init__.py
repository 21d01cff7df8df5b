"""Emotions of media files and manifest clips, predicted with a trained model.

What needs decoding, cutting, subtitles or a recogniser belongs here, and the files that `corpus
predict` writes; the prediction itself, from samples and texts, is :mod:`models.prediction`.
"""
