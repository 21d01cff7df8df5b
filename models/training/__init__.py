"""From a manifest to a trained model."""
