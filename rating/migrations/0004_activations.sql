-- The editions that are in force are those of the last activation, read from here and never straight from a folder: so
-- every process works by the same ones, and what a rating was made by can be read again when the folder is long gone.
-- `reratings` is no longer written: an activation rates everybody.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

create table if not exists handbooks (
    fingerprint text primary key,
    editions jsonb not null,  -- [{"code": "zhenxuan-1", "files": {"edition.yaml": "…", …}}, …] by their first days
    recorded_at timestamptz not null
);

-- The greatest id is in force. `method` is the revision of how a timeline is computed (rating.timeline.METHOD).
create table if not exists activations (
    id bigint generated always as identity primary key,
    handbook text not null references handbooks,
    method smallint not null,
    activated_at timestamptz not null
);

create or replace trigger handbooks_append_only before update or delete on handbooks
    for each row execute function refuse_change();
create or replace trigger handbooks_no_truncate before truncate on handbooks
    for each statement execute function refuse_change();
create or replace trigger activations_append_only before update or delete on activations
    for each row execute function refuse_change();
create or replace trigger activations_no_truncate before truncate on activations
    for each statement execute function refuse_change();
-- ALWAYS: also while session_replication_role = replica.
alter table handbooks enable always trigger handbooks_append_only;
alter table handbooks enable always trigger handbooks_no_truncate;
alter table activations enable always trigger activations_append_only;
alter table activations enable always trigger activations_no_truncate;

alter table ratings add column if not exists method smallint not null default 1;

-- What an activation works out before it switches, and takes over at once when it does. A row tells of which state of a
-- customer (arrivals, version) it holds: what is of another state is worked out anew. So a run that was killed is taken
-- up where it was, and a row that is left over harms nobody.
create table if not exists staged_ratings (
    customer_id bigint primary key,
    handbook text not null,
    method smallint not null,
    arrivals integer not null,
    version integer not null,
    changed boolean not null  -- whether the timeline differs from that of the version
);

-- The timelines that differ.
create table if not exists staged_periods (
    customer_id bigint not null,
    starts_on date not null,
    ends_on date,
    star smallint not null,
    rated_premium numeric not null,
    edition text,
    primary key (customer_id, starts_on)
);

-- The ends of cooling-off that differ.
create table if not exists staged_cooling_offs (
    customer_id bigint not null,
    policy_no text not null,
    cooling_off_ends_on date,
    primary key (customer_id, policy_no)
);

-- What every writing transaction begins with: no other editions come into force until it ends, and the id tells which
-- are in force now. A function, for the id must be read after the lock was waited for: each of its statements sees what
-- was committed before it. An activation takes both locks alone. `lasting` transactions (imports) share a lock of their
-- own: while an activation waits for their end, everybody else works on.
create or replace function follow_activation(lasting boolean) returns bigint language plpgsql volatile as $$
begin
    perform pg_advisory_xact_lock_shared(case when lasting then 7216530116 else 7216530115 end);
    return (select max(id) from activations);
end
$$;

grant select, insert on handbooks, activations to entitlements_service;
grant select, insert, delete on staged_ratings, staged_periods, staged_cooling_offs to entitlements_service;
