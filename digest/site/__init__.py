"""Django's settings and URLs: wiring only."""
