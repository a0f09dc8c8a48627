"""Ways for mail to leave. A provider is one module here and one line in the registry."""

from __future__ import annotations

from importlib import import_module

from digest.config import Config, Keys, describe_unknown
from digest.deliver.providers.base import (
    Accepted,
    Channel,
    Failure,
    NotSent,
    Outcome,
    Provider,
    Refused,
    Rejected,
    Release,
    SandboxChannel,
    ScheduledSends,
    SchedulingChannel,
    SchedulingProvider,
    Trial,
    Unknown,
    Wait,
)
from digest.errors import ConfigError

# name in config.toml -> module:class, imported when it is used
REGISTRY: dict[str, str] = {
    "outbox": "digest.deliver.providers.outbox:Outbox",
    "sendgrid": "digest.deliver.providers.sendgrid:SendGrid",
}

__all__ = [
    "REGISTRY",
    "Accepted",
    "Channel",
    "Failure",
    "NotSent",
    "Outcome",
    "Provider",
    "Refused",
    "Rejected",
    "Release",
    "SandboxChannel",
    "ScheduledSends",
    "SchedulingChannel",
    "SchedulingProvider",
    "Trial",
    "Unknown",
    "Wait",
    "build",
    "check_provider",
    "provider_class",
    "schedules",
]


def check_provider(config: Config) -> None:
    """Raises ConfigError when `delivery.provider` names none that is known."""
    if config.delivery.provider not in REGISTRY:
        problem = describe_unknown(config.delivery.provider, REGISTRY)
        raise ConfigError(f"{config.root / 'config.toml'}: delivery.provider: {problem}.")


def provider_class(config: Config) -> type[Provider]:
    """The configured provider's class."""
    check_provider(config)
    module, _, name = REGISTRY[config.delivery.provider].partition(":")
    found: type[Provider] = getattr(import_module(module), name)
    return found


def schedules(config: Config) -> bool:
    """Whether the configured provider takes mail ahead of its time; one that does not say so does not."""
    return bool(getattr(provider_class(config), "schedules", False))


def build(config: Config, keys: Keys) -> Provider:
    """The configured provider, ready to be opened. Raises ConfigError or ProviderError in words."""
    return provider_class(config).of(config, keys)
