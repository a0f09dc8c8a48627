"""The provider, opened for each edition of an issue. A channel holds what all copies of its edition share, encoded
once; it is opened when the edition's first batch comes, and the few used last stay open.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable

from digest.compose.models import Issue
from digest.compose.number import number_of
from digest.config import Config
from digest.deliver.message import Mailing, mailing_of
from digest.deliver.models import Edition
from digest.deliver.providers import Channel, Provider
from digest.render.models import MergeTags

# Batches of an edition come one after another; and servers count the connections that stand open.
MOST_OPEN = 2


class Channels:
    """The open channels of one issue, by edition. For the thread that claims; a channel itself may serve many."""

    def __init__(self, config: Config, issue: Issue, provider: Provider) -> None:
        self._config, self._issue, self._provider = config, issue, provider
        self._open: OrderedDict[int, tuple[Mailing, Channel]] = OrderedDict()

    def ready(self, editions: Iterable[int], *, busy: Collection[int] = ()) -> None:
        """Open the channels of these editions (keys of Edition); close old ones that nobody is `busy` with."""
        wanted = set(editions)
        for edition in sorted(wanted):
            self._get(edition)
        for edition in list(self._open):
            if len(self._open) <= MOST_OPEN:
                break
            if edition not in wanted and edition not in busy:
                self._open.pop(edition)[1].close()

    def channel(self, edition: int) -> Channel:
        return self._get(edition)[1]

    def mailing(self, edition: int) -> Mailing:
        return self._get(edition)[0]

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1][1].close()

    def _get(self, edition: int) -> tuple[Mailing, Channel]:
        if edition not in self._open:
            mailing = mailing_for(self._config, self._issue, Edition.objects.get(pk=edition, issue=self._issue))
            self._open[edition] = mailing, self._provider.open(mailing)
        self._open.move_to_end(edition)
        return self._open[edition]


def mailing_for(config: Config, issue: Issue, edition: Edition) -> Mailing:
    """The mailing of an edition of `issue`. Raises ConfigError when config.toml holds what no header may."""
    number = number_of(issue)
    return mailing_of(
        config,
        name=_name(issue, number),
        announcement=issue.slug,
        subject=edition.subject,
        html=edition.html,
        text=edition.text,
        tags=MergeTags.of(issue.merge_tag),
        number=number,
        tracking=config.delivery.tracking,
    )


def _name(issue: Issue, number: int | None) -> str:
    """Its number, slug or slot: the folder in the outbox, and what a view-in-browser link asks for."""
    if number is not None or issue.slug:
        return issue.slug or str(number)
    return issue.slot.isoformat() if issue.slot else f"{issue.kind}-{issue.pk}"
