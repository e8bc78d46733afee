"""Every answer of Slack, on both ways to it: what is tried again, what waits, what is dropped."""

from __future__ import annotations

import json
import logging
import time

import pytest

from hive_pipelines.alerts import slack as slack_module

DAY = "2024-01-02"
RATE_LIMITED_SHORTLY = (429, "rate_limited", {"Retry-After": "0"})


@pytest.fixture
def failed_run(materialize, toys, tick):
    toys.error = ValueError("no bars")
    return materialize("prices", DAY)


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch):
    # slack_sdk waits up to a second more than Slack asks for.
    monkeypatch.setattr("slack_sdk.http_retry.builtin_handlers.random.random", lambda: 0.0)
    monkeypatch.setattr(slack_module, "TIMEOUT_S", 0.3)


def held(tick) -> bool:
    return json.loads(tick.cursor)["held_until_s"] > time.time()


def test_a_short_rate_limit_is_waited_out(failed_run, tick, webhook):
    webhook.answers = [RATE_LIMITED_SHORTLY]
    tick()
    assert len(webhook.tried) == 2
    assert len(webhook.taken) == 1


def test_a_second_rate_limit_ends_the_tick(failed_run, tick, webhook):
    webhook.answers = [RATE_LIMITED_SHORTLY, RATE_LIMITED_SHORTLY]
    tick()
    assert len(webhook.tried) == 2
    tick.release()
    tick()
    assert len(webhook.taken) == 1


def test_a_long_rate_limit_is_respected_across_ticks(failed_run, tick, webhook):
    webhook.answers = [(429, "rate_limited", {"Retry-After": "60"})]
    before = time.monotonic()
    tick()
    assert time.monotonic() - before < 1
    tick()
    assert "left alone" in tick.told
    assert len(webhook.tried) == 1
    tick.release()
    tick()
    assert len(webhook.taken) == 1


@pytest.mark.parametrize("answer", [(500, "rollup_error", {}), (503, "", {}), "hang"])
def test_a_webhook_that_breaks_gets_the_alert_in_the_next_tick(answer, failed_run, tick, webhook):
    webhook.answers = [answer]
    before = time.monotonic()
    tick()
    assert time.monotonic() - before < 2
    assert webhook.taken == []
    webhook.released.set()
    tick()
    assert len(webhook.taken) == 1
    tick()
    assert len(webhook.tried) == 2


def test_a_slack_that_is_not_there_gets_the_alert_later(failed_run, tick, webhook, monkeypatch):
    monkeypatch.setenv("HIVE_SLACK_WEBHOOK_URL", "http://127.0.0.1:9/services/x")
    tick()
    monkeypatch.setenv("HIVE_SLACK_WEBHOOK_URL", webhook.webhook_url)
    tick()
    assert len(webhook.taken) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (404, "no_service", {}),
        (404, "channel_not_found", {}),
        (403, "invalid_token", {}),
        (410, "channel_is_archived", {}),
        (200, "<html>sign in</html>", {}),
    ],
)
def test_a_wrong_webhook_is_not_tried_in_every_tick_and_loses_nothing(
    answer, failed_run, tick, webhook, capsys
):
    webhook.answers = [answer]
    tick()
    logged = capsys.readouterr().err
    assert "Next step: check HIVE_SLACK_WEBHOOK_URL" in logged
    assert "Wh00kSecret" not in logged
    tick()
    tick()
    assert len(webhook.tried) == 1
    tick.release()
    tick()
    assert len(webhook.taken) == 1


def test_other_settings_are_tried_at_once(failed_run, tick, webhook, monkeypatch):
    webhook.answers = [(404, "no_service", {})]
    tick()
    assert held(tick)
    assert "Wh00kSecret" not in tick.cursor
    monkeypatch.setenv("HIVE_SLACK_WEBHOOK_URL", f"{webhook.address}/services/new")
    tick()
    assert len(webhook.taken) == 1


def test_debug_logging_does_not_give_the_webhook_away(failed_run, tick, webhook, caplog):
    caplog.set_level(logging.DEBUG)
    tick()
    assert len(webhook.taken) == 1
    assert "Wh00kSecret" not in caplog.text


def test_an_address_that_is_none_is_said_without_the_address(failed_run, tick, webhook, monkeypatch, capsys):
    monkeypatch.setenv("HIVE_SLACK_WEBHOOK_URL", "hooks.slack/Wh00kSecret")
    tick()
    logged = capsys.readouterr().err
    assert "Next step: check HIVE_SLACK_WEBHOOK_URL" in logged
    assert "Wh00kSecret" not in logged


def test_a_message_that_slack_refuses_does_not_hold_the_others(materialize, toys, tick, webhook, capsys):
    webhook.answers = [(400, "invalid_payload", {})]
    for word in ("red", "green"):
        toys.error = ValueError(word)
        materialize("prices", DAY)
    tick()
    assert "Slack refused an alert for good (HTTP 400: invalid_payload)" in capsys.readouterr().err
    assert len(webhook.tried) == 2
    assert len(webhook.taken) == 1
    tick()
    assert len(webhook.tried) == 2


def test_a_crash_before_the_cursor_is_stored_sends_again(failed_run, tick, webhook):
    tick()
    tick.cursor = tick.beginning
    tick()
    assert webhook.texts[0] == webhook.texts[1]


def test_the_web_api_gets_token_channel_and_text(failed_run, tick, web_api, tmp_path):
    tmp_path.joinpath("hive.toml").write_text('[slack]\nchannel = "#desk"\n', "utf-8")
    tick()
    (message,) = web_api.taken
    assert message["channel"] == "#desk"
    assert failed_run in message["text"]
    assert web_api.authorization == "Bearer xoxb-1-the-token"


@pytest.mark.parametrize("error", ["invalid_auth", "channel_not_found", "not_in_channel", "missing_scope"])
def test_wrong_settings_of_the_web_api_wait(error, failed_run, tick, web_api, capsys):
    web_api.answers = [(200, json.dumps({"ok": False, "error": error}), {})]
    tick()
    logged = capsys.readouterr().err
    assert error in logged
    assert "xoxb-1" not in logged
    assert held(tick)
    tick()
    assert len(web_api.tried) == 1
    tick.release()
    tick()
    assert len(web_api.taken) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (200, '{"ok": false, "error": "internal_error"}', {}),
        (500, '{"ok": false, "error": "fatal_error"}', {}),
        (502, "<html>bad gateway</html>", {}),
        "hang",
    ],
)
def test_a_web_api_that_breaks_gets_the_alert_in_the_next_tick(answer, failed_run, tick, web_api):
    web_api.answers = [answer]
    tick()
    assert not held(tick)
    web_api.released.set()
    tick()
    assert len(web_api.taken) == 1


def test_the_web_apis_rate_limits_are_respected(failed_run, tick, web_api):
    body = '{"ok": false, "error": "ratelimited"}'
    web_api.answers = [(429, body, {"Retry-After": "0"}), (429, body, {"Retry-After": "30"})]
    tick()
    assert len(web_api.tried) == 2
    assert held(tick)
    tick.release()
    tick()
    assert len(web_api.taken) == 1


def test_a_message_the_web_api_refuses_is_dropped(failed_run, tick, web_api):
    web_api.answers = [(200, '{"ok": false, "error": "msg_too_long"}', {})]
    tick()
    tick()
    assert len(web_api.tried) == 1
