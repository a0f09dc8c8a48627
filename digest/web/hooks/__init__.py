"""Addresses that providers call.

signature.py   whether a call is the provider's
views.py       SendGrid's event webhook
"""
