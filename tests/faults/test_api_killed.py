"""The API is killed while gifts are being sent; clients save their keys and try again until they are answered."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial

import httpx2

from domain.actors import Actor, ActorKind
from journey import operations as op
from journey.client import Client, Unexpected, made
from tests.faults.promises import broken_promises
from tests.faults.running import Platform, until
from tests.faults.story import Story, client

GIFTS = 30
SENDERS = 5
DEATHS = 4


class Sender:
    """Sends one gift after another under keys made before, each again and again until it is answered."""

    def __init__(self, platform: Platform, story: Story) -> None:
        token = client(platform, Actor(id="operator-one", kind=ActorKind.OPERATOR)).token
        self._client = Client(platform.address, token, httpx2.Client(timeout=5, trust_env=False))
        self._story = story
        self.tries = 0

    def send(self, number: int) -> str:
        """The id of the donation that the API acknowledged for this gift."""
        sent = {"key": self._story.key(f"gift-{number}"), "input": self._story.gift(1_000 + number)}
        end = time.monotonic() + 60
        while time.monotonic() < end:
            self.tries += 1
            try:
                donation: str = made(self._client.ask(op.DONATION_RECORD, sent), "donationRecord")["donation"]["id"]
                return donation
            except (httpx2.HTTPError, Unexpected, ValueError):
                time.sleep(0.05)
        raise AssertionError(f"gift {number} was not answered within 60 seconds")


def test_each_gift_is_recorded_once_though_the_api_dies_again_and_again(platform: Platform) -> None:
    story = Story(platform, 41).donate(1)
    senders = [Sender(platform, story) for _ in range(SENDERS)]
    chance = random.Random(4)
    acknowledged: dict[int, str] = {}
    lock = threading.Lock()

    def run(sender: Sender, numbers: list[int]) -> None:
        for number in numbers:
            donation = sender.send(number)
            with lock:
                acknowledged[number] = donation

    def acknowledged_at_least(share: int) -> bool:
        return len(acknowledged) >= share

    with ThreadPoolExecutor(SENDERS) as pool:
        shares = [list(range(GIFTS))[first::SENDERS] for first in range(SENDERS)]
        work = [pool.submit(run, sender, share) for sender, share in zip(senders, shares, strict=True)]
        for death in range(DEATHS):
            share = (death + 1) * GIFTS // (DEATHS + 2)
            until(partial(acknowledged_at_least, share), seconds=60, what=f"{share} gifts to be acknowledged")
            time.sleep(chance.uniform(0, 0.03))
            platform.kill("api")
            platform.start_again("api")
        wait(work, timeout=90)
        for one in work:
            one.result(timeout=1)

    again = {number: senders[0].send(number) for number in range(GIFTS)}
    assert again == acknowledged, "a key answers with the donation that was acknowledged first"
    assert len(set(acknowledged.values())) == GIFTS
    assert sum(sender.tries for sender in senders) > 2 * GIFTS, "no try was cut off, so nothing was tested"
    told = platform.rows(
        "SELECT count(*) AS gifts, sum(amount) AS total FROM donations WHERE fund_id = %s AND amount >= 1000",
        [story.fund_uuid],
    )[0]
    assert told == {"gifts": GIFTS, "total": sum(1_000 + number for number in range(GIFTS))}
    assert broken_promises(platform) == []


def test_a_gift_is_recorded_once_though_the_api_dies_between_its_effect_and_its_answer(platform: Platform) -> None:
    story = Story(platform, 42).donate(1)
    sender = Sender(platform, story)
    numbers = list(range(6))

    for number, table in zip(
        numbers,
        ("idempotency_keys", "donations", "ledger_accounts", "ledger_transfers", "audit_entries", "audit_heads"),
        strict=True,
    ):
        with ThreadPoolExecutor(1) as pool:
            with platform.holding(table):
                sending = pool.submit(sender.send, number)
                until(lambda: platform.waits_for_a_lock("api"), seconds=20, what=f"the API to write {table}")
                platform.kill("api")
            platform.start_again("api")
            sending.result(timeout=60)

    told = platform.rows(
        "SELECT count(*) AS gifts, sum(amount) AS total FROM donations WHERE fund_id = %s AND amount >= 1000",
        [story.fund_uuid],
    )[0]
    assert told == {"gifts": len(numbers), "total": sum(1_000 + number for number in numbers)}
    assert broken_promises(platform) == []
