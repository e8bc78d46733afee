"""The inbox: files that a user drops into `inbox/messages/<source>/` or `inbox/news/` land by themselves."""

import filecmp
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from pydantic import ValidationError

from hive_core.calendars.news_file import NewsDeclaration
from hive_core.calendars.news_importing import import_news
from hive_core.contracts.rejection import RefusedFile
from hive_core.landing.feed_log import WHOLE_MARK
from hive_core.landing.home import HiveHome, publish
from hive_core.landing.outcome import ImportOutcome
from hive_core.landing.reading import read_bounded
from hive_core.signals.importing import import_messages
from hive_core.signals.messages import MessageDeclaration
from hive_pipelines.resources import HiveResource

SETTLE_S = 2.0
"""Nothing is taken while anything in the inbox is younger: a copy may still be going on. What a live feed
drops comes into place whole, and is not waited for."""

FORMATS = {".json": "telegram", ".jsonl": "jsonl", ".csv": "csv", ".avro": "signals_avro"}
"""By the file's ending, with or without a `.gz` behind it."""

NEWS_FORMATS = {".json": "forexfactory", ".csv": "csv"}
"""As `FORMATS`, for calendars. Their times must say their zone: the command takes others."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One file of the inbox: what became of it."""

    path: Path
    outcome: ImportOutcome | None
    refusal: str


def waiting_files(home: HiveHome) -> list[Path]:
    """Files in the inbox, in order, calendars first; hidden ones are not there yet."""
    found = [*sorted((home.inbox / "news").glob("*")), *sorted((home.inbox / "messages").glob("*/*"))]
    return [path for path in found if path.is_file() and not path.name.startswith(".")]


def stray_files(home: HiveHome) -> list[Path]:
    """Files beside the folders of the sources: nobody can tell whose they are."""
    folder = home.inbox / "messages"
    return sorted(p for p in folder.glob("*") if p.is_file() and not p.name.startswith("."))


def take_file(home: HiveHome, path: Path, time_zone: str | None, received_ns: int) -> Taken:
    """Land one file, or move it to `inbox/refused` with the reason beside it."""
    source = path.parent.name
    try:
        outcome = (
            _land_news(home, path, received_ns)
            if path.parent == home.inbox / "news"
            else _land_messages(home, path, time_zone, received_ns)
        )
    except RefusedFile as refusal:
        target = _free_place(home.inbox / "refused" / source, path)
        path.replace(target)
        publish(target.with_name(target.name + ".reason.txt"), f"{refusal}\n".encode())
        return Taken(path, None, str(refusal))
    path.unlink()
    return Taken(path, outcome, "")


def _land_news(home: HiveHome, path: Path, received_ns: int) -> ImportOutcome:
    declaration = NewsDeclaration.model_validate({"format": _format_of(path, NEWS_FORMATS)})
    return import_news(home, path.name, read_bounded(path), declaration, received_ns=received_ns)


def _land_messages(home: HiveHome, path: Path, time_zone: str | None, received_ns: int) -> ImportOutcome:
    declaration = _declaration(path.parent.name, _format_of(path, FORMATS), time_zone)
    return import_messages(home, path.name, read_bounded(path), declaration, received_ns=received_ns)


def _format_of(path: Path, formats: Mapping[str, str]) -> str:
    ending = Path(path.name.removesuffix(".gz")).suffix
    if ending not in formats:
        raise RefusedFile(f"{ending or 'no ending'} is not one of {', '.join(sorted(formats))}")
    return formats[ending]


def _declaration(source: str, message_format: str, time_zone: str | None) -> MessageDeclaration:
    try:
        return MessageDeclaration.model_validate(
            {"source": source, "format": message_format, "time_zone": time_zone}
        )
    except ValidationError:
        # The format is ours and the zone was checked with the configuration: it is the name.
        raise RefusedFile(
            f"the folder {source} is not a source's name: use lower case, digits, dash and underscore"
        ) from None


def _free_place(folder: Path, path: Path) -> Path:
    """Where a refused file goes; another file of its name that was refused before is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / path.name
    # In pieces: it may be here because it is too large to be read whole.
    if place.exists() and not filecmp.cmp(place, path, shallow=False):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        place = folder / f"{path.stem}.{digest[:12]}{path.suffix}"
    return place


@dg.sensor(
    name="inbox_messages",
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Lands files of messages and calendars from the inbox folder; what cannot be read goes to "
    "inbox/refused with its reason.",
)
def inbox_messages(context: dg.SensorEvaluationContext, hive: HiveResource) -> dg.SkipReason:
    """Take what lies in the inbox once it has come to rest."""
    home, configuration = hive.home(), hive.configuration()
    files = waiting_files(home)
    if not files:
        strays = stray_files(home)
        if strays:
            return dg.SkipReason(
                f"{strays[0].name} lies outside of every source's folder ({len(strays)} such files): move it "
                "to inbox/messages/<source>/"
            )
        return dg.SkipReason("the inbox is empty")
    copies = [path.stat().st_mtime for path in files if WHOLE_MARK not in path.name]
    if copies and time.time() - max(copies) < SETTLE_S:
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
            context.log.info("landed %s: %s rows", path.name, taken.outcome.accepted_rows)
    told = f"landed {landed} files"
    return dg.SkipReason(told + (f"; refused {'; '.join(refused)}" if refused else ""))
