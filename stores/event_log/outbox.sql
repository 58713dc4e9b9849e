-- name: read
-- Rows of transactions older than every running one: no row can appear before them any more. The horizon is that of the
-- snapshot which the rows are seen by. What is of none of the names, in whatever
-- version, comes without its event; null: everything is wanted.
select s.topic, s.partition, e.xid::text::bigint as xid, e.seq,
       case when e.wanted then e.event end as event, e.wanted
  from unnest(:topics::text[], :partitions::integer[], :xids::text[]::xid8[], :seqs::bigint[])
       as s (topic, partition, xid, seq)
 cross join lateral (
        select o.xid, o.seq, o.event,
               :names::text[] is null
               or coalesce(regexp_replace(o.event ->> 'type', '[.][^.]*$', '') = any(:names::text[]), false) as wanted
          from outbox o
         where o.topic = s.topic and o.partition = s.partition
           and (o.xid, o.seq) > (s.xid, s.seq)
           and o.xid < (select event_horizon())
         order by o.xid, o.seq
         limit :limit) as e
 limit :limit;
