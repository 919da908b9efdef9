-- What the peers read: our service's answers as plain tables, as a team without its rules would keep them, with the keys and
-- indexes that their reads need. Filled once, from our API and from the ledger.

-- name: create
create schema peer;

create table peer.sections (
    code text primary key,
    name text not null
);
create table peer.benefits (
    code text primary key,
    name text not null,
    section_code text not null references peer.sections (code),
    family_shared boolean not null
);
create table peer.members (
    id bigint primary key,
    member_no text not null unique,
    name text not null
);
create table peer.tiers (
    member_id bigint primary key references peer.members (id),
    star integer not null,
    name text,
    rated_premium numeric not null,
    since date,
    until date,
    next_star integer,
    next_name text,
    next_shortfall numeric
);
create table peer.service_years (
    member_id bigint not null references peer.members (id),
    number integer not null,
    starts_on date not null,
    ends_on date not null,
    primary key (member_id, number)
);
create table peer.current_years (
    member_id bigint primary key references peer.members (id),
    number integer not null,
    starts_on date not null,
    ends_on date not null
);
create table peer.quotas (
    member_id bigint not null references peer.members (id),
    position integer not null,
    benefit_code text not null references peer.benefits (code),
    variant text,
    entitled boolean not null,
    refusal_code text,
    refusal_message text,
    available_from date,
    required_star integer,
    allowance_kind text,
    allowance_unit text,
    allowance_units integer,
    allowance_per text,
    policy_no text,
    granted integer,
    used integer not null,
    held integer not null,
    remaining integer,
    resets_on date,
    primary key (member_id, position)
);
create index on peer.quotas (benefit_code);
create table peer.vendors (
    code text primary key,
    name text not null
);
create table peer.redemptions (
    id bigint primary key,
    member_id bigint not null references peer.members (id),
    status text not null
);
create table peer.entries (
    member_id bigint not null references peer.members (id),
    sequence bigint not null,
    kind text not null,
    benefit_code text not null references peer.benefits (code),
    units integer,
    service_year integer not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    vendor_code text references peer.vendors (code),
    redemption_id bigint references peer.redemptions (id),
    policy_no text,
    beneficiary_name text,
    beneficiary_relation text,
    primary key (member_id, sequence)
);
create index on peer.redemptions (member_id);

-- The ledger's own rows, for the line in which a peer reads what is stored and no rule's answer: today's span of each
-- member's rating, and the balances of the pools.
create table peer.ratings (
    member_id bigint primary key references peer.members (id),
    star integer not null,
    rated_premium numeric not null
);
create table peer.balances (
    member_id bigint not null references peer.members (id),
    benefit_code text not null references peer.benefits (code),
    period integer not null,
    policy_no text not null,
    granted integer not null,
    used integer not null,
    held integer not null,
    primary key (member_id, benefit_code, period, policy_no)
);

-- name: ratings
-- Today's span of each rating; $1 is today.
insert into peer.ratings
select h.customer_id, p.star, p.rated_premium
from public.rating_heads h
join public.rating_periods p
    on p.customer_id = h.customer_id and p.version = h.version
    and p.starts_on <= $1 and (p.ends_on is null or p.ends_on > $1);

-- name: balances
insert into peer.balances
select customer_id, benefit, period, policy_no, granted, used, held from public.balances;

-- name: vendors
insert into peer.vendors select code, name from public.vendors;

-- name: redemptions
insert into peer.redemptions
select customer_id * 1000000 + sequence, customer_id, status from public.redemption_details;

-- name: entries
insert into peer.entries
select
    customer_id, sequence, kind, benefit, units, service_year, occurred_at, recorded_at,
    vendor, case when r_sequence is not null then customer_id * 1000000 + r_sequence end, nullif(policy_no, ''),
    beneficiary_name, beneficiary_relation
from public.entry_details;

-- name: member_ids
select member_no, id from public.customers;
