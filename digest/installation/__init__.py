"""What is true of this very installation: armed or not, who holds which lease, and who did what."""
