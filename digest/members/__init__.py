"""Who receives the digest: the roll, leaving, and who may not be written to.

address.py    one spelling of each address, and the keyed hash that stands for it
table.py      a CSV file, whatever tool wrote it -> rows with an address and a name
roll.py       the roll: bring a table in, list who is on it
join.py       ask to join, confirm by mail
preferences.py  what a member chose, and the key of the edition that follows from it
leave.py      leave, say why, and come back
suppress.py   addresses that nothing may be sent to
"""
