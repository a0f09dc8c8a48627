"""Six associations in six zones, each with a plan of its own."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from digest.config import Config, load_config

CONFIG = """
[association]
name = "Test Association"
postal_address = "1 Test Street, Testford TE1 1ST"
zone = "{zone}"
[digest]
anchor = {{ number = 736, date = 2024-02-12 }}
[web]
base_url = "http://127.0.0.1:8000"
[plan]
{plan}
[[sections]]
id = "news"
title = "News"
[[sources]]
id = "news"
title = "The News"
path = "news.xml"
[notices]
to = ["desk@staff.example.org"]
deputies = ["deputy@staff.example.org"]
"""
PLANS = {
    "Europe/London": 'holidays = "GB-ENG"\non_holiday = "shift"\ngather = ["12:30"]',
    "America/New_York": 'holidays = "US"\non_holiday = "double"\napproval = "automatic"\ngather = []',
    "Australia/Sydney": 'holidays = "AU-NSW"\nwithout_approval = "send-if-clean"\ngather = ["06:30"]',
    "Asia/Kolkata": 'holidays = "IN"\nmin_items = 3\nwithout_approval = "send-unflagged"\ngather = []',
    "Australia/Lord_Howe": 'cut_off = "Fri 17:00"\napprove_by = "Mon 01:30"\nsend = "Mon 02:15"\ngather = []',
    "UTC": 'skip_dates = [2024-08-12, 2024-12-23]\ncut_off = "Sun 22:00"\nsend = "Mon 00:30"\ngather = []',
}
START = dt.datetime(2024, 1, 10, 12, 0, tzinfo=dt.UTC)


def config_of(folder: Path, zone: str) -> Config:
    path = folder / "config.toml"
    path.write_text(CONFIG.format(zone=zone, plan=PLANS[zone]), encoding="utf-8")
    return load_config(path)
