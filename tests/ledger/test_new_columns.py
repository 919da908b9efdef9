"""A newer version may add columns while this one still serves (docs/operations.md, upgrade and rollback)."""

from ledger.verifying.verify import verify
from tests.ledger.books import a_redeem
from tests.ledger.stored import SetClock, contract, enrol, journals

READ_AND_WRITTEN = (
    "balances",
    "contract_terms",
    "customers",
    "entries",
    "ledger_heads",
    "outcomes",
    "redemptions",
)


async def test_commands_succeed_after_columns_were_added_to_what_they_read(database, handbook):
    await contract(database.pool, handbook, "v")
    await enrol(database.pool, handbook, "M1")
    async with journals(database.pool, handbook, SetClock()) as (journal,):
        await journal.post(a_redeem("medical-butler", vendor="v", key="before"))
        for table in READ_AND_WRITTEN:
            await database.owner_pool.execute(f"alter table {table} add column later text")
        after = await journal.post(a_redeem("medical-butler", vendor="v", key="after"))
        again = await journal.post(a_redeem("medical-butler", vendor="v", key="after"))
    assert (after.quota.used, again.quota.used, again.replayed) == (2, 2, True)
    assert await verify(database.pool) == []
