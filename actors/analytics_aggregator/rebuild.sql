-- name: try_lock$
-- For as long as the transaction lasts, which is idle most of the time.
select set_config('idle_in_transaction_session_timeout', '0', true) is not null
       and pg_try_advisory_xact_lock(hashtext('azora.analytics.rebuild'));

-- name: hold$
select 1;

-- name: snapshot!
-- What follows sees one moment, in which figures and positions agree.
set transaction isolation level repeatable read;

-- name: partitions$
select partitions from event_log;

-- name: generation$
select current from analytics_generation;

-- name: forget_rebuild!
delete from event_consumers where name = :rebuild;

-- name: delete_cells$
with gone as (
         delete from analytics_cells
          where ctid = any (array(select ctid from analytics_cells where generation < :current
                                 union all
                                 select ctid from analytics_cells where generation > :current
                                 limit :limit))
         returning 1
     )
select count(*) from gone;

-- name: delete_days$
with gone as (
         delete from analytics_learner_days
          where ctid = any (array(select ctid from analytics_learner_days where generation < :current
                                 union all
                                 select ctid from analytics_learner_days where generation > :current
                                 limit :limit))
         returning 1
     )
select count(*) from gone;

-- name: delete_cohorts$
with gone as (
         delete from analytics_cohorts
          where ctid = any (array(select ctid from analytics_cohorts where generation < :current
                                 union all
                                 select ctid from analytics_cohorts where generation > :current
                                 limit :limit))
         returning 1
     )
select count(*) from gone;

-- name: survey^
-- How much of the log is there, since when, and of how much of it the figures tell. Where they tell of more than there
-- is, its beginning is gone.
select count(*) as entries, min(o.created_at) as since,
       count(*) filter (where (o.xid, o.seq) <= (p.xid, p.seq)) as told,
       (select coalesce(sum(entries), 0)::bigint from event_positions where consumer = :live) as taken
  from outbox o
  left join event_positions p on p.consumer = :live and p.topic = o.topic and p.partition = o.partition;

-- name: set_aside
-- Events that the figures do not tell of, although they were passed. Those that have left the log are out of reach.
select l.id, l.topic, l.partition, l.xid::text::bigint as xid, l.seq,
       exists (select from outbox o where o.topic = l.topic and o.partition = l.partition
                                      and o.xid = l.xid and o.seq = l.seq) as is_there
  from event_dead_letters l
 where l.consumer = :live;

-- name: sealed_cells
select org_id, scope, scope_id, grain, extract(epoch from start)::bigint as start, partition, version,
       counters, learners, scores, durations, scorers, finishers
  from analytics_cells
 where generation = :generation and grain > 0 and start < :before
 order by org_id, scope, scope_id, grain, start, partition;

-- name: sealed_cohorts
select org_id, scope, scope_id, cohort, week, partition, version, learners
  from analytics_cohorts
 where generation = :generation and cohort + 7 * week < :before;

-- name: sealed_days
select org_id, learner, day, partition, version, minutes
  from analytics_learner_days
 where generation = :generation and day < :before;

-- name: lock_live!
select from event_claims where consumer = :live order by partition for update;

-- name: let_wait!
select set_config('idle_in_transaction_session_timeout', '0', true);

-- name: is_behind$
-- Whether the figures that are read tell of an entry that the rebuild has yet to take.
select exists (
           select
             from event_positions l
             left join event_positions r on r.consumer = :rebuild and r.topic = l.topic and r.partition = l.partition
            where l.consumer = :live
              and exists (select from outbox o
                           where o.topic = l.topic and o.partition = l.partition
                             and (o.xid, o.seq) > (coalesce(r.xid, '0'::xid8), coalesce(r.seq, 0))
                             and (o.xid, o.seq) <= (l.xid, l.seq)));

-- name: has_more$
select exists (
           select
             from outbox o
             left join event_positions r on r.consumer = :rebuild and r.topic = o.topic and r.partition = o.partition
            where (o.xid, o.seq) > (coalesce(r.xid, '0'::xid8), coalesce(r.seq, 0)));

-- name: move_positions!
-- Where the rebuild has come further, the others go on from there. A Kafka offset may stay behind: what is read
-- again is known by its position.
insert into event_positions as l (consumer, topic, partition, xid, seq, entries, last_time)
select :live, r.topic, r.partition, r.xid, r.seq, r.entries, r.last_time
  from event_positions r
 where r.consumer = :rebuild
on conflict (consumer, topic, partition) do update
   set xid = excluded.xid, seq = excluded.seq, last_time = coalesce(excluded.last_time, l.last_time),
       entries = l.entries + (select count(*) from outbox o
                               where o.topic = l.topic and o.partition = l.partition
                                 and (o.xid, o.seq) > (l.xid, l.seq)
                                 and (o.xid, o.seq) <= (excluded.xid, excluded.seq)),
       updated_at = now()
 where (excluded.xid, excluded.seq) > (l.xid, l.seq);

-- name: fence
-- Whoever holds a claim loses it, and every version is beyond those that the new figures carry.
update event_claims l
   set epoch = l.epoch + 1,
       version = 1 + greatest(l.version, (select max(r.version) from event_claims r where r.consumer = :rebuild))
 where l.consumer = :live
returning l.partition, l.version;

-- name: replace_letters!
-- What the rebuild could not digest takes the place of what could not be digested before.
with old as (
         delete from event_dead_letters where consumer = :live and not id = any(:out_of_reach::uuid[])
     )
update event_dead_letters set consumer = :live where consumer = :rebuild;

-- name: switch!
update analytics_generation set current = :generation;

-- name: announce!
select pg_notify('analytics_changed', :message);
