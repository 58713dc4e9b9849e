-- name: register!
insert into event_consumers (name, topics) values (:consumer, :topics::text[])
on conflict (name) do update set topics = excluded.topics;

-- name: open_claims!
insert into event_claims (consumer, partition)
select :consumer, number from event_log, generate_series(0, partitions - 1) as number
on conflict do nothing;

-- name: board
-- Every partition with who holds it.
select partition, owner, epoch from event_claims where consumer = :consumer order by partition;

-- name: assign
-- To whom nobody has, or to nobody. A claim that somebody else changes, or uses, at this moment is left alone; the
-- new epoch is void where the old one is no longer what was seen.
with free as (
         select c.partition
           from event_claims c
           join unnest(:partitions::integer[], :epochs::bigint[]) as seen (partition, epoch)
             on c.partition = seen.partition and c.epoch = seen.epoch
          where c.consumer = :consumer
          order by c.partition
            for update of c skip locked
     )
update event_claims c
   set owner = :owner::text, epoch = c.epoch + 1
  from free
 where c.consumer = :consumer and c.partition = free.partition
returning c.partition, c.epoch;

-- name: seize
-- Whoever holds them; waits for what they have begun.
insert into event_claims as c (consumer, partition, owner)
select :consumer, number, :owner::text from unnest(:partitions::integer[]) as number order by number
on conflict (consumer, partition) do update set owner = excluded.owner, epoch = c.epoch + 1
returning c.partition, c.epoch;

-- name: advance
-- Locked in the order of partitions, as everybody does. What was locked meanwhile is compared anew.
with held as (
         select c.partition
           from event_claims c
           join unnest(:partitions::integer[], :epochs::bigint[]) as held (partition, epoch)
             on c.partition = held.partition and c.epoch = held.epoch
          where c.consumer = :consumer
          order by c.partition
            for update of c
     )
update event_claims c
   set version = c.version + 1
  from held
 where c.consumer = :consumer and c.partition = held.partition
returning c.partition, c.version;
