"""Home folder and configuration for a command, read once, with every mistake told at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hive_cli.failure import Faults

if TYPE_CHECKING:
    from hive_core.configuration.model import Configuration
    from hive_core.landing.home import HiveHome


@dataclass(frozen=True, slots=True)
class Settings:
    """What every command starts from."""

    home: HiveHome
    configuration: Configuration

    def url(self, port: int) -> str:
        """The address of a service on its port."""
        host = self.configuration.ports.host
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def dagster_url(self) -> str:
        """The Dagster webserver."""
        return self.url(self.configuration.ports.dagster_webserver)

    @property
    def exec_url(self) -> str:
        """The execution daemon."""
        return self.url(self.configuration.ports.hive_exec)


def load_settings() -> Settings:
    """Read `HIVE_HOME` and `hive.toml`.

    Raises:
        Faults: the configuration cannot be used; every mistake with its line and a caret.
    """
    from hive_core.configuration.load import ConfigurationError, load_configuration
    from hive_core.landing.home import HiveHome

    home = HiveHome.from_environment()
    try:
        return Settings(home, load_configuration(home.configuration_file))
    except ConfigurationError as error:
        count = f"{len(error.faults)} faults" if len(error.faults) != 1 else "1 fault"
        raise Faults(f"the configuration has {count}", [fault.render() for fault in error.faults]) from None
