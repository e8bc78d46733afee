"""The mutants that mutmut makes of a folder's code, each with the change that it is.

It runs in that folder, as mutmut does, for mutmut reads its settings there: `python -m proofs.mutation_names`
prints the mutants as JSON.
"""

from __future__ import annotations

import difflib
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: mutmut's name for it, where it is, and which text becomes which."""

    name: str
    file: str
    function: str
    was: str
    becomes: str


def change(original: list[str], mutated: list[str]) -> tuple[str, str]:
    """The lines that differ, as they were and as they are, each as one line of text."""
    lines = list(difflib.ndiff(original, mutated))
    return (
        " ".join(line[2:].strip() for line in lines if line.startswith("- ")),
        " ".join(line[2:].strip() for line in lines if line.startswith("+ ")),
    )


def mutants_of(path: Path) -> list[Mutant]:
    """Every mutant of a file, in mutmut's order. The path is relative to the folder that is mutated."""
    from mutmut.mutation.file_mutation import mutate_file_contents
    from mutmut.utils.format_utils import get_mutant_name

    made = mutate_file_contents(str(path), path.read_text("utf-8"))
    lines, spans = made.code.splitlines(), made.line_span_by_function_name

    def text(name: str) -> list[str]:
        span = spans[name]
        return [line.replace(name, plain) for line in lines[span.start - 1 : span.end]]

    found = []
    for name in made.mutant_names:
        mangled = name.rpartition("__mutmut_")[0]
        function = mangled.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
        plain = function.rpartition(".")[2]
        was, becomes = change(text(f"{mangled}__mutmut_orig"), text(name))
        found.append(Mutant(get_mutant_name(path, name), str(path), function, was, becomes))
    return found


def main() -> int:
    """Print the mutants of every file that the folder's settings name."""
    from mutmut.utils.file_utils import walk_mutatable_files

    found = [mutant for path in sorted(walk_mutatable_files()) for mutant in mutants_of(path)]
    json.dump([asdict(mutant) for mutant in found], sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
