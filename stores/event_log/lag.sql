-- name: lag
-- Entries that a consumer has yet to take, counted up to a limit, and how long the oldest of them has waited.
select c.name as consumer, t.topic, k.partition, k.owner, coalesce(p.entries, 0) as taken, p.last_time,
       behind.entries, coalesce(oldest.seconds, 0)::float8 as seconds
  from event_consumers c
 cross join unnest(c.topics) as t (topic)
  join event_claims k on k.consumer = c.name
  left join event_positions p on p.consumer = c.name and p.topic = t.topic and p.partition = k.partition
 cross join lateral (
        select count(*) as entries
          from (select
                  from outbox o
                 where o.topic = t.topic and o.partition = k.partition
                   and (o.xid, o.seq) > (coalesce(p.xid, '0'::xid8), coalesce(p.seq, 0))
                 limit :limit) as unread
       ) as behind
  left join lateral (
        select greatest(extract(epoch from clock_timestamp() - o.created_at), 0) as seconds
          from outbox o
         where o.topic = t.topic and o.partition = k.partition
           and (o.xid, o.seq) > (coalesce(p.xid, '0'::xid8), coalesce(p.seq, 0))
         order by o.xid, o.seq
         limit 1
       ) as oldest on true
 where (:consumer::text is null or c.name = :consumer::text)
   and (:partitions::integer[] is null or k.partition = any(:partitions::integer[]));
