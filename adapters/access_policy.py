"""Evaluates the access policy: Cedar decides once, at start, all that depends on kind, operation and purpose alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cedarpy import AuthzResult, PolicySet, Schema, is_authorized_batch, policies_to_json_str, validate_policies

from domain.access_rules import PERSON, PERSON_FIELDS, Asker, Decisions, PurposeRule
from domain.actors import ActorKind
from domain.records import Purpose

_POLICIES_FILE, _SCHEMA_FILE = "policies.cedar", "schema.cedarschema"
ASKERS: tuple[Asker, ...] = (None, *ActorKind)
_OPERATIONS = re.compile(r'action\s+([\w\s,."]+?)\s+in\s+\[\w+\]\s+appliesTo')
_FIELDS = (PERSON, *PERSON_FIELDS)


class PolicyRefused(Exception):
    """The policy cannot be taken: it is not Cedar, its schema does not allow it, or deciding fails."""


def decide(folder: Path, purposes: Mapping[Purpose, PurposeRule]) -> Decisions:
    """Return all decisions of the policy in a folder, for purposes as declared. Raises PolicyRefused."""
    policy = _Policy.read(folder, purposes)
    operations = operations_of(folder)
    calls = [(operation, asker) for operation in operations for asker in ASKERS]
    reads = [(asker, purpose, name) for asker in ASKERS for purpose in (None, *Purpose) for name in _FIELDS]
    called = policy.decided([_call(operation, asker) for operation, asker in calls])
    read = policy.decided([_read(*asked) for asked in reads])
    further: dict[str, dict[str, None]] = {}
    for (operation, _), decision in zip(calls, called, strict=True):
        further.setdefault(operation, {}).update(dict.fromkeys(policy.further(decision)))
    return Decisions(
        callers=_gathered([(one, decision.allowed) for one, decision in zip(calls, called, strict=True)]),
        opens=_gathered([((one[:2], one[2]), decision.allowed) for one, decision in zip(reads, read, strict=True)]),
        further=MappingProxyType({operation: tuple(words) for operation, words in further.items()}),
    )


def operations_of(folder: Path) -> tuple[str, ...]:
    """The operations that the schema names; Cedar itself does not list them."""
    text = re.sub(r"//.*", "", (folder / _SCHEMA_FILE).read_text("utf-8"))
    return tuple(name.strip().strip('"') for names in _OPERATIONS.findall(text) for name in names.split(","))


@dataclass(frozen=True, slots=True)
class _Policy:
    """A policy that its schema allows. words: what @further says, by @id."""

    policies: PolicySet
    schema: Schema
    entities: list[dict[str, Any]]
    words: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path, purposes: Mapping[Purpose, PurposeRule]) -> _Policy:
        text = (folder / _POLICIES_FILE).read_text("utf-8")
        try:
            schema = Schema.from_str((folder / _SCHEMA_FILE).read_text("utf-8"))
            policies = PolicySet.from_str(text)
        except ValueError as fault:
            raise PolicyRefused(f"{folder.name}: {fault}. Correct the policy or its schema and start again.") from None
        found = validate_policies(text, schema)
        if not found.validation_passed:
            faults = "; ".join(str(fault) for fault in found.errors)
            raise PolicyRefused(f"{_POLICIES_FILE}: {faults}. Name only what {_SCHEMA_FILE} declares.")
        listed = json.loads(policies_to_json_str(text))["staticPolicies"].values()
        noted = [one.get("annotations", {}) for one in listed]
        words = {note["id"]: note["further"] for note in noted if {"id", "further"} <= set(note)}
        return cls(policies, schema, _entities(purposes), words)

    def decided(self, requests: Sequence[dict[str, Any]]) -> list[AuthzResult]:
        """The decision of each request. One that fails is no decision: a forbid that fails would let pass."""
        decisions = is_authorized_batch(list(requests), self.policies, self.entities, self.schema)
        faults = [fault for decision in decisions for fault in decision.diagnostics.errors]
        if faults:
            raise PolicyRefused(f"{_POLICIES_FILE}: {faults[0]}. A policy must be decidable for everybody.")
        return decisions

    def further(self, decision: AuthzResult) -> list[str]:
        if not decision.allowed:
            return []
        ids = decision.diagnostics.id_annotations_by_reason.values()
        return [self.words[name] for name in ids if name in self.words]


def _entities(purposes: Mapping[Purpose, PurposeRule]) -> list[dict[str, Any]]:
    fields = [{"uid": _field(name), "attrs": {}, "parents": []} for name in _FIELDS]
    declared = [
        {
            "uid": _purpose(purpose),
            "attrs": {
                "by": sorted(kind.value for kind in rule.by),
                "opens": [{"__entity": _field(name)} for name in sorted(rule.opens)],
            },
            "parents": [],
        }
        for purpose, rule in purposes.items()
    ]
    return [*fields, *declared]


def _call(operation: str, asker: Asker) -> dict[str, Any]:
    return _request(asker, operation, {"type": "Platform", "id": "lingkar"}, {})


def _read(asker: Asker, purpose: Purpose | None, name: str) -> dict[str, Any]:
    return _request(
        asker, "read", _field(name), {} if purpose is None else {"purpose": {"__entity": _purpose(purpose)}}
    )


def _request(asker: Asker, action: str, resource: dict[str, str], context: dict[str, Any]) -> dict[str, Any]:
    kind = "Anonymous" if asker is None else asker.value.capitalize()
    principal = {"type": kind, "id": "any"}
    return {
        "principal": principal,
        "action": {"type": "Action", "id": action},
        "resource": resource,
        "context": context,
    }


def _field(name: str) -> dict[str, str]:
    return {"type": "Field", "id": name}


def _purpose(purpose: Purpose) -> dict[str, str]:
    return {"type": "Purpose", "id": purpose.value}


def _gathered(decided: Sequence[tuple[tuple[Any, Any], bool]]) -> Mapping[Any, frozenset[Any]]:
    """For each first part the second parts that are allowed; none is an empty set."""
    found: dict[Any, set[Any]] = {}
    for (one, other), allowed in decided:
        found.setdefault(one, set()).update({other} if allowed else ())
    return MappingProxyType({one: frozenset(others) for one, others in found.items()})
