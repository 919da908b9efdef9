-- The way from stated to payable as it was sealed: [[step, lines, amount], …]. Null: closed before bridges were sealed.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

alter table settlements add column if not exists bridge jsonb;
