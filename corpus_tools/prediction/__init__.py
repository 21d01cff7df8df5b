"""The emotion of any sound or video file, or of a manifest's clips, by a trained model."""
