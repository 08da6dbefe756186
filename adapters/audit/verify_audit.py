"""Verify a bundle of an audit chain, offline: python verify_audit.py BUNDLE.zip [--heads FILE …] [--keys FILE]

Needs Python and the package `cryptography`, and nothing of who made the bundle. --heads: heads that you kept, as the
platform handed them out. --keys: its public keys as you know them; else those in the bundle, which prove less.
Exits with 0 if the bundle holds, with 1 at the first thing that does not, which it names.
"""

import argparse
import base64
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def canonical(content: list[Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SystemExit(f"BROKEN: {otherwise}")


def is_signed(head: dict[str, Any], keys: dict[str, bytes]) -> bool:
    content = canonical(["lingkar audit head 1", head["chain"], head["signedAt"], head["digest"]])
    try:
        key = Ed25519PublicKey.from_public_bytes(keys[head["keyId"]])
        key.verify(base64.urlsafe_b64decode(head["signature"] + "=="), content)
    except (InvalidSignature, KeyError):
        return False
    return True


parser = argparse.ArgumentParser(description="Verify a bundle of an audit chain.")
parser.add_argument("bundle", type=Path)
parser.add_argument("--heads", type=Path, action="append", default=[])
parser.add_argument("--keys", type=Path)
asked = parser.parse_args()
with zipfile.ZipFile(asked.bundle) as bundle:
    about = json.loads(bundle.read("about.json"))
    entries = [json.loads(line) for line in bundle.read("entries.jsonl").splitlines()]
    heads = [json.loads(line) for line in bundle.read("heads.jsonl").splitlines()]
    key_set = json.loads(asked.keys.read_bytes() if asked.keys else bundle.read("keys.json"))
keys = {key["kid"]: base64.urlsafe_b64decode(key["x"] + "==") for key in key_set["keys"]}
chain, number = about["chain"], about["firstNumber"] - 1
require(bool(entries), "there are no entries")
reached = {number: entries[0]["previousHash"]}
for entry in entries:
    number += 1
    parts = [entry[name] for name in ("at", "actorKind", "actorId", "action", "subject", "previousHash")]
    reached[number] = hashlib.sha256(canonical([chain, number, *parts])).hexdigest()
    require((entry["number"], entry["chain"]) == (number, chain), f"entry {number} of {chain} is missing")
    require(entry["hash"] == reached[number], f"entry {number} was changed")
    linked = entry["previousHash"] == reached[number - 1]
    require(linked, f"entry {number} does not follow entry {number - 1}: one of the two was changed")
require(number == about["lastNumber"], f"entry {number + 1} and what follows are cut off")
stored, proven = {}, about["firstNumber"] - 1
for head in sorted(heads, key=lambda head: head["number"]):
    said = f"the head of {head['signedAt']}"
    require(is_signed(head, keys), f"{said} is not signed by a key that is known")
    digest = hashlib.sha256(canonical([head["number"], head["hash"]])).hexdigest()
    require((head["chain"], head["digest"]) == (chain, digest), f"{said} does not say what it signs")
    require(reached.get(head["number"]) == head["hash"], f"written anew from entry {proven + 1} on: {said} differs")
    stored[head["signedAt"]], proven = digest, head["number"]
kept = [head for file in asked.heads for head in json.loads(file.read_bytes())["heads"] if head["chain"] == chain]
within = [head for head in kept if about["firstHeadAt"] <= head["signedAt"] <= about["lastHeadAt"]]
for head in sorted(within, key=lambda head: head["signedAt"]):
    said = f"the head of {head['signedAt']} that you kept"
    require(is_signed(head, keys), f"{said} is not signed by a key that is known")
    require(stored.get(head["signedAt"]) == head["digest"], f"{said} is not the one in the bundle")
print(
    f"HOLDS: {chain}, entries {about['firstNumber']} to {number}, signed through entry {proven if stored else 'none'}"
)
print(f"Kept heads compared: {len(within)}, outside the bundle: {len(kept) - len(within)}. Keys: {', '.join(keys)}")
