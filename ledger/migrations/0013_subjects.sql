-- Who did it: the subject of the token (`cli`: the command line); null: not known, before this version.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

alter table entries add column if not exists subject text;  -- covered by the hash where it is there
alter table milestones add column if not exists subject text;
alter table outcomes add column if not exists subject text;
alter table contract_terms add column if not exists subject text;

-- Terms are appended. The one change there is: an open term ends, once. Nothing else of a price is ever changed.
create or replace function refuse_other_terms() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.ends_on is null and new.ends_on is not null
        and to_jsonb(new) - 'ends_on' = to_jsonb(old) - 'ends_on' then
        return new;
    end if;
    raise exception 'table contract_terms is append-only, but for the end of an open term: % is refused', tg_op
        using errcode = 'restrict_violation', hint = 'Register a later price; it ends the open one.';
end $$;
create or replace trigger contract_terms_append_only before update or delete on contract_terms
    for each row execute function refuse_other_terms();
create or replace trigger contract_terms_no_truncate before truncate on contract_terms
    for each statement execute function refuse_change();
alter table contract_terms enable always trigger contract_terms_append_only;
alter table contract_terms enable always trigger contract_terms_no_truncate;
revoke update on contract_terms from entitlements_service;
grant update (ends_on) on contract_terms to entitlements_service;
