-- name: pairs
-- Which courses there are, for whoever reports, and whether each has the unit or had it in some version.
select w.place, w.unit_id is null
       or exists (select from units u where u.course_id = c.id and u.id = w.unit_id)
       or exists (select from course_versions v where v.course_id = c.id and w.unit_id = any(v.unit_ids)) as has_unit
  from unnest(:course_ids::uuid[], :unit_ids::uuid[]) with ordinality as w (course_id, unit_id, place)
  join courses c on c.id = w.course_id
 where c.status <> 'draft' or :drafts::boolean or c.instructor_id = :user_id;

-- name: people
select u.id from users u where u.id = any(:ids::uuid[]) and u.status <> 'erased';

-- name: append_new$
-- However many there are, one statement: how many of them are new.
with appended as (
         insert into outbox (xid, id, org_id, topic, key, partition, event)
         select (select event_xid()), e.id, :org_id, :topic, e.key,
                e.hash % (select l.partitions from event_log l), e.event::jsonb
           from unnest(:ids::uuid[], :keys::text[], :hashes::bigint[], :envelopes::text[])
                with ordinality as e (id, key, hash, event, place)
          order by e.place
             on conflict (id) do nothing
         returning 1
     )
select count(*) from appended;
