"""hive.toml: every mistake at once, each with its line, a caret, and the nearest right key."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hive_core.configuration.load import ConfigurationError, load_configuration, parse_configuration
from hive_core.configuration.model import Configuration

ACCOUNT = """
[[accounts]]
name = "samples"
mode = "replay"
sources = ["*"]
"""


def faults_of(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(ConfigurationError) as refused:
        parse_configuration(text)
    return [(fault.line, fault.column, fault.reason) for fault in refused.value.faults]


def test_an_empty_file_means_every_default():
    assert parse_configuration("") == Configuration()


def test_a_file_that_is_not_there_means_every_default(tmp_path):
    assert load_configuration(tmp_path / "hive.toml") == Configuration()


def test_a_file_that_is_named_must_be_there(tmp_path, monkeypatch):
    path = tmp_path / "other.toml"
    monkeypatch.setenv("HIVE_CONFIG", str(path))
    with pytest.raises(ConfigurationError, match=r"other.toml:1:1: HIVE_CONFIG names it, and it is not"):
        load_configuration(path)
    path.write_text("")
    assert load_configuration(path) == Configuration()


def test_a_folder_in_its_place_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match=r"cannot be read \(Is a directory\)"):
        load_configuration(tmp_path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('symbols = { yellow = "FOO" }', "sources.x.symbols.yellow: 'FOO' is no instrument Hive knows"),
        ('symbols = { yellow = "GOLD" }', "'GOLD' is no instrument Hive knows, did you mean XAUUSD?"),
        ("pip = { FOO = 1 }", "sources.x.pip.FOO: 'FOO' is no instrument Hive knows"),
        ("pip = { BTCUSDT = 1 }", "'BTCUSDT' is no instrument Hive knows, did you mean BTCUSD?"),
        ('default_symbol = "EURUSDD"', "'EURUSDD' is no instrument Hive knows, did you mean EURUSD?"),
        ('default_symbol = "xau/usd"', "'xau/usd' is no instrument Hive knows, did you mean XAUUSD?"),
        ('default_symbol = "XAUUSD"', None),
        ('symbols = { coin = "BTCUSDT", yellow = "XAUUSD" }', None),
        ('pip = { XAUUSD = "0.1", EURUSD = "0.0001" }', None),
    ],
)
def test_instruments_of_a_source_are_known(line, reason):
    text = f"[sources.x]\n{line}\n"
    if reason is None:
        assert "x" in parse_configuration(text).sources
        return
    ((number, column, said),) = faults_of(text)
    assert (number, column) == (2, 1)
    assert reason in said


def test_every_kind_of_number_a_person_writes_is_taken():
    text = ACCOUNT + 'risk_per_trade_pct = 0.25\ninitial_balance = 50000\ncommission_per_lot = "3.5"\n'
    account = parse_configuration(text).accounts[0]
    assert account.risk_per_trade_pct == Decimal("0.25")
    assert account.initial_balance == Decimal(50_000)
    assert account.commission_per_lot == Decimal("3.5")


def test_every_mistake_is_told_at_once_where_it_stands():
    text = """\
environmnt = "local"

[ports]
hive_exec = 80
dagster_webservr = 3000

[[accounts]]
name = "one"
mode = "replay"
sources = ["a"]
risk_per_trade_pct = 5

[[accounts]]
name = "two"
mod = "paper"
sources = ["b"]
initial_balance = -1

[sources.my_room]
time_zone = "Europe/Prag"

[resolution]
threshold = "lots"
weights = { my_room = -2 }
"""
    assert faults_of(text) == [
        (1, 1, "environmnt: unknown key, did you mean environment?"),
        (4, 1, "ports.hive_exec: Input should be greater than or equal to 1024"),
        (5, 1, "ports.dagster_webservr: unknown key, did you mean dagster_webserver?"),
        (11, 1, "accounts.risk_per_trade_pct: Input should be less than or equal to 2"),
        (13, 3, "accounts.mode: missing"),
        (15, 1, "accounts.mod: unknown key, did you mean mode?"),
        (17, 1, "accounts.initial_balance: Input should be greater than 0"),
        (20, 1, "sources.my_room.time_zone: 'Europe/Prag' is no IANA time zone, such as Europe/Prague"),
        (23, 1, "resolution.threshold: not a plain decimal of at most 12 + 8 digits"),
        (24, 1, "resolution.weights.my_room: Input should be greater than or equal to 0"),
    ]


def test_a_minimum_confidence_is_from_0_to_1_and_a_source_may_have_its_own() -> None:
    assert faults_of("[validation]\nminimum_confidence = 60\n[sources.a]\nminimum_confidence = -1\n") == [
        (2, 1, "validation.minimum_confidence: Input should be less than or equal to 1"),
        (4, 1, "sources.a.minimum_confidence: Input should be greater than or equal to 0"),
    ]
    found = parse_configuration(
        "[validation]\nminimum_confidence = 0.8\n[sources.a]\nminimum_confidence = 0\n"
    )
    assert (found.minimum_confidence_of("a"), found.minimum_confidence_of("b")) == (0, Decimal("0.8"))
    assert Configuration().minimum_confidence_of("a") == Decimal("0.6")


def test_a_mistake_is_shown_with_its_line_and_a_caret():
    with pytest.raises(ConfigurationError) as refused:
        parse_configuration("[ports]\n  hive_exce = 8787\n", "conf/hive.toml")
    assert str(refused.value) == (
        "conf/hive.toml:2:3: ports.hive_exce: unknown key, did you mean hive_exec?\n"
        "      hive_exce = 8787\n"
        "      ^"
    )


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("x = \n", 1, 5, "not TOML: Invalid value"),
        ("y = 1\nx = ", 2, 1, "not TOML: Invalid value"),  # at the end there is no column to tell
        ("\n\n[ports\n", 3, 7, "not TOML: Expected"),
        ("a = 1\na = 2\n", 2, 6, "not TOML: Cannot overwrite"),
        ('a = "open', 1, 1, "not TOML: Unterminated string"),
        ("a = 1e", 1, 6, "not TOML"),
        ("\x00", 1, 1, "not TOML"),
    ],
)
def test_what_is_not_toml_is_told_with_its_place(text, line, column, reason):
    ((found_line, found_column, found_reason),) = faults_of(text)
    assert (found_line, found_column) == (line, column)
    assert found_reason.startswith(reason)


def test_bytes_that_are_not_utf8_are_told_with_their_place(tmp_path):
    path = tmp_path / "hive.toml"
    path.write_bytes(b'environment = "caf\xe9"')
    with pytest.raises(ConfigurationError, match="not UTF-8 at byte 18"):
        load_configuration(path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("risk_per_trade_pct = 2.01", "less than or equal to 2"),
        ("risk_per_trade_pct = 0", "greater than 0"),
        ("risk_per_trade_pct = -0.5", "greater than 0"),
        ("risk_per_trade_pct = nan", "not a plain decimal"),
        ("risk_per_trade_pct = inf", "not a plain decimal"),
        ("risk_per_trade_pct = true", "a decimal travels as text"),
        ("risk_per_trade_pct = 1e-1", None),
        ("price_collar_pct = 10.5", "less than or equal to 10"),
        ("price_collar_pct = 0", "greater than 0"),
        ("slippage_buffer_pips = -1", "greater than or equal to 0"),
        ("commission_per_lot = -3", "greater than or equal to 0"),
        ("max_decision_age_s = 0", "greater than 0"),
        ("max_decision_age_s = 86401", "less than or equal to 86400"),
        ("max_decision_age_s = 1.5", "valid integer"),
        ("max_decision_age_s = true", "valid integer"),
        ("max_quote_age_s = 86401", "less than or equal to 86400"),
        ("max_open_positions = 201", "less than or equal to 200"),
        ("max_open_positions = 0", "greater than 0"),
        ('currency = "usd"', "match pattern"),
        ('currency = "US"', "match pattern"),
        ('rule_pack = "ftmo"', "no rule pack 'ftmo'; there are: alpha_pro_10_phase1, "),
        ('rule_pack = "../packs/ftmo_2step_phase1"', "no rule pack"),
        ("initial_balance = 1000000000000", "not a plain decimal"),
        ("initial_balance = 2017-01-01", "not a plain decimal"),
    ],
)
def test_units_and_bounds_are_held(line, reason):
    text = ACCOUNT + line + "\n"
    if reason is None:
        assert parse_configuration(text).accounts[0].risk_per_trade_pct == Decimal("0.1")
        return
    ((number, column, said),) = faults_of(text)
    assert (number, column) == (6, 1)
    assert reason in said


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.4", "example.com", "", "127.0.0.2", "::"])  # noqa: S104
def test_only_loopback_is_listened_on(host):
    ((line, _, reason),) = faults_of(f'[ports]\nhost = "{host}"\n')
    assert line == 2
    assert "only loopback is allowed" in reason


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_is_listened_on(host):
    assert parse_configuration(f'[ports]\nhost = "{host}"\n').ports.host == host


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("accounts = []", (1, 1), "accounts: "),
        ("ports = 5", (1, 1), "ports: "),
        ('ports = { hive_exec = "8787" }', (1, 1), "ports.hive_exec: Input should be a valid integer"),
        ("ports.hive_exec = 80", (1, 1), "ports.hive_exec: Input should be greater"),
        ("[ports.extra]\nx = 1", (1, 2), "ports.extra: unknown key"),
        ("[slak]\nchannel = '#x'", (1, 2), "slak: unknown key, did you mean slack?"),
        ("[sources.My_Room]", (1, 2), "sources.My_Room"),
        ("[sources.room]\npipp = {}", (2, 1), "sources.room.pipp: unknown key, did you mean pip?"),
        ("[sources.room.pip]\nXAUUSD = 0", (2, 1), "sources.room.pip.XAUUSD: Input should be greater than 0"),
        ('[resolution.weights]\n"my room" = 1', (2, 1), "resolution.weights.my room"),
        ("[lineage]\nurl = 'ftp://x'", (2, 1), "lineage.url: String should match pattern"),
        ("[lineage]\ntimeout_s = 11", (2, 1), "lineage.timeout_s: Input should be less than or equal to 10"),
        ("zzz = 1", (1, 1), "zzz: unknown key"),
    ],
)
def test_nested_places_are_found(text, place, reason):
    (fault, *_) = faults_of(text)
    assert fault[:2] == place
    assert fault[2].startswith(reason)


def test_a_table_inside_an_array_of_tables_is_found():
    text = ACCOUNT + ACCOUNT.replace("samples", "others") + "[accounts.extra]\nx = 1\n"
    ((line, _, reason),) = faults_of(text)
    assert line == 11
    assert reason == "accounts.extra: unknown key"
