-- What else there is of the same member, benefit and day as a finding: so that nothing is paid twice unseen.

-- name: related
-- For each of the places $1 (vendor $2, member $3, benefit $4, day $5, and the line $6, $7 or none): what another vendor
-- delivered, and other lines that were paid by exception or for a delivery that somebody chose by hand.
with asked as (
    select a.*, c.id as customer_id
    from unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::date[], $6::integer[], $7::integer[])
        as a (place, vendor, member_no, benefit, day, statement, line_no)
    join customers c on c.member_no = a.member_no
)
select
    a.place, 'DELIVERED' as how, v.code as vendor, v.name as vendor_name, date_trunc('month', r.delivered_on)::date as month,
    r.units, r.customer_id, r.sequence, null::integer as statement, null as number, null::integer as line_no
from asked a
join redemptions r on r.customer_id = a.customer_id and r.benefit = a.benefit and r.delivered_on = a.day
    and r.vendor <> a.vendor and r.status = 'REDEEMED'
join vendors v on v.code = r.vendor
union all
select a.place, 'EXCEPTION', v.code, v.name, p.month, x.units, null, null, x.statement, s.number, x.line_no
from asked a
join excepted_lines x on x.member_no = a.member_no and x.benefit = a.benefit and x.occurred_on = a.day
    and (x.statement, x.line_no) is distinct from (a.statement, a.line_no)
join statements s on s.id = x.statement
join periods p on p.id = s.period
join vendors v on v.code = x.vendor
union all
select * from (
    -- A line that is matched with several of these deliveries is told of once, with the first.
    select distinct on (a.place, m.statement, m.line_no)
        a.place, 'HAND', v.code, v.name, p.month, l.units, r.customer_id, r.sequence, m.statement, s.number, m.line_no
    from asked a
    join redemptions r on r.customer_id = a.customer_id and r.benefit = a.benefit and r.delivered_on = a.day
    join matches m on m.customer_id = r.customer_id and m.sequence = r.sequence and m.pass = 'HAND'
        and (m.statement, m.line_no) is distinct from (a.statement, a.line_no)
    join statement_lines l on l.statement = m.statement and l.line_no = m.line_no
    join statements s on s.id = m.statement
    join periods p on p.id = s.period
    join vendors v on v.code = s.vendor
    order by a.place, m.statement, m.line_no, r.sequence
) by_hand
order by place, how, vendor_name, number, line_no;
