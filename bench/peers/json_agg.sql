-- name: members_page
-- A page of members as the text of the whole answer, in the shape of `frontend/members.graphql`: PostgreSQL writes the JSON,
-- nothing else touches it. $1 is the size of the page; $2 the member number after which it begins.
with page as (
    select m.id, m.member_no, t.star, t.rated_premium
    from peer.members m
    join peer.tiers t on t.member_id = m.id
    where m.member_no > $2
    order by m.member_no
    limit $1
),
quotas as (
    select
        q.member_id,
        json_agg(
            json_build_object(
                'benefit', json_build_object('code', q.benefit_code), 'entitled', q.entitled, 'granted', q.granted,
                'used', q.used, 'held', q.held, 'remaining', q.remaining
            )
            order by q.position
        ) as quotas
    from page p
    join peer.quotas q on q.member_id = p.id
    group by q.member_id
)
select json_build_object('data', json_build_object('customers', json_build_object(
    'pageInfo', json_build_object(
        'hasNextPage', exists (select from peer.members m where m.member_no > max(p.member_no)),
        'endCursor', max(p.member_no)
    ),
    'edges', json_agg(
        json_build_object('cursor', p.member_no, 'node', json_build_object(
            'memberNo', p.member_no,
            'tier', json_build_object('star', p.star, 'ratedPremium', p.rated_premium::text),
            'quotas', coalesce(q.quotas, '[]')
        ))
        order by p.member_no
    )
)))::text as body
from page p
left join quotas q on q.member_id = p.id;
