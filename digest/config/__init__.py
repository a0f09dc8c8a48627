"""The association's settings: config.toml, the environment and the key file, as frozen values.

settings.py   what may stand in config.toml, and what it means
delivery.py   the provider, and how mail is given to it
sections.py   the sections and sources among it
joining.py    how people may join
logs.py       in which form the log is written
notices.py    whom of the staff the digest tells what it does
signing_in.py how staff sign in
basics.py     the kinds of value
plan.py       the week's plan: cut-off, approval, send
days_off.py   dates and public holidays without an issue
load.py       finding and reading the file; errors in words
keys.py       the key file and the secrets that the environment may override
"""

from digest.config.delivery import Delivery
from digest.config.joining import Join
from digest.config.keys import Keys, SecretKey
from digest.config.load import describe_unknown, find_config, load_config
from digest.config.plan import Moment, Plan
from digest.config.sections import MatchRule, Section, Source
from digest.config.settings import (
    MAX_BYTES,
    WARN_BYTES,
    Anchor,
    Association,
    Brand,
    Config,
    DigestSettings,
    GatherSettings,
    Storage,
    Web,
)

__all__ = [
    "MAX_BYTES",
    "WARN_BYTES",
    "Anchor",
    "Association",
    "Brand",
    "Config",
    "Delivery",
    "DigestSettings",
    "GatherSettings",
    "Join",
    "Keys",
    "MatchRule",
    "Moment",
    "Plan",
    "SecretKey",
    "Section",
    "Source",
    "Storage",
    "Web",
    "describe_unknown",
    "find_config",
    "load_config",
]
