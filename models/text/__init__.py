"""Texts as model inputs: cleaning, tokeniser, lexicon, vocabulary and word vectors.

The networks that read these inputs are in :mod:`models.encoders`. Normalisation of transcripts for
people belongs to :mod:`corpus_tools.transcription.text`.
"""
