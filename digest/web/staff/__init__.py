"""The newsroom: pages for signed-in staff."""
