"""Settings of the Kafka lane: where its brokers are and which topics it reads and writes. No secrets: these
stand in a file of their own that only its owner can read.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from hive_core.contracts.base import Contract

Topic = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
"""As brokers allow names of topics and groups: https://kafka.apache.org/documentation/"""
Broker = Annotated[str, Field(pattern=r"^[A-Za-z0-9.\[\]:-]{1,255}:[0-9]{1,5}$")]


class KafkaSettings(Contract):
    """Signals from a topic, with the meaning that `POST /signals` gives them.

    `security_file` names a file of librdkafka's `security.`, `sasl.` and `ssl.` properties, one
    `name=value` a line. `batch` is how many messages are in hand at once.
    """

    brokers: Annotated[tuple[Broker, ...], Field(min_length=1, max_length=16)]
    topic: Topic = "hive-signals"
    group: Topic = "hive-exec"
    dead_letter_topic: Topic = "hive-signals-dead"
    security_file: Annotated[str, Field(min_length=1, max_length=1_024)] | None = None
    batch: Annotated[int, Field(ge=1, le=512)] = 64

    @model_validator(mode="after")
    def _dead_letters_go_elsewhere(self) -> Self:
        if self.dead_letter_topic == self.topic:
            raise ValueError("dead_letter_topic must be another topic: refused messages would come back")
        return self
