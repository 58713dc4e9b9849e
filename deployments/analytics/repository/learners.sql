-- name: pseudonym_of$
select p.pseudonym from analytics_pseudonyms p where p.org_id = :org_id and p.user_id = :user_id;

-- name: known$
select exists (select from analytics_pseudonyms p where p.org_id = :org_id and p.pseudonym = :pseudonym);

-- name: pseudonyms
select p.pseudonym
  from analytics_pseudonyms p
 where p.org_id = :org_id and (:after::uuid is null or p.pseudonym > :after::uuid)
 order by p.pseudonym
 limit :limit;

-- name: totals
-- All minutes of a learner's days added up.
select counter.key as name, sum(counter.value::bigint)::bigint as amount,
       min(d.day) as first_day, max(d.day) as last_day
  from analytics_learner_days d
 cross join jsonb_each(d.minutes) as minute
 cross join jsonb_each_text(minute.value) as counter
 where d.generation = (select g.current from analytics_generation g)
   and d.org_id = :org_id and d.learner = :pseudonym
   and (:since::timestamptz is null or d.day >= (:since::timestamptz at time zone 'utc')::date)
   and (:until::timestamptz is null or d.day < (:until::timestamptz at time zone 'utc')::date)
 group by counter.key;

-- name: versions
-- The version at which each partition last changed a learner's figures.
select d.partition, max(d.version) as version
  from analytics_learner_days d
 where d.generation = (select g.current from analytics_generation g)
   and d.org_id = :org_id and d.learner = :pseudonym
 group by d.partition;

-- name: windows
-- A learner's minutes, added up to windows of so many minutes.
select w.start, jsonb_object_agg(w.name, w.amount) as counters
  from (select d.day::timestamp at time zone 'utc'
               + make_interval(mins => minute.key::integer / :minutes::integer * :minutes::integer) as start,
               counter.key as name, sum(counter.value::bigint) as amount
          from analytics_learner_days d
         cross join jsonb_each(d.minutes) as minute
         cross join jsonb_each_text(minute.value) as counter
         where d.generation = (select g.current from analytics_generation g)
           and d.org_id = :org_id and d.learner = :pseudonym
           and d.day >= (:since::timestamptz at time zone 'utc')::date
           and d.day <= (:until::timestamptz at time zone 'utc')::date
         group by 1, 2) as w
 where w.start >= :since and w.start < :until
 group by w.start;
