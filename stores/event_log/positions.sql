-- name: load
select topic, partition, xid::text::bigint as xid, seq, kafka_offset
  from event_positions
 where consumer = :consumer and partition = any(:partitions::integer[]);

-- name: store!
insert into event_positions as p (consumer, topic, partition, xid, seq, kafka_offset, entries, last_time)
select :consumer, s.topic, s.partition, s.xid, s.seq, s.kafka_offset, s.entries, s.last_time
  from unnest(:topics::text[], :partitions::integer[], :xids::text[]::xid8[], :seqs::bigint[],
              :kafka_offsets::bigint[], :entries::bigint[], :last_times::timestamptz[])
       as s (topic, partition, xid, seq, kafka_offset, entries, last_time)
on conflict (consumer, topic, partition) do update
   set xid = excluded.xid, seq = excluded.seq,
       kafka_offset = coalesce(excluded.kafka_offset, p.kafka_offset),
       entries = p.entries + excluded.entries,
       last_time = coalesce(excluded.last_time, p.last_time),
       updated_at = now();
