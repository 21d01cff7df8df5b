"""Settings of section [train]: the models, their presets, and overrides for one run.

Only pydantic models and their validation belong here, so that reading a configuration stays light.
"""
