-- Pages of entries and redemptions, and vendors' deliveries.
--
-- Every list is newest first, by keyset: $1 is the moment of the question (a hold that has run out by then reads as EXPIRED,
-- posted or not), $2 how many rows, $3 to $5 the position after which the page begins (null: from the newest). A filter that
-- is null asks for nothing. A page chooses its rows by the keys alone; OFFSET 0 keeps what is shown of them looked up row by
-- row, for a page has few.

-- name: entries
-- Of all customers: of the kinds $6, the benefits $7, that occurred from the moment $8 until before $9.
select d.*, status_at(d.r_status, d.r_expires_at, $1) as r_status_then
from (
    select e.customer_id, e.sequence
    from entries e
    where (e.recorded_at, e.customer_id, e.sequence)
        < (coalesce($3::timestamptz, 'infinity'), coalesce($4::bigint, 0), coalesce($5::bigint, 0))
        and wanted(e.kind, $6) is not null and wanted(e.benefit, $7) is not null
        and within(e.occurred_at, $8, $9) is not null
    order by e.recorded_at desc, e.customer_id desc, e.sequence desc
    limit $2
) page
cross join lateral (
    select * from entry_details d where d.customer_id = page.customer_id and d.sequence = page.sequence offset 0
) d
order by d.recorded_at desc, d.customer_id desc, d.sequence desc;

-- name: entries_of_redemptions
-- As entries, where all kinds $6 are of redemptions: then no grant or expiry need be looked at.
select d.*, status_at(d.r_status, d.r_expires_at, $1) as r_status_then
from (
    select e.customer_id, e.sequence
    from entries e
    where e.redemption is not null
        and (e.recorded_at, e.customer_id, e.sequence)
        < (coalesce($3::timestamptz, 'infinity'), coalesce($4::bigint, 0), coalesce($5::bigint, 0))
        and wanted(e.kind, $6) is not null and wanted(e.benefit, $7) is not null
        and within(e.occurred_at, $8, $9) is not null
    order by e.recorded_at desc, e.customer_id desc, e.sequence desc
    limit $2
) page
cross join lateral (
    select * from entry_details d where d.customer_id = page.customer_id and d.sequence = page.sequence offset 0
) d
order by d.recorded_at desc, d.customer_id desc, d.sequence desc;

-- name: entries_of_vendors
-- As entries, of the vendors $10: the newest of each, and of these the newest.
select d.*, status_at(d.r_status, d.r_expires_at, $1) as r_status_then
from (
    select e.customer_id, e.sequence
    from unnest($10::text[]) as asked (vendor)
    cross join lateral (
        select e.recorded_at, e.customer_id, e.sequence
        from entries e
        where e.vendor = asked.vendor
            and (e.recorded_at, e.customer_id, e.sequence)
            < (coalesce($3::timestamptz, 'infinity'), coalesce($4::bigint, 0), coalesce($5::bigint, 0))
            and wanted(e.kind, $6) is not null and wanted(e.benefit, $7) is not null
            and within(e.occurred_at, $8, $9) is not null
        order by e.recorded_at desc, e.customer_id desc, e.sequence desc
        limit $2
    ) e
    order by e.recorded_at desc, e.customer_id desc, e.sequence desc
    limit $2
) page
cross join lateral (
    select * from entry_details d where d.customer_id = page.customer_id and d.sequence = page.sequence offset 0
) d
order by d.recorded_at desc, d.customer_id desc, d.sequence desc;

-- name: entries_of_members
-- As entries, of the member numbers $10, and of the vendors $11.
select d.*, status_at(d.r_status, d.r_expires_at, $1) as r_status_then
from (
    select e.customer_id, e.sequence
    from customers c
    cross join lateral (select * from entries e where e.customer_id = c.id offset 0) e
    where c.member_no = any ($10::text[])
        and (e.recorded_at, e.customer_id, e.sequence)
        < (coalesce($3::timestamptz, 'infinity'), coalesce($4::bigint, 0), coalesce($5::bigint, 0))
        and wanted(e.kind, $6) is not null and wanted(e.benefit, $7) is not null
        and wanted(e.vendor, $11) is not null and within(e.occurred_at, $8, $9) is not null
    order by e.recorded_at desc, e.customer_id desc, e.sequence desc
    limit $2
) page
cross join lateral (
    select * from entry_details d where d.customer_id = page.customer_id and d.sequence = page.sequence offset 0
) d
order by d.recorded_at desc, d.customer_id desc, d.sequence desc;

-- name: entries_of_customers
-- The same page for each of the customers $3, of one service year $4 (null: all), before the sequence $5 (null: the
-- newest); $2 is how many for each. Every front end asks for it, so it reads each row of the page once: the columns are those
-- of entry_details.
select
    e.customer_id, c.member_no, e.sequence, e.kind, e.benefit, e.policy_no, e.units, e.service_year, e.vendor,
    v.name as vendor_name, e.beneficiary, b.name as beneficiary_name, b.relation as beneficiary_relation, e.option,
    e.reference, e.star, e.edition, e.occurred_at, e.recorded_at, e.subject,
    r.sequence as r_sequence, r.benefit as r_benefit, r.variant as r_variant, r.period as r_period,
    r.policy_no as r_policy_no, r.option as r_option, r.facility as r_facility, r.wished_number as r_wished_number,
    r.vendor as r_vendor, rv.name as r_vendor_name, r.units as r_units, r.reference as r_reference,
    r.edition as r_edition, r.occurred_at as r_occurred_at, r.recorded_at as r_recorded_at,
    r.expires_at as r_expires_at, r.reason as r_reason, r.beneficiary as r_beneficiary,
    rb.name as r_beneficiary_name, rb.relation as r_beneficiary_relation,
    status_at(r.status, r.expires_at, $1) as r_status_then
from customers c
cross join lateral (
    select e.* from entries e
    where e.customer_id = c.id and e.sequence < coalesce($5::bigint, 9223372036854775807)
        and ($4::integer is null or e.service_year = $4)
    order by e.sequence desc
    limit $2
) e
left join vendors v on v.code = e.vendor
left join relatives b on b.customer_id = e.customer_id and b.relative_id = e.beneficiary
left join redemptions r on r.customer_id = e.customer_id and r.sequence = e.redemption
left join vendors rv on rv.code = r.vendor
left join relatives rb on rb.customer_id = r.customer_id and rb.relative_id = r.beneficiary
where c.id = any ($3::bigint[])
order by e.customer_id, e.sequence desc;

-- name: redemptions
-- Of all customers: of the statuses $6, the benefits $7, that occurred from the moment $8 until before $9.
select d.*, status_at(d.status, d.expires_at, $1) as status_then
from (
    select r.customer_id, r.sequence
    from redemptions r
    where (r.recorded_at, r.customer_id, r.sequence)
        < (coalesce($3::timestamptz, 'infinity'), coalesce($4::bigint, 0), coalesce($5::bigint, 0))
        and wanted(status_at(r.status, r.expires_at, $1), $6) is not null and wanted(r.benefit, $7) is not null
        and within(r.occurred_at, $8, $9) is not null
    order by r.recorded_at desc, r.customer_id desc, r.sequence desc
    limit $2
) page
cross join lateral (
    select * from redemption_details d where d.customer_id = page.customer_id and d.sequence = page.sequence offset 0
) d
order by d.recorded_at desc, d.customer_id desc, d.sequence desc;

-- name: redemptions_of_vendors
-- As redemptions, of the vendors $10: the newest of each, and of these the newest.
select d.*, status_at(d.status, d.expires_at, $1) as status_then
from (
    select r.customer_id, r.sequence
    from unnest($10::text[]) as asked (vendor)
    cross join lateral (
        select r.recorded_at, r.customer_id, r.sequence
        from redemptions r
        where r.vendor = asked.vendor
            and (r.recorded_at, r.customer_id, r.sequence)
            < (coalesce($3::timestamptz, 'infinity'), coalesce($4::bigint, 0), coalesce($5::bigint, 0))
            and wanted(status_at(r.status, r.expires_at, $1), $6) is not null and wanted(r.benefit, $7) is not null
            and within(r.occurred_at, $8, $9) is not null
        order by r.recorded_at desc, r.customer_id desc, r.sequence desc
        limit $2
    ) r
    order by r.recorded_at desc, r.customer_id desc, r.sequence desc
    limit $2
) page
cross join lateral (
    select * from redemption_details d where d.customer_id = page.customer_id and d.sequence = page.sequence offset 0
) d
order by d.recorded_at desc, d.customer_id desc, d.sequence desc;

-- name: redemptions_of_members
-- As redemptions, of the member numbers $10, and of the vendors $11.
select d.*, status_at(d.status, d.expires_at, $1) as status_then
from (
    select r.customer_id, r.sequence
    from customers c
    cross join lateral (select * from redemptions r where r.customer_id = c.id offset 0) r
    where c.member_no = any ($10::text[])
        and (r.recorded_at, r.customer_id, r.sequence)
        < (coalesce($3::timestamptz, 'infinity'), coalesce($4::bigint, 0), coalesce($5::bigint, 0))
        and wanted(status_at(r.status, r.expires_at, $1), $6) is not null and wanted(r.benefit, $7) is not null
        and within(r.occurred_at, $8, $9) is not null
        and wanted(r.vendor, $11) is not null
    order by r.recorded_at desc, r.customer_id desc, r.sequence desc
    limit $2
) page
cross join lateral (
    select * from redemption_details d where d.customer_id = page.customer_id and d.sequence = page.sequence offset 0
) d
order by d.recorded_at desc, d.customer_id desc, d.sequence desc;

-- name: redemptions_by_id
-- As redemptions, those of the customers $10 with the sequences $11, of the vendors $12 and the member numbers $13.
select d.*, status_at(d.status, d.expires_at, $1) as status_then
from (
    select r.customer_id, r.sequence
    from unnest($10::bigint[], $11::bigint[]) as asked (customer_id, sequence)
    cross join lateral (
        select * from redemptions r where r.customer_id = asked.customer_id and r.sequence = asked.sequence offset 0
    ) r
    where (r.recorded_at, r.customer_id, r.sequence)
        < (coalesce($3::timestamptz, 'infinity'), coalesce($4::bigint, 0), coalesce($5::bigint, 0))
        and wanted(status_at(r.status, r.expires_at, $1), $6) is not null and wanted(r.benefit, $7) is not null
        and within(r.occurred_at, $8, $9) is not null
        and wanted(r.vendor, $12) is not null
        and wanted((select c.member_no from customers c where c.id = r.customer_id), $13) is not null
    order by r.recorded_at desc, r.customer_id desc, r.sequence desc
    limit $2
) page
cross join lateral (
    select * from redemption_details d where d.customer_id = page.customer_id and d.sequence = page.sequence offset 0
) d
order by d.recorded_at desc, d.customer_id desc, d.sequence desc;

-- name: vendor_usage
-- What the vendors $1 delivered from the moment $2 until before $3: for each benefit and price, the deliveries, their
-- units, and how many of these units were reversed since. A price is the one in force on the business day of delivery:
-- the variant's own, else the benefit's. Deliveries are added up by day before prices are looked up.
with delivered as (
    select
        r.vendor, r.benefit, r.variant, (r.occurred_at at time zone 'Asia/Shanghai')::date as day,
        count(*) as redemptions,
        sum(r.units) as units,
        coalesce(sum(r.units) filter (where r.status = 'REVERSED'), 0) as reversed_units
    from redemptions r
    where r.vendor = any ($1::text[]) and r.occurred_at >= $2 and r.occurred_at < $3
      and r.status in ('REDEEMED', 'REVERSED') and not r.reversed_no_show
    group by 1, 2, 3, 4
)
select
    d.vendor, d.benefit, t.variant, t.unit_price,
    sum(d.redemptions)::bigint as redemptions,
    sum(d.units)::bigint as units,
    sum(d.reversed_units)::bigint as reversed_units
from delivered d
left join lateral price_on(d.vendor, d.benefit, d.variant, d.day) t on true
group by d.vendor, d.benefit, t.variant, t.unit_price
order by d.vendor, d.benefit, t.variant nulls first, t.unit_price;
