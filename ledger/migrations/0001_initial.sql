-- The append-only ledger, and what is derived from it.
--
-- entries and outcomes are the truth and never change. balances and redemptions are caches of the entries: they change
-- what a question costs, never its answer (`entitlements verify` recomputes them). ledger_heads has one row per
-- customer; whoever writes a customer's entries holds its lock, and nothing else is locked.
-- Statements are repeatable: the record that a migration ran is written after its transaction.

create table if not exists ledger_heads (
    customer_id bigint primary key,
    next_sequence bigint not null default 1,
    last_hash bytea not null default decode(repeat('00', 32), 'hex'),
    last_recorded_at timestamptz not null default '-infinity',  -- the customer's time never runs backwards
    anchor date  -- first day with a star: service years count from it; set once, never moved
);

-- One immutable line. What a kind moves (from pool → to pool):
--   GRANT / REVOKE          issued → available / available → issued     rating, edition
--   HOLD                    available → held                            vendor
--   REDEEM                  available or held → used                    vendor
--   RELEASE, EXPIRE_HOLD    held → available                            vendor, clock
--   NO_SHOW                 held → used                                 vendor
--   REVERSE                 used → available                            vendor, finance
--   EXPIRE                  available → lapsed                          clock
create table if not exists entries (
    customer_id bigint not null,
    sequence bigint not null constraint entries_sequence_positive check (sequence > 0),
    kind text not null constraint entries_kind_known check (kind in
        ('GRANT', 'REVOKE', 'HOLD', 'REDEEM', 'RELEASE', 'EXPIRE_HOLD', 'NO_SHOW', 'REVERSE', 'EXPIRE')),
    benefit text not null,
    period integer not null,           -- the pool: number of the service year, 0 = for the membership or a policy
    policy_no text not null default '',
    units integer constraint entries_units_positive check (units > 0),
    service_year integer not null,     -- in which this line happened
    vendor text,
    redemption bigint,                 -- sequence of the redemption's first entry
    beneficiary text,                  -- relative_id; null = the customer
    option text,
    reference text,
    star smallint not null,
    edition text,
    details jsonb not null default '{}',
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    hash bytea not null constraint entries_hash_length check (octet_length(hash) = 32),
    primary key (customer_id, sequence),
    -- only a grant may be without limit, and the revoke that ends it
    constraint entries_units_given check (units is not null or kind in ('GRANT', 'REVOKE'))
);
create index if not exists entries_newest_first on entries (recorded_at desc, customer_id desc, sequence desc);
create index if not exists entries_by_vendor on entries (vendor, occurred_at) where vendor is not null;

create table if not exists balances (
    customer_id bigint not null,
    benefit text not null,
    period integer not null,
    policy_no text not null default '',
    unlimited boolean not null,
    granted integer not null,  -- net: grants less revokes
    used integer not null,
    held integer not null,
    expired integer not null,
    primary key (customer_id, benefit, period, policy_no),
    constraint balances_not_negative check (granted >= 0 and used >= 0 and held >= 0 and expired >= 0),
    -- what is available is never negative: a unit cannot be taken twice
    constraint balances_available check (unlimited or granted - used - held - expired >= 0)
);

--   HELD → REDEEMED (confirm) | RELEASED | EXPIRED | NO_SHOW;  REDEEMED → REVERSED
create table if not exists redemptions (
    customer_id bigint not null,
    sequence bigint not null,  -- of its first entry
    status text not null constraint redemptions_status_known check (status in
        ('HELD', 'REDEEMED', 'RELEASED', 'EXPIRED', 'NO_SHOW', 'REVERSED')),
    benefit text not null,
    variant text,
    period integer not null,
    service_year integer not null,
    policy_no text not null default '',
    option text,
    beneficiary text,
    vendor text not null,
    units integer not null constraint redemptions_units_positive check (units > 0),
    reference text,
    evidence jsonb not null default '[]',
    star smallint not null,
    edition text,
    occurred_at timestamptz not null,  -- of the hold while held, then of the delivery
    recorded_at timestamptz not null,  -- of the first entry
    expires_at timestamptz,            -- of the hold
    reason text,
    primary key (customer_id, sequence)
);
create index if not exists redemptions_by_vendor
    on redemptions (vendor, recorded_at desc, customer_id desc, sequence desc);
create index if not exists redemptions_newest_first
    on redemptions (recorded_at desc, customer_id desc, sequence desc);
create index if not exists redemptions_open_holds on redemptions (customer_id, expires_at) where status = 'HELD';

-- The answer that was given to a key, a refusal too: the same key again gets it again.
create table if not exists outcomes (
    customer_id bigint not null,
    actor text not null,
    key text not null,
    request jsonb not null,
    outcome jsonb not null,
    recorded_at timestamptz not null,
    primary key (customer_id, actor, key)
);

create table if not exists vendors (
    code text primary key,
    name text not null,
    registered_at timestamptz not null
);

create table if not exists contract_terms (
    id bigint generated by default as identity primary key,
    vendor text not null constraint contract_terms_vendor_known references vendors (code),
    benefit text not null,
    variant text,
    unit_price numeric(14, 2) not null constraint contract_terms_price_not_negative check (unit_price >= 0),
    starts_on date not null,
    ends_on date constraint contract_terms_not_empty check (ends_on > starts_on)  -- first day after; null = open
);
create index if not exists contract_terms_by_vendor on contract_terms (vendor, benefit, starts_on);

create or replace trigger entries_append_only before update or delete on entries
    for each row execute function refuse_change();
create or replace trigger entries_no_truncate before truncate on entries
    for each statement execute function refuse_change();
create or replace trigger outcomes_append_only before update or delete on outcomes
    for each row execute function refuse_change();
create or replace trigger outcomes_no_truncate before truncate on outcomes
    for each statement execute function refuse_change();
-- ALWAYS: also while session_replication_role = replica.
alter table entries enable always trigger entries_append_only;
alter table entries enable always trigger entries_no_truncate;
alter table outcomes enable always trigger outcomes_append_only;
alter table outcomes enable always trigger outcomes_no_truncate;

grant select, insert on entries, outcomes to entitlements_service;
grant select, insert, update on ledger_heads, balances, redemptions, vendors, contract_terms to entitlements_service;
