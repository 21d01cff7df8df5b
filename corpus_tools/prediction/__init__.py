"""Emotion prediction for media files and manifest clips with a trained model."""
