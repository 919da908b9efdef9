-- Tokens that were taken back before their end.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

-- A revocation means one token (by its `jti`), or what a subject (`sub`) was issued before a moment. It is never undone:
-- a new token is issued instead. After `ends_at` every token that it means has expired.
create table if not exists revocations (
    id bigint generated always as identity primary key,
    token_id text,
    subject text,
    issued_before timestamptz not null,
    ends_at timestamptz not null,
    reason text not null,
    revoked_at timestamptz not null default now(),
    revoked_by text not null default session_user,
    constraint revocations_of_one_kind check (num_nonnulls(token_id, subject) = 1),
    constraint revocations_end_later check (ends_at > issued_before)
);
create index if not exists revocations_in_force on revocations (ends_at);

create or replace trigger revocations_append_only before update or delete on revocations
    for each row execute function refuse_change();
create or replace trigger revocations_no_truncate before truncate on revocations
    for each statement execute function refuse_change();
alter table revocations enable always trigger revocations_append_only;
alter table revocations enable always trigger revocations_no_truncate;

grant select, insert on revocations to entitlements_service;
