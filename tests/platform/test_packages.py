"""What the platform is built from is listed, and what is known against it is asked; silence is never good news."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from adapters.packages import LOCK, SOUND, UNKNOWN, WEAK, bill_of_materials, packages_of, verdict

PACKAGES = packages_of(LOCK.read_text())


def report(*dependencies: dict[str, Any]) -> str:
    return json.dumps({"dependencies": list(dependencies), "fixes": []})


def test_every_line_of_the_lock_is_a_package() -> None:
    pinned = re.findall(r"^([\w.-]+)(?:\[.*\])?==", LOCK.read_text(), flags=re.MULTILINE)

    assert [package.name for package in PACKAGES] == pinned


def test_the_list_names_every_package_of_the_lock_with_version_and_hash() -> None:
    bill = json.loads(bill_of_materials(PACKAGES, "1.2.3"))

    listed = set()
    for one in bill["components"]:
        hashes = sorted(digest["content"] for digest in one["externalReferences"][0]["hashes"])
        listed.add((one["name"], one["version"], tuple(hashes)))
    assert listed == {(one.name, one.version, tuple(sorted(one.hashes))) for one in PACKAGES}
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["version"] == "1.2.3"


def test_the_list_says_on_which_packages_the_platform_rests() -> None:
    bill = json.loads(bill_of_materials(PACKAGES, "1.2.3"))

    rests_on = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    assert set(rests_on["lingkar"]) == {one["bom-ref"] for one in bill["components"]}


def test_the_same_lock_gives_the_same_list_and_names_no_address() -> None:
    first, second = [bill_of_materials(PACKAGES, "1.2.3") for _ in range(2)]

    assert first == second
    named = first.replace("http://cyclonedx.org/schema/bom-1.6.schema.json", "")
    assert "://" not in named


def test_a_line_without_a_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="pins no version by hash"):
        packages_of("alembic==1.20.1")


def test_packages_against_which_nothing_is_known_are_sound() -> None:
    assert verdict(report({"name": "a", "version": "1", "vulns": []}), 1)[0] == SOUND


def test_a_known_weakness_is_named_with_where_it_is_mended() -> None:
    weakness = {"id": "GHSA-1", "fix_versions": ["2"], "aliases": [], "description": ""}

    code, said = verdict(report({"name": "a", "version": "1", "vulns": [weakness]}), 1)

    assert (code, said) == (WEAK, ["a 1: GHSA-1, mended in 2"])


@pytest.mark.parametrize("told", ["", "{}", "Traceback", report({"name": "a", "skip_reason": "not found"})])
def test_an_advisory_source_that_cannot_be_reached_is_said_and_is_not_sound(told: str) -> None:
    code, said = verdict(told, 1)

    assert code == UNKNOWN
    assert "No advisory source could be reached" in said[0]


def test_packages_that_could_not_be_asked_after_are_counted_and_not_sound() -> None:
    told = report({"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"})

    code, said = verdict(told, 2)

    assert code == UNKNOWN
    assert "1 of 2" in said[0]
