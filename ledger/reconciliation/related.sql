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
select a.place, 'DELIVERED' as how, v.name as vendor_name, r.units, null as statement, null::integer as line_no
from asked a
join redemptions r on r.customer_id = a.customer_id and r.benefit = a.benefit and r.delivered_on = a.day
    and r.vendor <> a.vendor and r.status = 'REDEEMED'
join vendors v on v.code = r.vendor
union all
select a.place, 'EXCEPTION', v.name, x.units, s.number, x.line_no
from asked a
join excepted_lines x on x.member_no = a.member_no and x.benefit = a.benefit and x.occurred_on = a.day
    and (x.statement, x.line_no) is distinct from (a.statement, a.line_no)
join statements s on s.id = x.statement
join vendors v on v.code = x.vendor
union all
select distinct a.place, 'HAND', v.name, l.units, s.number, l.line_no
from asked a
join redemptions r on r.customer_id = a.customer_id and r.benefit = a.benefit and r.delivered_on = a.day
join matches m on m.customer_id = r.customer_id and m.sequence = r.sequence and m.pass = 'HAND'
    and (m.statement, m.line_no) is distinct from (a.statement, a.line_no)
join statement_lines l on l.statement = m.statement and l.line_no = m.line_no
join statements s on s.id = m.statement
join vendors v on v.code = s.vendor
order by place, how, vendor_name, statement, line_no;
