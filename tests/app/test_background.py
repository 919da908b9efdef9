"""Work beside the requests."""

import asyncio

from structlog.testing import capture_logs

from app.background import in_background, repeated


async def test_repeated_work_goes_on_after_errors_which_are_logged_once():
    done = []

    async def work() -> None:
        done.append(len(done))
        if len(done) < 5:
            raise ZeroDivisionError

    with capture_logs() as lines:
        async with repeated(work, every_s=0.001, name="counting"), asyncio.timeout(10):
            while len(done) < 10:  # noqa: ASYNC110 - another task counts
                await asyncio.sleep(0.001)
    assert [(line["work"], line["error"]) for line in lines] == [("counting", "ZeroDivisionError")]


async def test_background_work_is_cancelled_at_the_end_of_the_block():
    ended = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async with in_background(work(), name="waiting"):
        await asyncio.sleep(0)
        assert not ended
    assert ended
