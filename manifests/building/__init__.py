"""Build of the next version: select labelled clips, divide them, write the folder.

The order of these steps and their failures are here; how each works is in the other sub-packages.
"""
