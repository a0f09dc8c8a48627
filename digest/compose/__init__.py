"""From entries to an issue: which week, which section, which order, and why. Pure but for models.py."""
