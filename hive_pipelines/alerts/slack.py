"""Sending a text to Slack, by incoming webhook or by the Web API, and what its answer means.

Where it goes comes from the environment: HIVE_SLACK_WEBHOOK_URL, or HIVE_SLACK_TOKEN with the
channel of the configuration; HIVE_SLACK_API_URL names another Web API. What is said belongs to
`message`.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Literal

from hive_core.evidence.canonical import content_hash
from hive_pipelines.redaction import without_secrets

if TYPE_CHECKING:
    from slack_sdk.http_retry import RetryHandler

TIMEOUT_S = 3
LONGEST_WAIT_S = 3
"""A rate limit up to this long is waited out within a tick, once; a longer one ends the tick."""

_MESSAGE_AT_FAULT = frozenset(
    {
        "invalid_payload",
        "invalid_blocks",
        "invalid_blocks_format",
        "missing_text_or_fallback_or_attachments",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "too_many_attachments",
    }
)
_SLACK_AT_FAULT = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "rollup_error", "service_unavailable"}
)

Verdict = Literal["sent", "later", "refused", "misconfigured"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a message. `later`: Slack could not take it now (not before `wait_s`);
    `refused`: it will never take this message; `misconfigured`: it will take none until somebody
    changes the webhook, the token or the channel."""

    verdict: Verdict
    reason: str = ""
    wait_s: float = 0


def require_slack_sdk() -> None:
    """Check that the optional library is there, before there is anything to send.

    Raises:
        RuntimeError: with the next step.
    """
    if importlib.util.find_spec("slack_sdk") is None:
        raise RuntimeError(
            'Slack is configured, but slack-sdk is not installed. Next step: pip install ".[slack]"'
        )


@dataclass(frozen=True, slots=True)
class Slack:
    """Where alerts go: a webhook, or a token and a channel."""

    webhook_url: str | None
    token: str | None
    channel: str
    api_url: str | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], channel: str) -> Slack | None:
        """The webhook goes before the token; None when neither is set."""
        webhook, token = environment.get("HIVE_SLACK_WEBHOOK_URL"), environment.get("HIVE_SLACK_TOKEN")
        if not webhook and not token:
            return None
        return cls(webhook or None, token or None, channel, environment.get("HIVE_SLACK_API_URL") or None)

    @property
    def mark(self) -> str:
        """Changes when a setting changes, and gives none of them away."""
        return content_hash([self.webhook_url, self.token, self.channel, self.api_url])[:16]

    def send(self, text: str) -> Answer:
        """Send one message: two tries at most, each within `TIMEOUT_S` to connect and to be answered."""
        from slack_sdk.errors import SlackApiError, SlackClientError

        try:
            return self._by_webhook(text) if self.webhook_url else self._by_web_api(text)
        except SlackApiError as error:
            return _web_api_answer(error.response)
        except (SlackClientError, ValueError) as error:  # no URL, or a token no header can hold
            return Answer("misconfigured", without_secrets(str(error)))
        except (OSError, HTTPException) as error:  # refused, reset, timed out, cut short
            return Answer("later", without_secrets(f"{type(error).__name__}: {error}"))

    def _by_webhook(self, text: str) -> Answer:
        from slack_sdk.webhook import WebhookClient

        client = WebhookClient(
            self.webhook_url, timeout=TIMEOUT_S, logger=_quiet_logger(), retry_handlers=[_short_rate_limits()]
        )
        response = client.send(text=text, unfurl_links=False, unfurl_media=False)
        if response.status_code == 200 and response.body == "ok":
            return Answer("sent")
        return _answer(response.status_code, response.body.strip(), response.headers)

    def _by_web_api(self, text: str) -> Answer:
        from slack_sdk import WebClient

        client = WebClient(
            self.token,
            base_url=self.api_url or WebClient.BASE_URL,
            timeout=TIMEOUT_S,
            logger=_quiet_logger(),
            retry_handlers=[_short_rate_limits()],
        )
        client.chat_postMessage(channel=self.channel, text=text, unfurl_links=False, unfurl_media=False)
        return Answer("sent")


def _web_api_answer(response: Any) -> Answer:
    data = response.data if isinstance(response.data, dict) else {}
    return _answer(response.status_code, str(data.get("error", "no reason")), response.headers)


def _answer(status: int, error: str, headers: Mapping[str, str]) -> Answer:
    reason = without_secrets(f"HTTP {status}: {error[:200]}")
    if status == 429 or error in ("ratelimited", "rate_limited"):
        return Answer("later", reason, wait_s=_seconds(_header(headers, "retry-after")) or 1.0)
    if status >= 500 or error in _SLACK_AT_FAULT:
        return Answer("later", reason)
    if error in _MESSAGE_AT_FAULT:
        return Answer("refused", reason)
    return Answer("misconfigured", reason)


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() else None


def _quiet_logger() -> logging.Logger:
    # slack_sdk logs URLs (webhooks are secrets) and errors; what matters is in the Answer.
    logger = logging.getLogger(f"{__name__}.slack_sdk")
    logger.setLevel(logging.CRITICAL)
    return logger


def _short_rate_limits() -> RetryHandler:
    """slack_sdk's handler of rate limits, for those that are short enough to be waited out."""
    from slack_sdk.http_retry import RateLimitErrorRetryHandler

    class ShortRateLimits(RateLimitErrorRetryHandler):
        def _can_retry(self, *, response: Any = None, **situation: Any) -> bool:
            if not super()._can_retry(response=response, **situation):
                return False
            headers = {name: values[0] for name, values in response.headers.items()}
            wait_s = _seconds(_header(headers, "retry-after"))
            return wait_s is not None and wait_s <= LONGEST_WAIT_S

    return ShortRateLimits(max_retry_count=1)
