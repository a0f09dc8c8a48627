"""From whatever a feed holds to safe, plain values. Pure: no Django, no network, no clock.

text.py     characters, lines, titles
html.py     markup: sanitised, and as plain text
links.py    addresses: absolute, without tracking, canonical
teaser.py   the one paragraph that stands under a headline
"""
