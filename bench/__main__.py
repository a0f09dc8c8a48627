"""`python -m bench [NAME]...`: every benchmark, or those named. Figures are printed; nothing passes by them."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

names = sys.argv[1:] or [
    module.name
    for module in pkgutil.iter_modules([str(Path(__file__).parent)])
    if hasattr(importlib.import_module(f"bench.{module.name}"), "main")
]
for name in names:
    importlib.import_module(f"bench.{name}").main()
