"""The inbox: files that a user drops into `inbox/messages/<source>/` land by themselves."""

import time
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from hive_core.contracts.rejection import RefusedFile
from hive_core.landing.home import HiveHome, publish
from hive_core.landing.outcome import ImportOutcome
from hive_core.signals.importing import import_messages
from hive_core.signals.messages import MessageDeclaration
from hive_pipelines.resources import HiveResource

SETTLE_S = 2.0
"""Nothing is taken while anything in the inbox is younger: a copy may still be going on."""

FORMATS = {".json": "telegram", ".jsonl": "jsonl", ".csv": "csv", ".gz": "jsonl"}


@dataclass(frozen=True, slots=True)
class Taken:
    """One file of the inbox: what became of it."""

    path: Path
    outcome: ImportOutcome | None
    refusal: str


def waiting_files(home: HiveHome) -> list[Path]:
    """Files in the inbox, in order; hidden ones are not there yet."""
    folder = home.inbox / "messages"
    return sorted(p for p in folder.glob("*/*") if p.is_file() and not p.name.startswith("."))


def take_file(home: HiveHome, path: Path, time_zone: str | None, received_ns: int) -> Taken:
    """Land one file, or move it to `inbox/refused` with the reason beside it."""
    source = path.parent.name
    try:
        if path.suffix not in FORMATS:
            raise RefusedFile(f"{path.suffix or 'no ending'} is not one of {', '.join(sorted(FORMATS))}")
        try:
            declaration = MessageDeclaration.model_validate(
                {"source": source, "format": FORMATS[path.suffix], "time_zone": time_zone}
            )
        except ValueError as error:
            raise RefusedFile(f"the folder {source} is not a source's name: {error}") from None
        outcome = import_messages(home, path.name, path.read_bytes(), declaration, received_ns=received_ns)
    except RefusedFile as refusal:
        target = home.inbox / "refused" / source / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        publish(target.with_name(target.name + ".reason.txt"), f"{refusal}\n".encode())
        return Taken(path, None, str(refusal))
    path.unlink()
    return Taken(path, outcome, "")


@dg.sensor(
    name="inbox_messages",
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Lands message files from the inbox folder; what cannot be read goes to inbox/refused "
    "with its reason.",
)
def inbox_messages(context: dg.SensorEvaluationContext, hive: HiveResource) -> dg.SkipReason:
    """Take what lies in the inbox once it has come to rest."""
    home, configuration = hive.home(), hive.configuration()
    files = waiting_files(home)
    if not files:
        return dg.SkipReason("the inbox is empty")
    if time.time() - max(path.stat().st_mtime for path in files) < SETTLE_S:
        return dg.SkipReason(f"{len(files)} files in the inbox are still fresh")
    landed, refused = 0, []
    for path in files:
        profile = configuration.sources.get(path.parent.name)
        taken = take_file(home, path, profile.time_zone if profile else None, time.time_ns())
        if taken.outcome is None:
            refused.append(f"{path.name}: {taken.refusal}")
            context.log.error("refused %s: %s", path.name, taken.refusal)
        else:
            landed += 1
            context.log.info("landed %s: %s messages", path.name, taken.outcome.accepted_rows)
    told = f"landed {landed} files"
    return dg.SkipReason(told + (f"; refused {'; '.join(refused)}" if refused else ""))
