"""Which failures of real runs become messages, which do not, and what the messages say."""

from __future__ import annotations

import json

import dagster as dg
import pytest

from hive_pipelines.alerts import sensor
from hive_pipelines.sensors import deliveries

DAY, NEXT_DAY = "2024-01-02", "2024-01-03"


def test_a_failed_run_is_told_with_place_reason_and_link(materialize, toys, tick, webhook):
    toys.error = ValueError("bar 7 of EURUSD has high < low & no volume")
    run_id = materialize("prices", DAY)
    tick()
    (text,) = webhook.texts
    assert text.splitlines() == [
        "*Run failed: prices*",
        f"Where: job __ASSET_JOB, partition {DAY}",
        "Why: ValueError: bar 7 of EURUSD has high &lt; low &amp; no volume",
        f"Run: {run_id} http://127.0.0.1:3000/runs/{run_id}",
    ]


def test_the_link_uses_the_configured_port(materialize, toys, tick, webhook, tmp_path):
    tmp_path.joinpath("hive.toml").write_text("[ports]\ndagster_webserver = 3456\n", "utf-8")
    toys.error = ValueError("x")
    run_id = materialize("prices", DAY, NEXT_DAY)
    tick()
    assert f"http://127.0.0.1:3456/runs/{run_id}" in webhook.texts[0]
    assert f"partitions {DAY} to {NEXT_DAY}" in webhook.texts[0]


def test_a_run_that_never_started_is_told(tick, webhook, instance):
    from hive_pipelines.alerts.sensor import alert_sensor

    @dg.asset
    def lonely() -> None: ...

    job = dg.Definitions(assets=[lonely], sensors=[alert_sensor]).resolve_implicit_global_asset_job_def()
    run = instance.create_run_for_job(job)
    instance.report_run_failed(run, "no worker could be started")
    tick()
    (text,) = webhook.texts
    assert "Run failed: job __ASSET_JOB" in text
    assert "no worker could be started" in text


def test_a_canceled_run_and_a_good_run_are_not_told(materialize, tick, webhook, instance):
    run_id = materialize("prices", DAY)
    instance.report_run_canceled(instance.get_run_by_id(run_id))
    tick()
    assert webhook.tried == []


@pytest.mark.parametrize(
    ("severity", "title"),
    [
        (dg.AssetCheckSeverity.WARN, "Asset check warns: table / plausible"),
        (dg.AssetCheckSeverity.ERROR, "Asset check failed: table / plausible"),
    ],
)
def test_a_failed_check_that_blocks_nothing_is_told(severity, title, materialize, toys, tick, webhook):
    toys.check = dg.AssetCheckResult(
        passed=False,
        severity=severity,
        description="3 rows have high < low",
        metadata={"column": "high", "rows": 3, "report": dg.MetadataValue.md("# long\ntext")},
    )
    materialize("table")
    tick()
    (text,) = webhook.texts
    assert text.startswith(f"*{title}*\n")
    assert "Why: 3 rows have high &lt; low\ncolumn: high, rows: 3\n" in text


def test_a_blocking_check_is_told_once_not_also_as_its_run(materialize, toys, tick, webhook):
    toys.gate = dg.AssetCheckResult(passed=False)
    materialize("table")
    tick()
    (text,) = webhook.texts
    assert text.startswith("*Blocking asset check failed, the run stopped there: table / gate*")
    assert "Why: the check gave no reason" in text


def test_the_same_failure_is_told_once_and_counted(materialize, toys, tick, webhook):
    for number in (1, 2, 3):
        toys.error = ValueError(f"bar {number} of run 5f6be1b6-6b0f-4a0c-9c3e-0a1d8b1c2d3{number}")
        materialize("prices", f"2024-01-0{number}")
        tick()
    assert len(webhook.taken) == 1
    (told,) = json.loads(tick.cursor)["memory"]["told"].values()
    assert told["repeats"] == 2
    assert told["first_seen_s"] > 1_700_000_000


def test_another_reason_is_another_failure(materialize, toys, tick, webhook):
    for error in (ValueError("no bars"), ValueError("no ticks"), KeyError("no bars")):
        toys.error = error
        materialize("prices", DAY)
    tick()
    assert len(webhook.taken) == 3


def test_a_failure_after_a_recovery_is_told_anew(materialize, toys, tick, webhook):
    for error in (ValueError("no bars"), None, ValueError("no bars")):
        toys.error = error
        materialize("prices", DAY)
    tick()
    assert len(webhook.taken) == 2


def test_a_check_that_passed_in_between_is_told_anew(materialize, toys, tick, webhook):
    for passed in (False, True, False):
        toys.check = dg.AssetCheckResult(passed=passed)
        materialize("table")
        tick()
    assert len(webhook.taken) == 2


def test_the_success_of_another_day_is_no_recovery(materialize, toys, tick, webhook):
    for day, error in ((DAY, ValueError("no bars")), (NEXT_DAY, None), (DAY, ValueError("no bars"))):
        toys.error = error
        materialize("prices", day)
    tick()
    assert len(webhook.taken) == 1


def test_the_success_of_a_range_around_it_is_a_recovery(materialize, toys, tick, webhook):
    toys.error = ValueError("no bars")
    materialize("prices", NEXT_DAY)
    toys.error = None
    materialize("prices", DAY, "2024-01-05")
    toys.error = ValueError("no bars")
    materialize("prices", NEXT_DAY)
    tick()
    assert len(webhook.taken) == 2


def test_secrets_do_not_leave_in_a_message(materialize, toys, tick, webhook, monkeypatch):
    monkeypatch.setenv("BROKER_PASSWORD", "correct horse")
    toys.error = ValueError(
        f"POST {webhook.webhook_url} with xoxb-12-abc-DEF as correct horse to "
        "https://hooks.slack.com/services/T1/B1/xyz and postgres://hive:hunter22@db/x, api_key=k1"
    )
    materialize("prices", DAY)
    tick()
    (text,) = webhook.texts
    for secret in ("Wh00kSecret", "xoxb-12", "correct horse", "T1/B1", "hunter22", "k1"):
        assert secret not in text
    assert "postgres://[secret]@db/x" in text


def test_a_long_reason_is_cut(materialize, toys, tick, webhook):
    toys.error = ValueError("\n".join(f"line {number} " + "x" * 1_000 for number in range(50)))
    materialize("prices", DAY)
    tick()
    (text,) = webhook.texts
    assert len(text) < 2_500
    assert "… 45 more lines in the run" in text


def test_a_message_cannot_call_the_whole_channel(materialize, toys, tick, webhook):
    toys.error = ValueError("<!channel> <http://evil|click>")
    materialize("prices", DAY)
    tick()
    assert "<" not in webhook.texts[0]


def test_many_alerts_are_spread_over_ticks(materialize, toys, tick, webhook, monkeypatch):
    monkeypatch.setattr(sensor, "MESSAGES_PER_TICK", 2)
    for word in ("red", "green", "blue"):
        toys.error = ValueError(word)
        materialize("prices", DAY)
    tick()
    assert len(webhook.taken) == 2
    tick()
    assert [text.splitlines()[2] for text in webhook.texts] == [
        "Why: ValueError: red",
        "Why: ValueError: green",
        "Why: ValueError: blue",
    ]
    tick()
    assert len(webhook.taken) == 3


def test_without_slack_nothing_is_told_and_nothing_piles_up(materialize, toys, tick, slack, monkeypatch):
    toys.error = ValueError("while nobody listened")
    materialize("prices", DAY)
    tick()
    assert "neither HIVE_SLACK_WEBHOOK_URL nor HIVE_SLACK_TOKEN is set" in tick.told
    monkeypatch.setenv("HIVE_SLACK_WEBHOOK_URL", slack.webhook_url)
    tick()
    assert slack.tried == []
    toys.error = ValueError("now somebody does")
    materialize("prices", DAY)
    tick()
    assert len(slack.taken) == 1


def test_without_slack_sdk_the_sensor_says_what_to_install(tick, webhook, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "slack_sdk", None)
    with pytest.raises(RuntimeError, match=r'pip install "\.\[slack\]"'):
        tick()


def test_importing_the_sensors_imports_neither_slack_nor_openlineage():
    import subprocess
    import sys

    code = (
        "import sys; import hive_pipelines.alerts.sensor, hive_pipelines.lineage.sensor;"
        "print([name for name in ('slack_sdk', 'openlineage') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_sensor_that_never_ticked_begins_with_the_first_run(tick, webhook):
    @dg.asset
    def broken() -> None:
        raise ValueError("before the first tick")

    with dg.DagsterInstance.ephemeral() as fresh:
        dg.materialize([broken], instance=fresh, raise_on_error=False)
        tick.instance, tick.cursor = fresh, None
        tick()
    assert "before the first tick" in webhook.texts[0]


REFUSALS = {DAY: "dec_a: 422 stop_loss: is wrong"}


def tell_deliveries(instance, refused: dict[str, str]) -> None:
    deliveries._tell(instance, deliveries.Tick(partitions=1), refused)


def test_a_refused_decision_is_told_though_no_run_reports_it(instance, tick, webhook):
    tell_deliveries(instance, REFUSALS)
    tick()
    (text,) = webhook.texts
    title, where, why, facts, link = text.splitlines()
    assert title == "*Asset check failed: delivered_decisions / acknowledged*"
    assert where == "Where: asset delivered_decisions, reported outside of a run"
    assert why == f"Why: {DAY} dec_a: 422 stop_loss: is wrong"
    assert "partitions_with_refusals: 1" in facts
    assert link == "Check: http://127.0.0.1:3000/assets/delivered_decisions?view=checks"
    tick()
    assert len(webhook.taken) == 1


def test_a_refusal_is_told_once_until_the_deliveries_are_good_again(instance, tick, webhook):
    for refused in (REFUSALS, REFUSALS, {}, REFUSALS):
        tell_deliveries(instance, refused)
    tick()
    assert len(webhook.taken) == 2
    (told,) = json.loads(tick.cursor)["memory"]["told"].values()
    assert told["repeats"] == 0, "the repeat was of the one that is over"


def test_refusals_that_slack_does_not_take_wait_and_none_is_told_twice(instance, tick, webhook, monkeypatch):
    monkeypatch.setattr(sensor, "MESSAGES_PER_TICK", 1)
    for word in ("red", "green", "blue"):
        tell_deliveries(instance, {DAY: word})
    for _ in range(4):
        tick()
    assert [text.splitlines()[2] for text in webhook.texts] == [
        f"Why: {DAY} {word}" for word in ("red", "green", "blue")
    ]


def test_refusals_from_before_slack_was_set_up_are_let_be(instance, tick, slack, monkeypatch):
    tell_deliveries(instance, REFUSALS)
    tick()
    monkeypatch.setenv("HIVE_SLACK_WEBHOOK_URL", slack.webhook_url)
    tick()
    assert slack.tried == []
    tell_deliveries(instance, REFUSALS)
    tick()
    assert len(slack.taken) == 1
