"""Settings of an OANDA account: live is never taken for practice, nor the reverse."""

from __future__ import annotations

import pytest
from oanda_bench import settings
from pydantic import ValidationError

LIVE = {"environment": "live", "account_id": "001-004-1435156-001"}


def test_the_environment_decides_the_addresses():
    assert settings().rest_base == "https://api-fxpractice.oanda.com"
    assert settings().stream_base == "https://stream-fxpractice.oanda.com"
    assert settings(**LIVE).rest_base == "https://api-fxtrade.oanda.com"
    assert settings(**LIVE).stream_base == "https://stream-fxtrade.oanda.com"
    assert settings(rest_url="http://127.0.0.1:8080").rest_base == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rest_url": "https://api-fxtrade.oanda.com"}, "no address of the practice environment"),
        ({"stream_url": "https://stream-fxtrade.oanda.com"}, "no address of the practice environment"),
        ({"rest_url": "https://stream-fxpractice.oanda.com"}, "no address of the practice environment"),
        ({"rest_url": "http://api-fxpractice.oanda.com"}, "no address of the practice environment"),
        ({"rest_url": "https://api-fxpractice.oanda.com.evil.example"}, "no address"),
        ({"rest_url": "https://user:pass@api-fxpractice.oanda.com"}, "no address"),
        ({"rest_url": "https://api-fxpractice.oanda.com:8443"}, "no address"),
        ({"rest_url": "https://api-fxpractice.oanda.com/v2"}, "no address"),
        ({"rest_url": "http://192.168.0.1"}, "no address"),
        ({**LIVE, "rest_url": "https://api-fxpractice.oanda.com"}, "no address of the live environment"),
        ({**LIVE, "rest_url": "http://127.0.0.1:8080"}, "no address of the live environment"),
        ({"account_id": "001-004-1435156-001"}, "begins with 001"),
        ({"environment": "live"}, "begins with 101"),
        ({"account_id": "101-004-1435156"}, "account_id"),
        ({"account_id": "1\u0660\u0661-004-1435156-001"}, "account_id"),
        ({"heartbeat_timeout_s": 5}, "heartbeat_timeout_s"),
        ({"settle_s": 15}, "absence could be proved while it is still on its way"),
        ({"token": "abc"}, "token"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes, reason):
    with pytest.raises(ValidationError, match=reason):
        settings(**changes)


def test_settings_hold_no_secret():
    assert "token" not in settings().model_dump_json().replace("token_variable", "").replace("TOKEN", "")
