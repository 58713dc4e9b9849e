-- name: begin^
-- No erasure is halfway through from here to the end of the transaction (deployments/users/repository/privacy.sql
-- takes the lock alone): whoever is not erased now, is not before then. As long, rows are found by their keys: of
-- tables that have just grown the planner knows nothing, and would read them whole for each.
select pg_advisory_xact_lock_shared(hashtext('azora.analytics.people'))::text,
       set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), current, extract(epoch from minutes_from)::bigint as minutes_from,
       extract(epoch from hours_from)::bigint as hours_from
  from analytics_generation;

-- name: load_cells
-- Each by its key: a lateral subquery with a limit is never turned into a join by hash.
select k.place, c.counters, c.learners, c.scores, c.durations, c.scorers, c.finishers
  from unnest(:org_ids::uuid[], :scopes::smallint[], :scope_ids::uuid[], :grains::smallint[], :starts::bigint[],
              :partitions::smallint[])
       with ordinality as k (org_id, scope, scope_id, grain, start, partition, place)
 cross join lateral (
        select counters, learners, scores, durations, scorers, finishers
          from analytics_cells
         where generation = :generation and org_id = k.org_id and scope = k.scope and scope_id = k.scope_id
           and grain = k.grain and start = to_timestamp(k.start) and partition = k.partition
         limit 1) as c;

-- name: store_cells!
-- A sketch that is null has not changed.
insert into analytics_cells as c (generation, org_id, scope, scope_id, grain, start, partition, version, counters,
                                  learners, scores, durations, scorers, finishers)
select :generation, k.org_id, k.scope, k.scope_id, k.grain, to_timestamp(k.start), k.partition, k.version,
       k.counters::jsonb, k.learners, k.scores, k.durations, k.scorers, k.finishers
  from unnest(:org_ids::uuid[], :scopes::smallint[], :scope_ids::uuid[], :grains::smallint[], :starts::bigint[],
              :partitions::smallint[], :versions::bigint[], :counters::text[], :learners::bytea[], :scores::bytea[],
              :durations::bytea[], :scorers::bytea[], :finishers::bytea[])
       as k (org_id, scope, scope_id, grain, start, partition, version, counters, learners, scores, durations, scorers,
             finishers)
on conflict (generation, org_id, scope, scope_id, grain, start, partition) do update
   set version = excluded.version, counters = excluded.counters,
       learners = coalesce(excluded.learners, c.learners), scores = coalesce(excluded.scores, c.scores),
       durations = coalesce(excluded.durations, c.durations), scorers = coalesce(excluded.scorers, c.scorers),
       finishers = coalesce(excluded.finishers, c.finishers);

-- name: load_cohorts
select k.place, c.learners
  from unnest(:org_ids::uuid[], :scopes::smallint[], :scope_ids::uuid[], :cohorts::date[], :weeks::smallint[],
              :partitions::smallint[])
       with ordinality as k (org_id, scope, scope_id, cohort, week, partition, place)
 cross join lateral (
        select learners
          from analytics_cohorts
         where generation = :generation and org_id = k.org_id and scope = k.scope and scope_id = k.scope_id
           and cohort = k.cohort and week = k.week and partition = k.partition
         limit 1) as c;

-- name: store_cohorts!
insert into analytics_cohorts (generation, org_id, scope, scope_id, cohort, week, partition, version, learners)
select :generation, k.*
  from unnest(:org_ids::uuid[], :scopes::smallint[], :scope_ids::uuid[], :cohorts::date[], :weeks::smallint[],
              :partitions::smallint[], :versions::bigint[], :learners::bytea[])
       as k (org_id, scope, scope_id, cohort, week, partition, version, learners)
on conflict (generation, org_id, scope, scope_id, cohort, week, partition) do update
   set version = excluded.version, learners = excluded.learners;

-- name: add_days!
-- Nothing is kept under the pseudonym of a person who was erased since it was looked up. Minutes that both have are
-- added up here and not by a function, which would be set up anew for every row; sums of 0 are left out. A subquery
-- with a limit is never turned into a join, which would go through everybody's pseudonyms.
insert into analytics_learner_days as d (generation, org_id, learner, day, partition, version, minutes)
select :generation, k.org_id, k.learner, k.day, k.partition, k.version, k.minutes::jsonb
  from unnest(:org_ids::uuid[], :learners::uuid[], :days::date[], :partitions::smallint[], :versions::bigint[],
              :minutes::text[])
       as k (org_id, learner, day, partition, version, minutes)
 where (select true from analytics_pseudonyms p where p.org_id = k.org_id and p.pseudonym = k.learner limit 1)
on conflict (generation, org_id, learner, day, partition) do update
   set version = excluded.version,
       minutes = d.minutes
              || case when d.minutes ?| array(select jsonb_object_keys(excluded.minutes)) then (
                     select jsonb_object_agg(minute.key, case when d.minutes ? minute.key then (
                                select coalesce(jsonb_object_agg(sums.name, sums.amount), '{}')
                                  from (select name, sum(amount::bigint) as amount
                                          from (select * from jsonb_each_text(d.minutes -> minute.key)
                                                union all
                                                select * from jsonb_each_text(minute.value)) as each (name, amount)
                                         group by name) as sums
                                 where sums.amount <> 0)
                            else minute.value end)
                       from jsonb_each(excluded.minutes) as minute)
                 else excluded.minutes end;

-- name: announce!
select pg_notify('analytics_changed', :message);

-- name: pseudonyms
select p.org_id, p.user_id, p.pseudonym
  from unnest(:org_ids::uuid[], :user_ids::uuid[]) as k (org_id, user_id)
  join analytics_pseudonyms p on p.org_id = k.org_id and p.user_id = k.user_id;

-- name: make_pseudonyms
-- For those who are not erased; without those that somebody else has just made.
insert into analytics_pseudonyms (org_id, user_id, pseudonym)
select k.org_id, k.user_id, gen_random_uuid()
  from unnest(:org_ids::uuid[], :user_ids::uuid[]) as k (org_id, user_id)
 where (select true from users u where u.org_id = k.org_id and u.id = k.user_id and u.status = 'erased' limit 1) is null
 order by k.org_id, k.user_id
on conflict do nothing
returning org_id, user_id, pseudonym;
