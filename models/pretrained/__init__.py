"""Pretrained encoders of other people, in the format of Hugging Face ``transformers``.

Here belong their files, their weights and the vectors that they give texts; frames of speech are a
feature extractor, in `models.features`.
"""
