"""From sources to entries: fetch, parse, clean, date, store once. One bad feed never stops the others."""
