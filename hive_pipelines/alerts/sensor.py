"""The alert sensor: follows the event log and tells Slack of what failed, once per fingerprint.

A failure leaves the sensor's list only when Slack took it, refused it for good, or was told of it
before. At least once: killed between sending and its cursor, it sends the message again.
"""

from __future__ import annotations

import os
import time

import dagster as dg
from pydantic import BaseModel, ConfigDict

from hive_core.configuration.load import load_configuration
from hive_core.configuration.model import Ports
from hive_core.landing.home import HiveHome
from hive_pipelines.alerts.incidents import Failure, Recovery, incidents_of, incidents_of_runless
from hive_pipelines.alerts.memory import Memory
from hive_pipelines.alerts.message import alert_text
from hive_pipelines.alerts.slack import Answer, Slack, require_slack_sdk
from hive_pipelines.event_log import (
    RUNLESS,
    Tail,
    open_new_runs,
    runless_news,
    runs_with_news,
    settle,
    settle_runless,
    skip_to_end,
)

MESSAGES_PER_TICK = 5
"""Slack takes about one message a second; the rest follow in the next tick."""
HOLD_S = 900
"""How long Slack is left alone after it said that the settings are wrong."""


class AlertCursor(BaseModel):
    """Where the sensor stands in the event log, what it has told, and until when (seconds since 1970)
    Slack, as it is set up now, is left alone."""

    model_config = ConfigDict(extra="forbid")

    tail: Tail = Tail()
    memory: Memory = Memory()
    held_until_s: float = 0
    held_for: str = ""


class _Tick:
    """One tick: settles what it can, in order, and stops at the first message Slack does not take."""

    def __init__(self, context: dg.SensorEvaluationContext, cursor: AlertCursor, slack: Slack, ports: Ports):
        self.context, self.cursor, self.slack = context, cursor, slack
        host = f"[{ports.host}]" if ":" in ports.host else ports.host
        self.webserver = f"http://{host}:{ports.dagster_webserver}"
        self.sent = self.repeats = 0

    def run(self) -> None:
        tail = self.cursor.tail
        open_new_runs(self.context.instance, tail)
        logs = list(runs_with_news(self.context.instance, tail))
        runless = runless_news(self.context.instance, tail)
        found = {log.run.run_id: incidents_of(log) for log in logs}
        done = {run_id: set(tail.open_runs[run_id].done) for run_id in found}
        found[RUNLESS], done[RUNLESS] = incidents_of_runless(runless), set(tail.runless.done)
        news = [
            (incident, run_id)
            for run_id, incidents in found.items()
            for incident in incidents
            if incident.key not in done[run_id]
        ]
        for incident, run_id in sorted(news, key=lambda pair: pair[0].at):
            if not self._settle(incident):
                break
            done[run_id].add(incident.key)
        is_done = {
            run_id: done[run_id].issuperset(incident.key for incident in incidents)
            for run_id, incidents in found.items()
        }
        for log in logs:
            settle(tail, log, done[log.run.run_id], all_done=is_done[log.run.run_id])
        settle_runless(tail, runless, done[RUNLESS], all_done=is_done[RUNLESS])

    def _settle(self, incident: Failure | Recovery) -> bool:
        """Deal with one incident; False when it has to wait."""
        memory = self.cursor.memory
        if isinstance(incident, Recovery):
            memory.forget(incident)
            return True
        if told := memory.count_repeat(incident):
            self.repeats += 1
            self.context.log.info(f"{incident.what}: told before, {told.repeats} repeats since")
            return True
        if self.sent == MESSAGES_PER_TICK:
            return False
        answer = self.slack.send(alert_text(incident, webserver=self.webserver))
        if answer.verdict in ("later", "misconfigured"):
            self._hold(answer)
            return False
        if answer.verdict == "refused":
            self.context.log.error(
                f"Slack refused an alert for good ({answer.reason}), it is dropped: {incident.what}, "
                f"run {incident.run_id or 'none'}"
            )
        else:
            self.sent += 1
        memory.remember(incident)
        return True

    def _hold(self, answer: Answer) -> None:
        wait_s = answer.wait_s
        if answer.verdict == "misconfigured":
            wait_s = HOLD_S
            self.context.log.error(
                f"Slack does not take alerts as it is set up ({answer.reason}). They wait, and are tried "
                f"again in {HOLD_S // 60} minutes. Next step: check HIVE_SLACK_WEBHOOK_URL, or "
                "HIVE_SLACK_TOKEN and slack.channel, then restart."
            )
        else:
            self.context.log.warning(f"Slack did not take an alert ({answer.reason}); it is sent later.")
        if wait_s:
            self.cursor.held_until_s, self.cursor.held_for = time.time() + wait_s, self.slack.mark


@dg.sensor(
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Tells Slack of failed runs and failed asset checks, warnings too: once, and again after it had "
        "worked in between. Needs HIVE_SLACK_WEBHOOK_URL or HIVE_SLACK_TOKEN in the environment."
    ),
)
def alert_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Tell Slack of new failures. Without Slack, only keep up with the event log: whoever configures
    it later hears of what fails from then on."""
    cursor = AlertCursor.model_validate_json(context.cursor) if context.cursor else AlertCursor()
    configuration = load_configuration(HiveHome.from_environment().configuration_file)
    slack = Slack.from_environment(os.environ, configuration.slack.channel)
    if slack is None:
        skip_to_end(context.instance, cursor.tail)
        reason = "No alerts: neither HIVE_SLACK_WEBHOOK_URL nor HIVE_SLACK_TOKEN is set"
        return dg.SensorResult(skip_reason=reason, cursor=cursor.model_dump_json())
    require_slack_sdk()
    left_s = cursor.held_until_s - time.time()
    if left_s > 0 and cursor.held_for == slack.mark:
        reason = f"Slack is left alone for another {left_s:.0f} s; alerts wait"
        return dg.SensorResult(skip_reason=reason, cursor=cursor.model_dump_json())
    tick = _Tick(context, cursor, slack, configuration.ports)
    tick.run()
    reason = f"{tick.sent} alerts sent, {tick.repeats} repeats counted"
    return dg.SensorResult(skip_reason=reason, cursor=cursor.model_dump_json())
