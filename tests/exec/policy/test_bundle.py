"""Policies as they are read: which files there may be, and the revision that names them."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive_exec.policy.bundle import PolicyUnusable, policy_folder, read_bundle


@pytest.fixture
def folder(tmp_path) -> Path:
    """A copy of the policies that Hive ships."""
    return Path(shutil.copytree(policy_folder(), tmp_path / "policies"))


def test_the_revision_is_the_hash_of_names_and_bytes():
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in policy_folder().iterdir()
        if not path.name.endswith("_test.rego")
    }
    spelled = json.dumps(digests, sort_keys=True, separators=(",", ":")).encode()
    assert read_bundle(policy_folder()).revision == hashlib.sha256(spelled).hexdigest()


def test_every_byte_of_every_file_counts_and_tests_do_not(folder):
    revision = read_bundle(folder).revision
    seen = {revision}
    for path in sorted(folder.iterdir()):
        held = path.read_bytes()
        path.write_bytes(held + b"\n")
        changed = read_bundle(folder).revision
        assert (changed == revision) is path.name.endswith("_test.rego")
        seen.add(changed)
        path.write_bytes(held)
    assert len(seen) == 1 + len(read_bundle(folder).modules) + 1
    (folder / "order.rego").rename(folder / "orders.rego")
    assert read_bundle(folder).revision not in seen


def test_tests_are_not_loaded(folder):
    assert any(path.name.endswith("_test.rego") for path in folder.iterdir())
    assert not any(name.endswith("_test.rego") for name in read_bundle(folder).modules)


@pytest.mark.parametrize("name", ["data.yaml", "README.md", "other.json", ".manifest", "policy.wasm"])
def test_a_file_that_a_server_may_load_and_this_does_not_is_refused(folder, name):
    (folder / name).write_text("{}")
    with pytest.raises(PolicyUnusable, match=name):
        read_bundle(folder)


def test_a_folder_in_it_is_refused(folder):
    (folder / "more").mkdir()
    with pytest.raises(PolicyUnusable, match="more"):
        read_bundle(folder)


def test_a_file_without_measure_is_refused(folder):
    (folder / "order.rego").write_bytes(b"#" * (256 * 1024 + 1))
    with pytest.raises(PolicyUnusable, match="larger"):
        read_bundle(folder)


def test_a_module_outside_the_subset_is_refused_by_name_and_line(folder):
    (folder / "order.rego").write_text(
        "package hive.order\n\nimport rego.v1\n\nallow if time.now_ns() == 1\n"
    )
    with pytest.raises(PolicyUnusable, match=r"order\.rego, line 5: time\.now_ns is called"):
        read_bundle(folder)


def test_a_module_that_is_no_text_is_refused(folder):
    (folder / "order.rego").write_bytes(b"package hive.order\n\xff")
    with pytest.raises(PolicyUnusable, match="UTF-8"):
        read_bundle(folder)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "not JSON"),
        (b"[]", "within the field hive"),
        (b'{"hive": []}', "within the field hive"),
        (b'{"hive": {}, "more": {}}', "within the field hive"),
        (b'{"hive": {"limits": 0.05}}', "no integer"),
        (b'{"hive": {"limits": 9007199254740992}}', "beyond"),
        (b'{"hive": {"limits": NaN}}', "NaN"),
        (b'{"hive": {"limits": "a\\u0000b"}}', "NUL"),
        (b'{"hive": {"limits": 1, "limits": 2}}', "stands twice"),
        (b'{"hive": {"bundle": {"revision": "mine"}}}', "where the revision is put"),
    ],
)
def test_data_that_engines_would_see_differently_is_refused(folder, data, named):
    (folder / "data.json").write_bytes(data)
    with pytest.raises(PolicyUnusable, match=named):
        read_bundle(folder)


@pytest.mark.parametrize("kept", [[], ["data.json"], ["order.rego"]])
def test_policies_without_modules_or_data_are_none(tmp_path, kept):
    for name in kept:
        shutil.copy(policy_folder() / name, tmp_path / name)
    with pytest.raises(PolicyUnusable, match="missing"):
        read_bundle(tmp_path)


def test_what_a_server_loads_is_what_was_read_and_the_revision():
    bundle = read_bundle(policy_folder())
    files = bundle.served_files()
    assert files.keys() == bundle.modules.keys() | {"data.json"}
    for name in bundle.modules:
        assert files[name] == (policy_folder() / name).read_bytes()
    served = json.loads(files["data.json"])
    assert served["hive"].pop("bundle") == {"revision": bundle.revision}
    assert served == json.loads((policy_folder() / "data.json").read_bytes())


def test_what_was_read_cannot_be_changed():
    bundle = read_bundle(policy_folder())
    with pytest.raises(TypeError):
        bundle.modules["order.rego"] = ""


@given(st.text("abc \n", max_size=20), st.text("abc \n", max_size=20))
def test_other_data_is_another_revision(tmp_path_factory, one, other):
    revisions = []
    for text in (one, other):
        folder = tmp_path_factory.mktemp("policies")
        (folder / "a.rego").write_text("package hive.a\n\nimport rego.v1\n")
        (folder / "data.json").write_text(json.dumps({"hive": {"text": text}}))
        revisions.append(read_bundle(folder).revision)
    assert (revisions[0] == revisions[1]) is (one == other)
