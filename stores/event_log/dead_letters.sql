-- name: keep!
insert into event_dead_letters (id, consumer, org_id, topic, partition, xid, seq, kafka_offset, event_id, event_type,
                                body, reason, detail)
select l.id, :consumer, l.org_id, l.topic, l.partition, l.xid, l.seq, l.kafka_offset, l.event_id, l.event_type,
       l.body, l.reason, l.detail
  from unnest(:ids::uuid[], :org_ids::uuid[], :topics::text[], :partitions::integer[], :xids::text[]::xid8[],
              :seqs::bigint[], :kafka_offsets::bigint[], :event_ids::uuid[], :event_types::text[], :bodies::bytea[],
              :reasons::text[], :details::text[])
       as l (id, org_id, topic, partition, xid, seq, kafka_offset, event_id, event_type, body, reason, detail);

-- name: waiting
-- Partitions with letters to replay.
select distinct partition
  from event_dead_letters
 where consumer = :consumer and partition = any(:partitions::integer[]) and replay_requested_at is not null;

-- name: lock_waiting
select *, xid::text::bigint as xid_number
  from event_dead_letters
 where consumer = :consumer and partition = any(:partitions::integer[]) and replay_requested_at is not null
 order by xid, seq, id
 limit :limit
   for update skip locked;

-- name: delete!
delete from event_dead_letters where id = any(:ids::uuid[]);

-- name: fail_again!
update event_dead_letters l
   set attempts = l.attempts + 1, failed_at = now(), replay_requested_at = null, reason = f.reason, detail = f.detail
  from unnest(:ids::uuid[], :reasons::text[], :details::text[]) as f (id, reason, detail)
 where l.id = f.id;

-- name: find
select *, xid::text::bigint as xid_number
  from event_dead_letters
 where (:consumer::text is null or consumer = :consumer::text)
   and (:ids::uuid[] is null or id = any(:ids::uuid[]))
 order by failed_at desc, id desc
 limit :limit;

-- name: request_replay$
with asked as (
         update event_dead_letters set replay_requested_at = now()
          where (:consumer::text is null or consumer = :consumer::text)
            and (:ids::uuid[] is null or id = any(:ids::uuid[]))
            and replay_requested_at is null
         returning 1
     )
select count(*) from asked;

-- name: discard$
with gone as (
         delete from event_dead_letters
          where (:consumer::text is null or consumer = :consumer::text)
            and (:ids::uuid[] is null or id = any(:ids::uuid[]))
         returning 1
     )
select count(*) from gone;

-- name: count$
select count(*) from event_dead_letters where consumer = :consumer and partition = any(:partitions::integer[]);
