"""Who receives the digest: the roll, leaving, and who may not be written to.

address.py      one spelling of each address, and the keyed hash that stands for it
find.py         the member with an address

a roll coming in, in this order:
opening.py      a file, standard input, or what a command prints
detect.py       its encoding, or why it is no table
headings.py     columns' names in many languages
formats.py      whose export it is, and what its rows say of people
lines.py        list servers' answers, and addresses as people write them
table.py        all of that: a file -> rows
rows.py         one row
staging.py      temporary tables
difference.py   what each row would change
apply.py        carry it out in one transaction
roll.py         the use cases: compare, apply, list

spreadsheet.py  the roll as CSV
join.py         ask to join, confirm by mail
preferences.py  what a member chose, and the key of the edition that follows from it
leave.py        leave, say why, and come back
suppress.py     addresses that nothing may be sent to
erase.py        forget a member
rekey.py        after a new suppression key
"""
