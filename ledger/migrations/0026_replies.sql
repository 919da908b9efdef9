-- What a vendor replies to a finding in dispute. Replies are named as decisions are: by line, or by delivery without one.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

create table if not exists replies (
    id bigint generated always as identity primary key,
    period integer not null constraint replies_period_known references periods (id),
    statement integer,
    line_no integer,
    customer_id bigint,
    sequence bigint,
    message text not null,
    evidence text[] not null,
    replied_by text not null,
    replied_at timestamptz not null,
    constraint replies_of_one_finding check ((line_no is null) = (sequence is not null))
);
comment on column replies.evidence is 'Names of documents, as the vendor knows them.';
create index if not exists replies_by_line on replies (period, statement, line_no, id);
create index if not exists replies_by_redemption on replies (period, customer_id, sequence, id);

create or replace trigger replies_append_only before update or delete on replies
    for each row execute function refuse_change();
create or replace trigger replies_no_truncate before truncate on replies
    for each statement execute function refuse_change();
create or replace trigger replies_closed_addition after insert on replies
    referencing new table as added for each statement execute function refuse_addition_when_closed();
alter table replies enable always trigger replies_append_only;
alter table replies enable always trigger replies_no_truncate;
alter table replies enable always trigger replies_closed_addition;
grant select, insert on replies to entitlements_service;
