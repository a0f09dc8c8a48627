"""Addresses that providers and mail programs call."""
