"""The daemon's log: one line an event, whatever is in it, and no secret whatever carries it."""

from __future__ import annotations

import io
import json
import logging

import pytest

from hive_exec.logs import LineFormatter, Scrubber, UnknownLogFormat, configure_logging

CANARY = "canary-s3cr3t-51d2c3"
CARRIERS = [
    f"Authorization: Bearer {CANARY}",
    f"authorization: Basic {CANARY}",
    f"{{'Authorization': 'Bearer {CANARY}'}}",
    f"{{'authorization': '{CANARY}'}}",
    f"[(b'authorization', b'Bearer {CANARY}')]",
    f"bearer {CANARY}",
    f"token={CANARY}",
    f"access_token={CANARY}&x=1",
    f'"token": "{CANARY}"',
    f"password={CANARY}",
    f"PASSWORD: {CANARY}",
    f"db_password='{CANARY}'",
    f"HIVE_EXEC_TOKEN={CANARY}",
    f"api_key={CANARY}",
    f"OANDA-API-KEY: {CANARY}",
    f"secret={CANARY}",
    f"postgresql+psycopg://hive:{CANARY}@db.example/journal",
    f"connection to postgresql://hive:{CANARY}@127.0.0.1:5432/x failed",
    f"https://{CANARY}@proxy.example/",
    f"8=FIX.4.4\x0135=A\x01553=somebody\x01554={CANARY}\x0110=000\x01",
    f"8=FIX.4.4|35=A|553=somebody|925={CANARY}|10=000|",
]


def line_of(text: str, *arguments: object, is_json: bool = True, **fields: object) -> str:
    record = logging.LogRecord("hive_exec.test", logging.INFO, __file__, 1, text, arguments, None)
    record.__dict__.update(fields)
    return LineFormatter(is_json=is_json, scrubber=Scrubber()).format(record)


@pytest.mark.parametrize("is_json", [True, False])
@pytest.mark.parametrize("carrier", CARRIERS)
def test_no_form_of_a_secret_reaches_the_log(carrier, is_json):
    assert CANARY not in line_of(carrier, is_json=is_json)
    assert CANARY not in line_of("asked with %s", carrier, is_json=is_json)
    assert CANARY not in line_of("asked", is_json=is_json, order=carrier)
    try:
        raise OSError(carrier)
    except OSError as error:
        fault = (type(error), error, error.__traceback__)
    # The test's own source stands in the traceback, but the canary comes from a constant there.
    assert CANARY not in line_of("failed", is_json=is_json, exc_info=fault)


def test_a_secret_that_is_known_is_hidden_in_any_form():
    scrubber = Scrubber()
    scrubber.hide(CANARY)
    assert scrubber.scrub(f"the owner sent {CANARY}, twice {CANARY}") == (
        "the owner sent [hidden], twice [hidden]"
    )
    with pytest.raises(ValueError, match="fewer than 8"):
        scrubber.hide("short")


@pytest.mark.parametrize(
    "text",
    [
        "a token was refused",
        "1554=2",
        "554 orders",
        "the journal ends at record 12",
        "https://127.0.0.1:8787/health",
        "a@b.example",
    ],
)
def test_what_is_no_secret_stays(text):
    assert json.loads(line_of(text))["event"] == text


HOSTILE = "ok\r\n2026-01-01 CRITICAL forged\x1b[2J\x1b]0;title\x07\u2028\u202egnp\x00\x9b31m"


@pytest.mark.parametrize("is_json", [True, False])
def test_nothing_from_outside_makes_a_line_or_steers_a_terminal(is_json):
    line = line_of("%s", HOSTILE, is_json=is_json, account=HOSTILE)
    assert len(line.splitlines()) == 1
    assert all(character.isprintable() for character in line)


def test_an_event_carries_its_fields():
    line = json.loads(line_of("sent", account="paper", order="ord_1", seq=7))
    assert (line["level"], line["logger"], line["event"]) == ("info", "hive_exec.test", "sent")
    assert (line["account"], line["order"], line["seq"]) == ("paper", "ord_1", 7)
    assert line["ts"].endswith("Z")
    assert line_of("sent", is_json=False, seq=7).endswith("INFO hive_exec.test sent seq=7")


def test_a_flood_in_one_event_is_cut():
    assert len(line_of("x" * 1_000_000)) < 10_000


@pytest.fixture
def root_logger():
    """The root logger, and uvicorn's as they are where nobody has configured them (other tests have)."""
    root, server = logging.getLogger(), logging.getLogger("uvicorn")
    before = (root.handlers[:], root.level, server.handlers[:], server.propagate, server.level)
    server.handlers[:], server.propagate = [], True
    server.setLevel(logging.NOTSET)
    logging.getLogger("uvicorn.error").setLevel(logging.NOTSET)
    yield root
    root.handlers[:], server.handlers[:], server.propagate = before[0], before[2], before[3]
    root.setLevel(before[1])
    server.setLevel(before[4])


@pytest.mark.parametrize(
    ("setting", "is_json"), [({}, True), ({"HIVE_LOG": "json"}, True), ({"HIVE_LOG": "text"}, False)]
)
def test_the_environment_says_which_form(root_logger, setting, is_json):
    stream = io.StringIO()
    configure_logging(setting, stream)
    logging.getLogger("uvicorn.error").warning("library says\nso")
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("{") is is_json


def test_an_unknown_form_is_told(root_logger):
    with pytest.raises(UnknownLogFormat, match="json or text"):
        configure_logging({"HIVE_LOG": "xml"}, io.StringIO())
