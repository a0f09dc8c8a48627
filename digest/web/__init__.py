"""Pages: public (archive, leaving), staff (the newsroom), hooks (the provider's calls)."""
