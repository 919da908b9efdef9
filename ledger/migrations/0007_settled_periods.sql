-- A period that is closed has a settlement: written first, since a closed period takes none in.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

create or replace function refuse_closing_unsettled() returns trigger language plpgsql as $$
begin
    if not exists (select from settlements where period = new.id) then
        raise exception 'the period % has no settlement', new.id using errcode = 'restrict_violation';
    end if;
    return null;
end $$;
create or replace trigger periods_settled after insert or update of closed_at on periods
    for each row when (new.closed_at is not null) execute function refuse_closing_unsettled();
alter table periods enable always trigger periods_settled;
