"""Whether mail may leave now."""

from __future__ import annotations

from digest.config import Config, Keys
from digest.deliver.arming import require_armed
from digest.deliver.message import shared_headers
from digest.deliver.providers import Provider, build


def require_ready(config: Config, keys: Keys) -> Provider:
    """The provider, when mail may leave through it now. Raises ConfigError or ProviderError in words."""
    shared_headers(config, 1)
    provider = build(config, keys)
    require_armed(config)
    return provider
