"""Training of models on manifest versions."""
