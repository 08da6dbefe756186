"""The program in the worker's guide does what the guide says."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from schema.ids import opaque_id
from tests.live.listening import Live, nudge
from tests.support.scene import Scene, covered_worker, worker_actor

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "worker.md"


async def test_the_program_of_the_guide_prints_a_line_for_each_change(live: Live, scene: Scene) -> None:
    found = await covered_worker(scene)
    (program,) = re.findall(r"```python\n(import asyncio.*?)```", GUIDE.read_text(), re.DOTALL)
    token = live.token(worker_actor(found.id)).removeprefix("Bearer ")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-u",
        "-c",
        program.replace("127.0.0.1:8000", f"127.0.0.1:{live.port}"),
        env=os.environ | {"TOKEN": token},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None

    try:
        line = b""
        async with asyncio.timeout(30):
            reading = asyncio.ensure_future(process.stdout.readline())
            while not reading.done():
                await nudge(scene, found.id)
                await asyncio.wait((reading,), timeout=0.5)
            line = await reading
    finally:
        process.kill()
        await process.wait()

    assert opaque_id("Worker", found.id) in line.decode()
