"""Ways for mail to leave. A provider is one module here and one line in the registry."""

from __future__ import annotations

from importlib import import_module

from digest.config import Config, Keys, describe_unknown
from digest.deliver.providers.base import (
    Accepted,
    Channel,
    Failure,
    Finding,
    InspectedProvider,
    Look,
    Mixed,
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
    Suppressed,
    SuppressingProvider,
    Trial,
    Unknown,
    Wait,
)
from digest.errors import ConfigError

# name in config.toml -> module:class, imported when it is used
REGISTRY: dict[str, str] = {
    "outbox": "digest.deliver.providers.outbox:Outbox",
    "sendgrid": "digest.deliver.providers.sendgrid:SendGrid",
    "smtp": "digest.deliver.providers.smtp:Smtp",
}
# What django-anymail sends through, each by the name of its module there; "sendgrid" is our own.
ANYMAIL = (
    "amazon_ses",
    "brevo",
    "mailersend",
    "mailgun",
    "mailjet",
    "mailtrap",
    "mandrill",
    "postal",
    "postmark",
    "resend",
    "scaleway",
    "sparkpost",
    "unisender_go",
)

__all__ = [
    "ANYMAIL",
    "REGISTRY",
    "Accepted",
    "Channel",
    "Failure",
    "Finding",
    "InspectedProvider",
    "Look",
    "Mixed",
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
    "Suppressed",
    "SuppressingProvider",
    "Trial",
    "Unknown",
    "Wait",
    "batch_size",
    "build",
    "check_provider",
    "provider_class",
    "schedules",
]


def check_provider(config: Config) -> None:
    """Raises ConfigError when `delivery.provider` names none that is known."""
    known = [*REGISTRY, *ANYMAIL]
    if config.delivery.provider not in known:
        problem = describe_unknown(config.delivery.provider, known)
        raise ConfigError(f"{config.root / 'config.toml'}: delivery.provider: {problem}.")


def provider_class(config: Config) -> type[Provider]:
    """The configured provider's class."""
    check_provider(config)
    where = REGISTRY.get(config.delivery.provider, "digest.deliver.providers.anymail:Anymail")
    module, _, name = where.partition(":")
    found: type[Provider] = getattr(import_module(module), name)
    return found


def schedules(config: Config) -> bool:
    """Whether the configured provider takes mail ahead of its time; one that does not say so does not."""
    return bool(getattr(provider_class(config), "schedules", False))


def batch_size(config: Config) -> int:
    """How many members are handed to the configured provider in one request."""
    size = config.delivery.batch_size
    most: int = getattr(provider_class(config), "most_at_once", size)
    return min(size, most, config.delivery.max_per_hour or size)


def build(config: Config, keys: Keys) -> Provider:
    """The configured provider, ready to be opened. Raises ConfigError or ProviderError in words."""
    return provider_class(config).of(config, keys)
