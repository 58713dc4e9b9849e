-- name: trim$
-- From the beginning of each share on, what the slowest of its readers has taken. A topic that nobody reads stays.
with share as (
         select t.topic, number as partition
           from (select distinct unnest(topics) as topic from event_consumers) as t
          cross join event_log
          cross join generate_series(0, partitions - 1) as number
     ),
     taken as (
         select share.topic, share.partition, slowest.xid, slowest.seq
           from share
          cross join lateral (
                 select coalesce(p.xid, '0'::xid8) as xid, coalesce(p.seq, 0) as seq
                   from event_consumers c
                   left join event_positions p
                     on p.consumer = c.name and p.topic = share.topic and p.partition = share.partition
                  where share.topic = any(c.topics)
                  order by 1, 2
                  limit 1) as slowest
     ),
     old as (
         select early.seq
           from taken
          cross join lateral (
                 select o.created_at
                   from outbox o
                  where o.topic = taken.topic and o.partition = taken.partition
                  order by o.xid, o.seq
                  limit 1) as first
          cross join lateral (
                 select o.seq, o.created_at
                   from outbox o
                  where o.topic = taken.topic and o.partition = taken.partition
                    and (o.xid, o.seq) <= (taken.xid, taken.seq)
                  order by o.xid, o.seq
                  limit :rows) as early
          where first.created_at < now() - :age::interval and early.created_at < now() - :age::interval
          limit :rows
     ),
     gone as (delete from outbox where seq = any(array(select seq from old)) returning 1)
select count(*) from gone;
