"""What assets and sensors are given: the home, its configuration, its lake, and the daemon's address."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import httpx

from hive_core.configuration.load import load_configuration
from hive_core.configuration.model import Configuration
from hive_core.landing.daemon_token import PIPELINES, bearer_headers
from hive_core.landing.home import HiveHome
from hive_pipelines.lake import Lake


class HiveResource(dg.ConfigurableResource):
    """One Hive installation. Everything is read when it is asked for, so that a changed `hive.toml`
    counts from the next run on."""

    def home(self) -> HiveHome:
        """The folders, from `HIVE_HOME`."""
        return HiveHome.from_environment()

    def configuration(self) -> Configuration:
        """The settings. Raises ConfigurationError with every fault."""
        return load_configuration(self.home().configuration_file)

    def lake(self) -> Lake:
        """The lake."""
        return Lake(self.home().lake)

    @contextmanager
    def daemon(self, *, timeout_s: float = 10) -> Iterator[httpx.Client]:
        """An HTTP client for the daemon, as the principal of the pipelines. Raises TokenUnusable."""
        ports = self.configuration().ports
        host = f"[{ports.host}]" if ":" in ports.host else ports.host
        url, headers = f"http://{host}:{ports.hive_exec}", bearer_headers(self.home(), PIPELINES)
        with httpx.Client(base_url=url, timeout=timeout_s, headers=headers) as client:
            yield client
