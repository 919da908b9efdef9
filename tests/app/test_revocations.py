"""A revoked token is refused by every worker; others stay valid."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import jwt
import pytest

from app.identity import revocations as revocations_module
from app.identity.revocations import Revocations, revoke
from schema.viewer import Role
from tests.app.conftest import SECRET
from tests.commands import run_command

QUERY = {"query": "{ programme { edition } }"}
DAY = timedelta(hours=24)


async def status(served, header: dict[str, str]) -> int:
    return (await served.client.post("/graphql", json=QUERY, headers=header)).status_code


def claims_of(header: dict[str, str]) -> dict[str, object]:
    token = header["authorization"].removeprefix("Bearer ")
    return dict(jwt.decode(token, options={"verify_signature": False}))


async def test_one_token_is_taken_back_by_its_id(served):
    first, second = served.header(Role.FINANCE), served.header(Role.FINANCE)
    await revoke(
        served.services.pool,
        token_id=str(claims_of(first)["jti"]),
        issued_before=datetime.now(UTC),
        lifetime=DAY,
        reason="lost",
    )
    await served.tokens.revocations.read(served.services.pool)
    assert [await status(served, first), await status(served, second)] == [401, 200]


async def test_all_tokens_of_a_subject_are_taken_back_and_later_ones_hold(served):
    old, other = served.header(Role.FINANCE, subject="li"), served.header(Role.FINANCE, subject="wang")
    before = datetime.now(UTC)
    await revoke(served.services.pool, subject="li", issued_before=before, lifetime=DAY, reason="left")
    await served.tokens.revocations.read(served.services.pool)
    assert [await status(served, old), await status(served, other)] == [401, 200]
    later = claims_of(old) | {"iat": int(before.timestamp()) + 1}
    header = {"authorization": f"Bearer {jwt.encode(later, SECRET, algorithm='HS256')}"}
    assert await status(served, header) == 200
    # An earlier revocation never takes back a later one.
    await revoke(served.services.pool, subject="li", issued_before=before - DAY, lifetime=2 * DAY, reason="")
    await served.tokens.revocations.read(served.services.pool)
    assert [await status(served, old), await status(served, header)] == [401, 200]


async def test_the_command_takes_back_and_a_running_service_learns_of_it(
    served, database_dsn, tmp_path, monkeypatch
):
    monkeypatch.setattr(revocations_module, "_READ_EVERY_S", 0.02)
    header = served.header(Role.AUDITOR)
    environment = {
        "DATABASE_URL": database_dsn,
        "ENTITLEMENTS_DATA": str(tmp_path),
        "ENTITLEMENTS_TOKEN_KEY": SECRET,
    }
    assert await status(served, header) == 200
    async with Revocations().kept_current(served.services.pool):  # a second worker, which changes nothing
        done = await asyncio.to_thread(
            run_command, "revoke", "--subject", "auditor", "--reason", "left", environment=environment
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(
            "revoked: tokens of auditor issued until now; the last would have expired"
        )
        async with asyncio.timeout(20):
            while await status(served, header) != 401:  # noqa: ASYNC110 - another task's poll is awaited
                await asyncio.sleep(0.02)


async def test_a_revocation_matters_until_the_last_token_has_expired(served):
    pool, known = served.services.pool, Revocations()
    now = datetime.now(UTC)
    await revoke(pool, token_id="old", issued_before=now - 2 * DAY, lifetime=DAY, reason="")
    await revoke(pool, token_id="new", issued_before=now, lifetime=DAY, reason="")
    await known.read(pool)
    assert not known.revoked(token_id="old", subject="s", issued_at=0.0)
    assert known.revoked(token_id="new", subject="s", issued_at=now.timestamp())
    assert not known.revoked(token_id=None, subject="s", issued_at=0.0)


async def test_without_the_database_the_known_revocations_stay_in_force(database, monkeypatch):
    monkeypatch.setattr(revocations_module, "_READ_EVERY_S", 0.01)
    known = Revocations()
    await revoke(database.pool, token_id="t", issued_before=datetime.now(UTC), lifetime=DAY, reason="")
    async with known.kept_current(database.pool):
        await database.owner_pool.execute("ALTER TABLE revocations RENAME TO away")
        await asyncio.sleep(0.05)
        assert known.revoked(token_id="t", subject="s", issued_at=0.0)
        await database.owner_pool.execute("ALTER TABLE away RENAME TO revocations")
        await revoke(database.pool, subject="s", issued_before=datetime.now(UTC), lifetime=DAY, reason="")
        async with asyncio.timeout(20):
            while not known.revoked(token_id=None, subject="s", issued_at=0.0):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE revocations SET ends_at = now()", "DELETE FROM revocations", "TRUNCATE revocations"],
)
async def test_a_revocation_is_never_undone(database, statement):
    await revoke(database.pool, token_id="t", issued_before=datetime.now(UTC), lifetime=DAY, reason="")
    for pool in (database.pool, database.owner_pool):
        with pytest.raises((asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)):
            await pool.execute(statement)
