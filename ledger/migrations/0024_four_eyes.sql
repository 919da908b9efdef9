-- Four eyes: who accepted an exception may propose the close of its month, and another person confirms it.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

create table if not exists close_proposals (
    id bigint generated always as identity primary key,
    period integer not null constraint close_proposals_period_known references periods (id),
    content bytea not null constraint close_proposals_content_length check (octet_length(content) = 32),
    proposed_by text not null,
    proposed_at timestamptz not null
);
comment on column close_proposals.content is
    'A hash of statements, pairs, findings and decisions: the proposal falls away when one of them changes.';
create index if not exists close_proposals_of_period on close_proposals (period, id);

create or replace trigger close_proposals_append_only before update or delete on close_proposals
    for each row execute function refuse_change();
create or replace trigger close_proposals_no_truncate before truncate on close_proposals
    for each statement execute function refuse_change();
alter table close_proposals enable always trigger close_proposals_append_only;
alter table close_proposals enable always trigger close_proposals_no_truncate;
create or replace trigger close_proposals_closed_addition after insert on close_proposals
    referencing new table as added for each statement execute function refuse_addition_when_closed();
alter table close_proposals enable always trigger close_proposals_closed_addition;
grant select, insert on close_proposals to entitlements_service;

-- Null: nobody had to approve the close.
alter table settlements add column if not exists approved_by text;
