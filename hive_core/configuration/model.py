"""The settings of Hive: ports, accounts, sources, resolution, lineage.

One frozen model for every process. Secrets never stand here: they come from the environment
(`HIVE_SLACK_WEBHOOK_URL`, `HIVE_SLACK_TOKEN`, `HIVE_OPENLINEAGE_API_KEY`, `HIVE_WEBHOOK_TOKEN`,
`HIVE_TELEGRAM_*`).
"""

from __future__ import annotations

import difflib
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import combinations
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator, model_validator

from hive_core.configuration.amounts import Setting
from hive_core.configuration.broker_fix import FixSettings
from hive_core.configuration.broker_metatrader import MetaTraderSettings
from hive_core.configuration.broker_oanda import OandaSettings
from hive_core.configuration.broker_paper import PaperVenueSettings
from hive_core.configuration.kafka_lane import KafkaSettings
from hive_core.configuration.live_lane import LiveLaneSettings
from hive_core.configuration.policy import PolicySettings
from hive_core.contracts.base import AccountName, Contract, Identifier, SourceId
from hive_core.instruments.specification import alias_table, instruments, specification_of
from hive_core.risk.rules.as_of import ASKABLE
from hive_core.risk.rules.phases import UnknownPhaseName, phase_named

Positive = Annotated[Setting, Field(gt=0)]
NotNegative = Annotated[Setting, Field(ge=0)]
VotingWeight = Annotated[Setting, Field(ge=0, le=1_000_000)]
Share = Annotated[Setting, Field(gt=0, le=1)]
Port = Annotated[int, Field(ge=1024, le=65535)]


def _loopback(host: str) -> str:
    # Anything else needs authentication, which the daemon does not have yet.
    if host not in {"127.0.0.1", "localhost", "::1"}:
        raise ValueError("only loopback is allowed: tokens and orders would go over the network in the clear")
    return host


def _known_pack(name: str) -> str:
    try:
        phase_named(name)
    except UnknownPhaseName as error:
        raise ValueError(str(error)) from None
    return name


def _askable(name: str) -> str:
    if name not in ASKABLE:
        raise ValueError(
            f"{name!r} is nothing that a person is asked for a firm's rules; what may be accepted: "
            f"{', '.join(ASKABLE)}"
        )
    return name


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no IANA time zone, such as Europe/Prague") from None
    return name


def _known_symbol(name: str) -> str:
    if specification_of(name) is None:
        raise ValueError(_no_instrument(name))
    return name


def _symbol_with_facts(name: str) -> str:
    # A pip belongs to the instrument whose facts count: BTCUSDT has those of BTCUSD.
    if name not in instruments():
        raise ValueError(_no_instrument(name))
    return name


def _no_instrument(name: str) -> str:
    plain = name.upper().replace("/", "")
    found = specification_of(plain)
    near = [found.symbol] if found else [alias_table()[plain]] if plain in alias_table() else []
    near = near or difflib.get_close_matches(plain, instruments(), n=1)
    return f"{name!r} is no instrument Hive knows" + (f", did you mean {near[0]}?" if near else "")


KnownSymbol = Annotated[str, AfterValidator(_known_symbol)]
SymbolWithFacts = Annotated[str, AfterValidator(_symbol_with_facts)]


class Ports(Contract):
    """Where the three services listen."""

    host: Annotated[str, AfterValidator(_loopback)] = "127.0.0.1"
    dagster_webserver: Port = 3000
    dagster_code_server: Port = 4266
    hive_exec: Port = 8787


BrokerSettings = Annotated[OandaSettings | FixSettings | MetaTraderSettings, Field(discriminator="kind")]
"""A venue, by its `kind`; each kind has a page of its own."""


class Account(Contract):
    """One account: which sources trade it, by which clock, under which rules, with how much risk.

    `mode` replay takes clock and quotes from stored bars; paper takes the wall clock and quotes
    that are posted; broker trades the account at the venue that `broker` names. A decision that its
    account cannot send because the venue is down goes to the account `failover_to`, if nothing of it was
    ever intended here. Decisions whose worst loss takes more than `review_over_headroom` of the room left,
    or against which more than `review_over_dissent` of the votes' weight stands, wait `review_ttl_s` for a
    person. With less room than `reduce_only_under_headroom_pct` of the initial balance above the nearest
    floor, `rejections_before_breaker` refusals of the venue in a row, and more than `max_orders_per_hour`,
    stop the account. `max_entry_slippage_r` bounds how much worse than planned an entry may fill, in
    units of the planned risk.

    `initial_balance` is what the firm counts its limits of; `peak_balance` the most that an account with a
    past ever had, equity where the firm's floor trails that.

    Beyond the firm's rules: `conversion_buffer_pct` is how much worse than known a conversion rate is taken,
    `swap_reserve_per_lot` what holding may cost on the way, `max_currency_exposure_pct` the most net exposure
    to one currency, of equity. `max_correlated_positions` are the most that win and lose together, correlated
    by `correlation_threshold` or more; `max_value_at_risk_pct` is the most that a day may cost at 99 %, of
    equity; `scale_by_volatility` trades what moves more than usual smaller. `max_repeats` orders of one
    instrument and side within `repeat_window_s` are the most. Signals of `own_sources` are the owner's own,
    all others a third party's. `accepted_unknowns` are rules that the firm does not state, or ties to
    conditions, and that the owner has read up on himself: a person is asked about all others.
    `asks_where_firm_forbids`: a person is asked where the firm forbids, in place of a denial. `name` may hold
    `{source}`: then every source gets an account of its own.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*(\{source\})?$", max_length=32)]
    mode: Literal["replay", "paper", "broker"]
    broker: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")] | None = None
    symbols: Annotated[tuple[SymbolWithFacts, ...], Field(max_length=200)] = ()
    failover_to: AccountName | None = None
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    initial_balance: Positive = Decimal("100000")
    peak_balance: Positive | None = None
    rule_pack: Annotated[str, AfterValidator(_known_pack)] = "ftmo_2step_phase1"
    risk_per_trade_pct: Annotated[Setting, Field(gt=0, le=2)] = Decimal("0.5")
    max_entry_slippage_r: Annotated[Setting, Field(gt=0, le=2)] = Decimal("0.5")
    slippage_buffer_pips: NotNegative = Decimal("3")
    price_collar_pct: Annotated[Setting, Field(gt=0, le=10)] = Decimal("1")
    max_decision_age_s: Annotated[int, Field(gt=0, le=86_400)] = 300
    max_quote_age_s: Annotated[int, Field(gt=0, le=86_400)] | None = None
    max_open_positions: Annotated[int, Field(gt=0, le=200)] = 20
    commission_per_lot: NotNegative = Decimal("0")
    conversion_buffer_pct: Annotated[Setting, Field(ge=0, le=20)] = Decimal("1")
    swap_reserve_per_lot: NotNegative = Decimal("0")
    max_currency_exposure_pct: Annotated[Setting, Field(gt=0, le=100_000)] = Decimal("1000")
    max_correlated_positions: Annotated[int, Field(gt=0, le=200)] | None = None
    correlation_threshold: Annotated[Setting, Field(gt=0, le=1)] = Decimal("0.7")
    max_value_at_risk_pct: Annotated[Setting, Field(gt=0, le=100)] | None = None
    scale_by_volatility: bool = False
    max_repeats: Annotated[int, Field(gt=0, le=3_600)] | None = None
    repeat_window_s: Annotated[int, Field(gt=0, le=86_400)] = 60
    flat_before_weekend_s: Annotated[int, Field(ge=0, le=86_400)] = 3_600
    own_sources: Annotated[tuple[str, ...], Field(max_length=200)] = ()
    accepted_unknowns: tuple[Annotated[str, AfterValidator(_askable)], ...] | None = None
    asks_where_firm_forbids: bool = False
    venue: PaperVenueSettings = PaperVenueSettings()
    max_orders_per_hour: Annotated[int, Field(gt=0, le=3_600)] | None = None
    reduce_only_under_headroom_pct: Annotated[Setting, Field(gt=0, lt=100)] | None = None
    rejections_before_breaker: Annotated[int, Field(gt=0, le=100)] = 5
    review_over_headroom: Share | None = None
    review_over_dissent: Share | None = None
    review_ttl_s: Annotated[int, Field(gt=0, le=86_400)] = 900

    @model_validator(mode="after")
    def _a_broker_where_one_trades(self) -> Self:
        if (self.mode == "broker") != (self.broker is not None):
            raise ValueError("`broker` names the venue of an account of mode broker, and of no other")
        if self.mode == "broker" and self.stem is not None:
            raise ValueError("an account at a broker has one name, without {source}")
        if self.has_broker and not self.symbols:
            raise ValueError("`symbols` lists the instruments whose quotes the broker shall stream")
        return self

    @property
    def asks_risk_model(self) -> bool:
        """Whether the gate has to know how instruments move."""
        limits = (self.max_correlated_positions, self.max_value_at_risk_pct)
        return self.scale_by_volatility or any(limit is not None for limit in limits)

    @property
    def has_broker(self) -> bool:
        """Whether its orders leave this process."""
        return self.mode == "broker"

    @property
    def quote_age_limit_s(self) -> int:
        """How old a quote may be. Unless set: two hours in a replay, whose bars are hours long, and half
        a minute on the wall clock."""
        return self.max_quote_age_s or (7_200 if self.mode == "replay" else 30)

    @property
    def accepted(self) -> frozenset[str]:
        """The rules about which no person is asked. A replay has nobody to ask: unless set, it takes all."""
        if self.accepted_unknowns is None:
            return frozenset(ASKABLE if self.mode == "replay" else ())
        return frozenset(self.accepted_unknowns)

    def is_own(self, source: str) -> bool:
        """Whether a source is the account owner himself."""
        return any(fnmatchcase(source, pattern) for pattern in self.own_sources)

    def takes(self, source: str) -> bool:
        """Whether a source trades this account."""
        return any(fnmatchcase(source, pattern) for pattern in self.sources)

    @property
    def stem(self) -> str | None:
        """What stands before `{source}` in the name, or None in the name of one account."""
        before, marker, _ = self.name.partition("{source}")
        return before if marker else None

    def is_named(self, name: str) -> bool:
        """Whether `name` is this account, or one that it has for a source."""
        if self.stem is None:
            return name == self.name
        source = name.removeprefix(self.stem)
        return source not in {name, ""} and self.takes(source)


Confidence = Annotated[Setting, Field(ge=0, le=1)]

OwnWord = Annotated[str, Field(pattern=r"^[^\W\d_]{2,32}$")]
"""A word of a room, letters only; case and accents do not matter."""


OwnMeaning = Literal[
    "buy", "sell", "stop", "target", "entry", "other", "close", "cancel", "breakeven", "partial"
]
"""What a word of a room's own says: of a call and its levels, or of what is done with a trade."""


class SourceProfile(Contract):
    """What is known of one room: the size it calls a pip, the zone of its clock, its symbol, and single
    words of its own: what they say (`words`), and its nicknames of instruments (`symbols`). Its
    `minimum_confidence` stands for that of `Validation`."""

    pip: dict[SymbolWithFacts, Positive] = {}
    time_zone: Annotated[str, AfterValidator(_known_zone)] | None = None
    default_symbol: KnownSymbol | None = None
    words: dict[OwnWord, OwnMeaning] = {}
    symbols: dict[OwnWord, KnownSymbol] = {}
    minimum_confidence: Confidence | None = None


class Validation(Contract):
    """What a signal must be to trade unseen. One that was read with less than `minimum_confidence` waits in
    quarantine for a person.

    The heaviest single doubt about the words of a call takes 0.3 off (a stop on a candle's close, levels told
    by their places only), and leaves 0.7: it passes. A second one beside it, or an expiry that could not
    be read, does not.
    """

    minimum_confidence: Confidence = Decimal("0.6")


class Resolution(Contract):
    """How votes become decisions. Times in seconds.

    Live signals of one account and instrument within `vote_window_s` vote with their source's
    weight, halved every `decay_half_life_s`; the weights of one side less those of the other must reach
    `threshold`, and `minimum_voices` must agree. With `weighting` by scorecard a source's weight is what
    its record says of the day, and the configured one where there is no record. Within
    `exposure_window_s` of a decision its idea, from another room, makes no second one.
    """

    vote_window_s: Annotated[int, Field(gt=0, le=7 * 86_400)] = 3_600
    decay_half_life_s: Annotated[int, Field(gt=0, le=30 * 86_400)] | None = None
    exposure_window_s: Annotated[int, Field(gt=0, le=7 * 86_400)] = 43_200
    threshold: Positive = Decimal(1)
    minimum_voices: Annotated[int, Field(ge=1, le=64)] = 1
    weighting: Literal["fixed", "scorecard"] = "fixed"
    default_weight: VotingWeight = Decimal(1)
    weights: dict[SourceId, VotingWeight] = {}
    market_valid_s: Annotated[int, Field(gt=0)] = 2 * 3_600
    pending_valid_s: Annotated[int, Field(gt=0)] = 24 * 3_600

    def weight_of(self, source: str) -> Decimal:
        """The configured voting weight of a source."""
        return self.weights.get(source, self.default_weight)


class Updates(Contract):
    """How what a room says of an open signal is understood: the part that is closed where it names none
    ("secure partials"), and how long the same, said again, is the same."""

    vague_share: Annotated[Setting, Field(gt=0, lt=1)] = Decimal("0.5")
    repeat_window_s: Annotated[int, Field(ge=0, le=3_600)] = 120


class Lineage(Contract):
    """Where OpenLineage events go besides the file under HIVE_HOME."""

    url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    timeout_s: Annotated[Setting, Field(gt=0, le=10)] = Decimal(2)


class Slack(Contract):
    """Where alerts go when a webhook or a token is in the environment."""

    channel: str = "#hive"


def _default_accounts() -> tuple[Account, ...]:
    return (
        Account(name="samples", mode="replay", sources=("sample_*",)),
        Account(name="replay_{source}", mode="replay", sources=("*",)),
    )


class Execution(Contract):
    """How the daemon behaves as a whole. Times in seconds.

    `people_for_global`: how many different persons must agree to end the kill switch or to close a global
    breaker. `reduced_share`: what is left of size and rate under a breaker that reduces. A clock that jumps
    by more than `max_clock_jump_s` stops new orders. `witnesses` are files or folders, best on other
    machines, that keep the signed heads of the journal too.
    """

    people_for_global: Annotated[int, Field(ge=1, le=3)] = 2
    reduced_share: Annotated[Setting, Field(gt=0, lt=1)] = Decimal("0.5")
    reconcile_every_s: Annotated[int, Field(ge=1, le=3_600)] = 30
    max_clock_jump_s: Annotated[int, Field(ge=1, le=60)] = 5
    policy: PolicySettings | None = None
    witnesses: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=1_024)], ...], Field(max_length=8)
    ] = ()


class Configuration(Contract):
    """Everything that can be set. The first account that takes a source trades it."""

    environment: Identifier = "local"
    """Part of every order's id: two installations on one account must not share it."""
    ports: Ports = Ports()
    accounts: Annotated[tuple[Account, ...], Field(min_length=1)] = Field(default_factory=_default_accounts)
    brokers: tuple[BrokerSettings, ...] = ()
    sources: dict[SourceId, SourceProfile] = {}
    validation: Validation = Validation()
    resolution: Resolution = Resolution()
    updates: Updates = Updates()
    execution: Execution = Execution()
    live_lane: LiveLaneSettings = LiveLaneSettings()
    kafka: KafkaSettings | None = None
    lineage: Lineage = Lineage()
    slack: Slack = Slack()

    @field_validator("accounts")
    @classmethod
    def _no_name_means_two_accounts(cls, accounts: tuple[Account, ...]) -> tuple[Account, ...]:
        for one, other in combinations(accounts, 2):
            if one.stem is None or other.stem is None:
                clash = one.is_named(other.name) or other.is_named(one.name)
            else:  # sources of one stem are told apart by their names; those of two are not
                short, long = sorted((one.stem, other.stem), key=len)
                clash = short != long and long.startswith(short)
            if clash:
                raise ValueError(f"{one.name} and {other.name} could name the same account")
        return accounts

    @field_validator("accounts")
    @classmethod
    def _accounts_are_tellable_apart(cls, accounts: tuple[Account, ...]) -> tuple[Account, ...]:
        for account in accounts:
            if account.is_named("cell"):
                raise ValueError("cell is the daemon's own name in the journal; call the account otherwise")
            target = account.failover_to
            if target is None:
                continue
            if target == account.name or not any(one.is_named(target) for one in accounts):
                raise ValueError(f"{account.name}: failover_to names no other account: {target!r}")
        return accounts

    @model_validator(mode="after")
    def _each_account_has_its_venue(self) -> Self:
        names = [broker.name for broker in self.brokers]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"brokers: {', '.join(twice)} stands twice")
        wanted = [account.broker for account in self.accounts if account.broker is not None]
        for name in wanted:
            if name not in names:
                raise ValueError(f"no [[brokers]] is named {name}; there are: {', '.join(names) or 'none'}")
            if wanted.count(name) > 1:
                raise ValueError(f"broker {name} is one account; two accounts here cannot share it")
        return self

    def broker_named(self, name: str) -> BrokerSettings | None:
        """The settings of a venue."""
        return next((broker for broker in self.brokers if broker.name == name), None)

    def minimum_confidence_of(self, source: str) -> Decimal:
        """How sure the reading of a source's call must be, for it to trade unseen."""
        profile = self.sources.get(source)
        own = None if profile is None else profile.minimum_confidence
        return self.validation.minimum_confidence if own is None else own

    def account_for_source(self, source: str) -> tuple[AccountName, Account] | None:
        """The name and settings of the account that a source trades, or None."""
        for account in self.accounts:
            if account.takes(source):
                return account.name.replace("{source}", source), account
        return None

    def account_named(self, name: str) -> Account | None:
        """The settings of an account by its full name, or None when no account can have it."""
        return next((account for account in self.accounts if account.is_named(name)), None)
