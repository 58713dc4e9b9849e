-- name: grow!
update event_log set partitions = :partitions where partitions < :partitions;

-- name: adopt$
-- Numbers that this server has yet to give can only have come with a dump. From here on it counts on from the greatest.
with known as (
         select max(xid::text::bigint) as xid from event_positions
         union all
         select newest.xid::text::bigint
           from event_log
          cross join unnest(:topics::text[]) as topic
          cross join generate_series(0, partitions - 1) as number
          cross join lateral (
                 select o.xid from outbox o
                  where o.topic = topic and o.partition = number
                  order by o.xid desc, o.seq desc
                  limit 1) as newest
     )
update event_log
   set xid_offset = (select max(xid) from known)
 where (select max(xid) from known) >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint + xid_offset
returning xid_offset;
