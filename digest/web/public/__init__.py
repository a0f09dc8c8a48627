"""Pages for members and the public."""
