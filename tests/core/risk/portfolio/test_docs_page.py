"""The page on portfolio risk: its example runs; methods, scenarios and libraries are those there are."""

from __future__ import annotations

import re
from pathlib import Path

from hive_core.risk.portfolio.report import HEADLINE, PortfolioRisk
from hive_core.risk.portfolio.scenario_files import FOLDER

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/portfolio-risk.md").read_text("utf-8")


def example() -> PortfolioRisk:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102 - the page's own text
    found = names["found"]
    assert isinstance(found, PortfolioRisk)
    return found


def test_the_example_runs_and_every_method_is_explained():
    found = example()
    explained = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert explained == found.value_at_risk["method"].unique(maintain_order=True).to_list()
    assert explained[0] == HEADLINE
    assert found.stress.filter(found.stress["kind"] == "history")["result"].null_count() == 0


def test_the_page_names_files_that_there_are():
    for name in re.findall(r"`(hive_core/[\w/.]+)`", PAGE):
        assert (ROOT / name).exists(), name
    assert FOLDER.replace(".", "/") in PAGE


def test_the_libraries_are_those_that_were_asked():
    asked = (Path(__file__).parent / "test_interop_libraries.py").read_text("utf-8")
    for name, version in (("skfolio", "1.12.2"), ("arch", "8.0.0"), ("statsmodels", "0.15.0")):
        assert f"{name}=={version}" in asked
        assert f"{name} {version}" in PAGE
    assert "pyportfolioopt==1.6.0" in asked
    assert "PyPortfolioOpt 1.6.0" in PAGE
