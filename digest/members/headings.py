"""Headings by which tools name their columns, in the languages of their exports. Pure.

Compared folded: case, accents, spaces and signs do not count, so "E-Mail", "email" and "E mail" are one.
"""

from __future__ import annotations

import unicodedata


def fold(heading: str) -> str:
    """The letters and digits of a heading alone, in one case, without accents."""
    parts = unicodedata.normalize("NFKD", heading.casefold())
    return "".join(c for c in parts if c.isalnum() and not unicodedata.combining(c))


def _folded(words: str) -> frozenset[str]:
    return frozenset(fold(line) for line in words.strip().splitlines())


# The column that holds the address. Those of the second list are asked when the first finds nothing: an "address" is
# as often a street as a mailbox.
ADDRESS = _folded("""
email
emails
mail
email address
mail address
mail adress
email adress
primary email
email primary
primary email address
contact email
email address 1
email 1
email 1 value
user email
member email
subscriber email
email id
email adresse
mail adresse
e-post
e-postadresse
e-postadress
courriel
adresse mail
adresse e-mail
adresse courriel
adresse électronique
adresse de messagerie
correo
correo electrónico
dirección de correo electrónico
dirección de correo
indirizzo email
indirizzo e-mail
posta elettronica
indirizzo di posta elettronica
endereço de email
endereço de e-mail
correio eletrónico
correio eletrônico
e-mailadres
mailadres
sähköposti
sähköpostiosoite
adres email
adres e-mail
e-mailová adresa
emailová adresa
e-mail cím
adresă de email
e-posta
e-posta adresi
ηλεκτρονικό ταχυδρομείο
διεύθυνση email
электронная почта
адрес электронной почты
почта
эл. почта
електронна пошта
メール
メールアドレス
eメール
电子邮件
电子邮箱
邮箱
電子郵件
電郵
이메일
이메일 주소
البريد الإلكتروني
عنوان البريد الإلكتروني
דואר אלקטרוני
דוא״ל
""")
WEAK_ADDRESS = _folded("""
address
adresse
adres
to
subscriber
recipient
""")
# Further addresses of the same person: asked, in this order, where the first is empty.
FURTHER_ADDRESS = tuple(
    fold(f"email {number} {end}") for number in "23456" for end in ("value", "address", "adresse", "")
)

NAME = _folded("""
name
full name
display name
member name
contact name
your name
nom complet
nom et prénom
nombre completo
nome completo
imię i nazwisko
naam
navn
namn
nimi
имя
фио
名前
氏名
お名前
姓名
이름
성명
الاسم
שם
""")
FIRST = _folded("""
first name
first
given name
forename
fname
vorname
prénom
nombre
primer nombre
nombre de pila
nome
voornaam
fornavn
förnamn
etunimi
imię
křestní jméno
jméno
""")
LAST = _folded("""
last name
last
surname
family name
lname
nachname
nom de famille
nom
apellido
apellidos
cognome
sobrenome
apelido
achternaam
etternavn
efternamn
sukunimi
nazwisko
příjmení
""")

# The column in which a tool says whether it still wrote to the person.
STATUS = _folded("""
status
contact status
email marketing status
email status
member status
subscription status
marketing status
subscriber status
statut
estado
""")
