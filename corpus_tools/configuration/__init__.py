"""Settings of corpus.toml and their overrides by flags.

Here belong the sections of the steps in this package; `annotation`, `manifests` and `models`
define their own sections, which `Configuration` puts together.
"""
