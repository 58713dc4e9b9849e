-- name: append_again!
-- At the end of the log, as if it happened now: readers of Kafka have gone past its former place.
insert into outbox (id, org_id, topic, key, partition, event)
select l.id, l.org_id, l.topic, l.key, l.partition, l.event
  from unnest(:ids::uuid[], :org_ids::uuid[], :topics::text[], :keys::text[], :partitions::integer[], :events::jsonb[])
       with ordinality as l (id, org_id, topic, key, partition, event, place)
 order by l.place
on conflict (id) do update set seq = default, xid = default;
