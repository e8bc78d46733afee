"""Programme files: strict YAML in, a `Programme` out. How strict is `strict_yaml`'s."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import ValidationError

from hive_core.risk.rules.programme import Programme
from hive_core.risk.strict_yaml import StrictYamlError, place_of, read_strict_yaml

FOLDER = "hive_core.risk.packs"


class ProgrammeFileError(ValueError):
    """A programme's file is not what it has to be: the file, the place in it, and the reason."""


def parse_programme(text: str, file_name: str) -> Programme:
    """The programme that a file's text describes.

    Raises:
        ProgrammeFileError: with the file, the line or field, and the reason.
    """
    try:
        return Programme.model_validate(read_strict_yaml(text))
    except StrictYamlError as error:
        raise ProgrammeFileError(f"{file_name}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise ProgrammeFileError(f"{file_name}: {place_of(first['loc'])}: {first['msg']}") from None


@cache
def programme_names() -> tuple[str, ...]:
    """The names of the programmes there are."""
    found = (entry.name for entry in files(FOLDER).iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml")))


@cache
def programme(name: str) -> Programme:
    """A packaged programme by its name.

    Raises:
        KeyError: no such programme, with the names there are.
        ProgrammeFileError: its file is not what it has to be.
    """
    if name not in programme_names():
        raise KeyError(f"no programme {name!r}; there are: {', '.join(programme_names())}")
    file_name = f"{name}.yaml"
    found = parse_programme(files(FOLDER).joinpath(file_name).read_text("utf-8"), file_name)
    if found.name != name:
        raise ProgrammeFileError(f"{file_name}: name: says {found.name!r}")
    return found
