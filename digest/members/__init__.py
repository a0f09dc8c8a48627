"""Who receives the digest: the roll, leaving, and who may not be written to.

address.py    one spelling of each address, and the keyed hash that stands for it
table.py      a CSV file, whatever tool wrote it -> rows with an address and a name
roll.py       the roll: bring a table in, list who is on it
leave.py      leave, and come back
suppress.py   addresses that nothing may be sent to
"""
