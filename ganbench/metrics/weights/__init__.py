"""The weights of the shipped extractors, pinned by hash in `features.py`."""
