"""Who receives the digest: the roll, leaving, and who may not be written to."""
