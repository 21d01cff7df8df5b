"""A version of a manifest as other tools read it; one module for each format."""
