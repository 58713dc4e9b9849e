-- name: snapshot!
set transaction isolation level repeatable read;

-- name: generation$
select current from analytics_generation;

-- name: versions
select partition, version from event_claims where consumer = 'analytics' order by partition;

-- name: totals
select c.partition, c.version, c.counters, c.learners, c.scores, c.durations, c.scorers, c.finishers
  from analytics_cells c
 where c.generation = (select g.current from analytics_generation g)
   and c.org_id = :org_id and c.scope = :scope and c.scope_id = :scope_id and c.grain = 0;

-- name: windows
-- Windows of one scope, half-open. Sketches lie outside the row: they are read only where they are wanted.
select c.start, c.counters,
       case when :learners::boolean then c.learners end as learners,
       case when :scores::boolean then c.scores end as scores,
       case when :durations::boolean then c.durations end as durations,
       case when :scorers::boolean then c.scorers end as scorers,
       case when :finishers::boolean then c.finishers end as finishers
  from analytics_cells c
 where c.generation = (select g.current from analytics_generation g)
   and c.org_id = :org_id and c.scope = :scope and c.scope_id = :scope_id and c.grain = :grain
   and c.start >= :since and c.start < :until;

-- name: windows_of_courses
-- The same of several courses.
select c.scope_id, c.start, c.counters,
       case when :learners::boolean then c.learners end as learners,
       case when :scores::boolean then c.scores end as scores,
       case when :durations::boolean then c.durations end as durations,
       case when :scorers::boolean then c.scorers end as scorers,
       case when :finishers::boolean then c.finishers end as finishers
  from unnest(:ids::uuid[]) as wanted (id)
  join analytics_cells c
    on c.generation = (select g.current from analytics_generation g)
   and c.org_id = :org_id and c.scope = 1 and c.scope_id = wanted.id and c.grain = :grain
   and c.start >= :since and c.start < :until;

-- name: ranked_courses
-- The organisation's courses by a counter, the greatest first; those without it are left out.
select c.scope_id as id
  from analytics_cells c
 where c.generation = (select g.current from analytics_generation g)
   and c.org_id = :org_id and c.scope = 1 and c.grain = :grain and c.start >= :since and c.start < :until
 group by c.scope_id
having sum((c.counters ->> :counter)::bigint) > 0
 order by sum((c.counters ->> :counter)::bigint) desc, c.scope_id
 limit :limit;

-- name: course_with_units
-- The whole life of a course, and of every unit that a version of it has or had. Of units some sketches suffice.
select c.scope_id, c.counters, c.scores, c.scorers,
       case when c.scope = 1 then c.learners end as learners,
       case when c.scope = 1 then c.durations end as durations,
       case when c.scope = 1 then c.finishers end as finishers
  from (select 1 as scope, :course_id::uuid as id
         union all
        select distinct 2, unnest(v.unit_ids) from course_versions v where v.course_id = :course_id) as wanted
  join analytics_cells c
    on c.generation = (select g.current from analytics_generation g)
   and c.org_id = :org_id and c.scope = wanted.scope and c.scope_id = wanted.id and c.grain = 0;

-- name: cohorts
select h.cohort, h.week, h.learners
  from analytics_cohorts h
 where h.generation = (select g.current from analytics_generation g)
   and h.org_id = :org_id and h.scope = :scope and h.scope_id = :scope_id
   and h.cohort >= :since and h.cohort < :until;
