"""What the configuration says today of accounts that the journal knows: what may have changed is taken over,
what may not refuses the start. What a setting means belongs to `hive_core.configuration`.
"""

from __future__ import annotations

import logging

from hive_core.backtest.venue.terms import Terms
from hive_core.configuration.model import Account, Configuration
from hive_exec.core.state import Bot, with_settings

_log = logging.getLogger("hive_exec.cell")


class SettingsChanged(RuntimeError):
    """The configuration contradicts what an account was opened with."""


def under_todays_settings(bot: Bot, configuration: Configuration) -> Bot:
    """An account with the settings that it has now.

    Raises:
        SettingsChanged: a setting that an account keeps for ever is another.
    """
    settings = configuration.account_named(bot.name)
    if settings is None:
        _log.warning("account %s is not configured any more; it keeps its settings", bot.name)
        return bot
    _require_the_same_account(bot, settings)
    return with_settings(bot, settings)


def _require_the_same_account(bot: Bot, settings: Account) -> None:
    for name in ("mode", "currency", "initial_balance", "broker"):
        before, now = getattr(bot.settings, name), getattr(settings, name)
        if before != now:
            raise SettingsChanged(
                f"account {bot.name}: {name} is {now} in hive.toml, but it was opened with {before}; "
                "restore it, or give the new account a new name"
            )


def terms_of(configuration: Configuration, account: str) -> Terms:
    """How the venue in this process fills an account; money is counted where its settings ask for it."""
    settings = configuration.account_named(account)
    if settings is None:
        return Terms()
    if not settings.venue.counts_money:
        return Terms(settings.venue)
    return Terms(settings.venue, settings.currency, settings.initial_balance)
