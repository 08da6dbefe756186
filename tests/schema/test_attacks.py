"""Every request of the attack corpus at the whole application: refused with its documented code."""

from __future__ import annotations

import json

import pytest

from bench.refusing.corpus import BODIES, CONTENTS, DOCUMENTS, Attack, token_attacks
from tests.support.api import Api
from tests.support.scene import OFFICER_MY, Scene


async def refused(api: Api, attack: Attack) -> str:
    """What was wrong with the answer; nothing if it is the documented one."""
    given = f"Bearer {api.token(OFFICER_MY)}" if attack.authorization is None else attack.authorization
    headers = {**attack.headers, **({"authorization": given} if given else {})}
    answer = await api.client.post("/graphql", content=attack.body, headers=headers)
    codes = [error["extensions"]["code"] for error in answer.json()["errors"]]
    whole = "Traceback" not in answer.text and "Did you mean" not in answer.text and "data" not in answer.json()
    if (answer.status_code, codes[0], whole) == (attack.status, attack.code, True):
        return ""
    return f"{attack.name}: {answer.status_code} {codes} {answer.text[:200]}"


@pytest.mark.parametrize("attacks", [BODIES, DOCUMENTS, CONTENTS], ids=["bodies", "documents", "contents"])
async def test_every_attack_is_refused_with_its_code_and_leaves_nothing(
    scene: Scene, api: Api, attacks: tuple[Attack, ...]
) -> None:
    before = await scene.counts()

    wrong = [await refused(api, attack) for attack in attacks]

    assert [one for one in wrong if one] == []
    assert await scene.counts() == before


async def test_every_token_made_without_a_key_is_refused_alike(api: Api) -> None:
    public = json.dumps(api.issuer.public_keys()["keys"][0]).encode()

    wrong = [await refused(api, attack) for attack in token_attacks(api.token(OFFICER_MY), public)]

    assert [one for one in wrong if one] == []


def test_no_two_attacks_have_one_name() -> None:
    names = [attack.name for attack in (*BODIES, *DOCUMENTS, *CONTENTS, *token_attacks("e30.e30.e30", b""))]

    assert len(set(names)) == len(names)
