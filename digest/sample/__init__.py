"""The invented association that `digest demo` shows: its feeds, its pictures and its members.

content/     what it writes, as data: one TOML file a feed, and members.csv
templates/   the feeds' XML, in the dialect of the software that would publish each
images/      its pictures (drawn by tools/draw_sample_images.py)
stories.py   content/ -> frozen values
weeks.py     the rotation: which story stands in which week, and when
days.py      the dates inside a text
feeds.py     the feed of a name at an instant, as bytes
pictures.py  the pictures' alternative texts
members.py   the members as a CSV file
"""
