"""A policy outside the subset that every engine reads alike is refused, by each rule of the subset."""

from __future__ import annotations

import pytest

from hive_exec.policy.bundle import policy_folder
from hive_exec.policy.subset import BUILT_INS, faults_of_module

HEAD = "package hive.tried\n\nimport rego.v1\n\n"


def faults(rules: str) -> str:
    return "; ".join(faults_of_module(HEAD + rules))


@pytest.mark.parametrize("path", sorted(policy_folder().glob("*.rego")), ids=lambda path: path.name)
def test_the_policies_that_hive_ships_are_in_the_subset(path):
    if path.name.endswith("_test.rego"):
        assert faults_of_module(path.read_text()), "a test says what its input is by `with`"
    else:
        assert faults_of_module(path.read_text()) == ()


@pytest.mark.parametrize(
    "rules",
    [
        "default allow := false\n",
        'reasons contains "late" if not input.is_early\n',
        'allow if {\n\tsome way in input.ways\n\tinput.said[way] == "yes"\n}\n',
        "is_free(way) if input.said[way] == true\n\nallow if is_free(input.way)\n",
        "allow if count(reasons) > 0\n",
        "allow if {\n\tis_number(input.a)\n\tinput.a <= 3\n\t0 < input.a\n}\n",
        "allow if { is_number(input.a); input.a < 3 }\n",
        "low if {\n\tx := input.a\n\tis_number(x)\n\tx < 3\n}\n",
        'answer := {"allow": true, "reasons": []} if count(reasons) == 0\n',
        '# time.now_ns() < 0.5 in words only\nallow if input.a == "http.send({}) < 1.5 # `"\n',
        "v := 1 if input.a else := 2 if input.b\n",
    ],
)
def test_in_the_subset(rules):
    assert faults(rules) == ""


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        ("allow if time.now_ns() == 1\n", "time.now_ns is called"),
        ("allow if time.parse_rfc3339_ns(input.at) == 1\n", "time.parse_rfc3339_ns is called"),
        ('allow if http.send({"url": input.url}).status_code == 200\n', "http.send is called"),
        ('allow if startswith(input.market, "EUR")\n', "startswith is called"),
        ('allow if contains(input.market, "EUR")\n', "contains is called"),
        ("allow if to_number(input.a) == 1\n", "to_number is called"),
        ("allow if lower(input.a) == input.b\n", "lower is called"),
        ("allow if print(input.a)\n", "print is called"),
        ("allow if data.hive.other.is_free(input.way)\n", "data.hive.other.is_free is called"),
        ("allow if {\n\tis_free(input.a)\n}\n", "is_free is called"),
        ("count(x) := 0\n\nallow if count(input.ways) == 0\n", "count is a built-in and is defined anew"),
        ("allow if allowed with input as {}\n", "with is outside"),
        ("allow if {\n\tevery way in input.ways { way == 1 }\n}\n", "every is outside"),
        ("import data.hive.limits\n", "import data.hive.limits is outside"),
        ("import data.hive.limits as count\n", "as is outside"),
        ("import future.keywords\n", "import future.keywords is outside"),
        ("allow if input.a + 1 == 2\n", "'+' is outside"),
        ("allow if input.a - 1 == 2\n", "'-' is outside"),
        ("allow if input.a / 0 == 2\n", "'/' is outside"),
        ("allow if input.a % 2 == 0\n", "'%' is outside"),
        ("found := {way | some way in input.ways}\n", "'|' is outside"),
        ("both := input.a & input.b\n", "'&' is outside"),
        ("allow if x = input.a\n", "'=' is outside"),
        ("allow if input.a == `raw`\n", "'`' is outside"),
        ('allow if input.a == $"{input.b}"\n', "'$' is outside"),
        ("allow if input.ä == 1\n", "'ä' is outside"),
        ('allow if input.a == "without an end\n', "'\"' is outside"),
        ("allow if input.a == 0.5\n", "0.5 is no integer"),
        ("allow if input.a == 1e3\n", "1e3 is no integer"),
        ("allow if input.a == 9007199254740992\n", "9007199254740992 is no integer"),
        ("allow if input.a < 3\n", "input . a is ordered"),
        ("allow if 3 > input.a\n", "input . a is ordered"),
        ("allow if {\n\tis_number(input.a)\n\tinput.a < input.b\n}\n", "input . b is ordered"),
        ("allow if {\n\tis_number(input.a)\n}\n\nlow if {\n\tinput.a < 3\n}\n", "input . a is ordered"),
        ("allow if is_number(input.a)\n\nlow if input.a < 3\n", "input . a is ordered"),
        ("allow if {\n\tinput.a < 3\n\tis_number(input.a)\n}\n", "input . a is ordered"),
        ('allow if {\n\tis_string(input.a)\n\tinput.a < "b"\n}\n', "input . a is ordered"),
        ("allow if {\n\tis_number(input.a)\n\tnot input.a < 3\n}\n", "not input . a is ordered"),
        ("allow if {\n\tnot is_number(input.a)\n\tinput.a < 3\n}\n", "input . a is ordered"),
        ("allow if {\n\tis_number(input.a)\n\tinput[input.a < 3]\n}\n", "is ordered"),
        ("allow if count(input.a) < count(input.b) < 3\n", "is ordered"),
        ("allow if {\n\tis_number(input[x])\n\tinput[y] < 3\n}\n", "input [ y ] is ordered"),
    ],
)
def test_outside_the_subset(rules, named):
    assert named in faults(rules)


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("package hive\n\nimport rego.v1\n", "none under hive"),
        ("package trading.risk\n\nimport rego.v1\n", "none under hive"),
        ("package hive.a\n\nallow := true\n", "import rego.v1 is missing"),
        ("import rego.v1\n", "none under hive"),
        ("", "none under hive"),
    ],
)
def test_a_module_says_its_package_and_its_language(source, named):
    assert named in "; ".join(faults_of_module(source))


def test_a_fault_names_its_line():
    assert faults('allow if {\n\tinput.a == 1\n\tstartswith(input.b, "c")\n}\n').startswith("line 7: ")


def test_the_built_ins_are_these():
    assert sorted(BUILT_INS) == [
        "count",
        "is_array",
        "is_boolean",
        "is_number",
        "is_object",
        "is_string",
        "sort",
    ]
