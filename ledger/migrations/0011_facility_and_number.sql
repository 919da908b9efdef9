-- Where a redemption was, and the number that was wished for. Both stand in the details of its first entry.
-- Repeatable: the record that a migration ran is written after its transaction.

alter table redemptions add column if not exists facility text;       -- where the benefit has facilities
alter table redemptions add column if not exists wished_number text;  -- applied for before there is a policy
