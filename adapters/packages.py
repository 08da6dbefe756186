"""What the platform is built from: a bill of materials of the locked packages, and what is known against them.

    python -m adapters.packages sbom [FILE]            CycloneDX JSON of requirements/run.txt
    python -m adapters.packages audit-dependencies     known weaknesses of the locked packages

Needs what the checks need (requirements/test.txt), which a running platform has not; so it is no command of `lingkar`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.markers import Marker

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "run.txt"
SOUND, WEAK, UNKNOWN = 0, 1, 3
"""Exit codes of the audit: nothing known against any, something known, and not all could be asked after."""
_PINNED = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)(?: ; ([^\\\n]+?))?(?: \\)?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A locked package. marker: where it is needed, if not everywhere. hashes: SHA-256 of each file that is taken."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]

    @property
    def url(self) -> PackageURL:
        return PackageURL("pypi", None, self.name, self.version)


def packages_of(lock: str) -> tuple[Package, ...]:
    """The packages of a lock file's text. Raises ValueError for a line that pins nothing."""
    found = []
    for block in re.split(r"\n(?=\S)", lock.strip()):
        pinned = _PINNED.match(block.split("\n", 1)[0].rstrip())
        hashes = tuple(_HASH.findall(block))
        if pinned is None or not hashes:
            raise ValueError(f"{block.splitlines()[0]} pins no version by hash. Write the lock anew: run.py lock")
        found.append(Package(name=pinned[1], version=pinned[2], marker=(pinned[3] or "").strip(), hashes=hashes))
    return tuple(found)


def bill_of_materials(packages: Sequence[Package], version: str) -> str:
    """CycloneDX 1.6 JSON. The same packages give the same text: it holds no instant and no random number."""
    bom = Bom()
    root = Component(name="lingkar", version=version, type=ComponentType.APPLICATION, bom_ref="lingkar")
    bom.metadata.component = root
    components = [_component(package) for package in packages]
    bom.components.update(components)
    bom.register_dependency(root, components)
    written: dict[str, Any] = json.loads(JsonV1Dot6(bom).output_as_string())
    # Both are new at each run; a bill that changed must mean that a package did.
    del written["metadata"]["timestamp"], written["serialNumber"]
    return json.dumps(written, indent=2, sort_keys=True) + "\n"


def _component(package: Package) -> Component:
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in package.hashes]
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(str(package.url)),
        comment=f"needed where {package.marker}" if package.marker else None,
        hashes=hashes,
    )
    return Component(
        name=package.name,
        version=package.version,
        purl=package.url,
        bom_ref=str(package.url),
        external_references=[files],
    )


def verdict(report: str, expected: int) -> tuple[int, list[str]]:
    """The exit code and what to say of a report of pip-audit. expected: how many packages were to be asked after.

    A package that could not be asked after is not sound; silence of an advisory source is no good news.
    """
    try:
        listed = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        listed = []
    asked = [one for one in listed if "vulns" in one]
    weak = [(one, weakness) for one in asked for weakness in one["vulns"]]
    said = [_told(one, weakness) for one, weakness in weak]
    if not asked:
        return UNKNOWN, [
            "No advisory source could be reached: nothing is known, good or bad. Try again with a network."
        ]
    if len(asked) < expected:
        said.append(
            f"{expected - len(asked)} of {expected} packages could not be asked after: nothing is known of them."
        )
    if weak:
        return WEAK, said
    return (UNKNOWN if len(asked) < expected else SOUND), said or [f"Nothing is known against {expected} packages."]


def _told(package: Mapping[str, Any], weakness: Mapping[str, Any]) -> str:
    mended = ", ".join(weakness["fix_versions"]) or "nothing yet"
    return f"{package['name']} {package['version']}: {weakness['id']}, mended in {mended}"


def audit() -> int:
    """Ask what is known against the locked packages, and say it."""
    packages = packages_of(LOCK.read_text())
    asked = ["--requirement", str(LOCK), "--disable-pip", "--require-hashes", "--format", "json"]
    found = subprocess.run(
        [sys.executable, "-m", "pip_audit", *asked, "--progress-spinner", "off", "--timeout", "20"],
        capture_output=True,
        check=False,
        text=True,
    )
    code, said = verdict(found.stdout, len([one for one in packages if _is_needed_here(one)]))
    print("\n".join(said))
    return code


def _is_needed_here(package: Package) -> bool:
    return not package.marker or Marker(package.marker).evaluate()


def main(arguments: Sequence[str]) -> int:
    """Carry out one of the two commands; see the module."""
    if arguments[:1] == ["audit-dependencies"]:
        return audit()
    if arguments[:1] != ["sbom"]:
        print(__doc__, file=sys.stderr)
        return 2
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)
    assert version is not None, "the project has a version"
    bill = bill_of_materials(packages_of(LOCK.read_text()), version[1])
    if arguments[1:]:
        Path(arguments[1]).write_text(bill, "utf-8")
    else:
        print(bill, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
