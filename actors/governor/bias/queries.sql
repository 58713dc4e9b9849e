-- name: organisations
-- Those with decisions that were made since they were last measured, by kind.
with made (org_id, kind, decisions, newest) as (
    select org_id, 'prediction', count(*), max(predicted_at) from learning_predictions group by org_id
    union all
    select org_id, 'recommendation', count(*), max(predicted_at) from learning_predictions group by org_id
    union all
    select org_id, 'recommendation', count(*), max(advised_at) from advised_paths group by org_id
    union all
    select org_id, 'grade', count(*), max(greatest(created_at, decided_at)) from grading_suggestions group by org_id
)
select distinct m.org_id, m.kind
  from made m join organisations o on o.id = m.org_id
 where not exists (select from decision_measures d
                    where d.org_id = m.org_id and d.kind = m.kind and d.measured_on = current_date
                      and d.measured_at >= m.newest)
 order by m.org_id, m.kind;

-- name: predictions
-- What the model that serves predicted: the probability of failing, and whether it came so. Without what was
-- predicted of an enrolment that began again since: how that ended is not kept.
select p.user_id, p.course_id, p.probability as value, p.predicted_at as decided_at, u.sensitive,
       case when e.status = 'completed' then false
            when e.status in ('dropped', 'expired') or overdue(e) then true end as outcome
  from learning_predictions p
  join learning_models m on m.id = p.model_id and m.status = 'serving'
  join enrollments e on e.id = p.enrollment_id and p.predicted_at >= e.enrolled_at
  join users u on u.id = p.user_id
 where p.org_id = :org_id and u.status <> 'erased'
 order by p.predicted_at desc limit :limit;

-- name: recommendations
-- To whom something was recommended, and whether they were among those who then failed.
select p.user_id, p.course_id, (p.intervention is not null)::int::float8 as value, p.predicted_at as decided_at,
       u.sensitive,
       case when e.status = 'completed' then false
            when e.status in ('dropped', 'expired') or overdue(e) then true end as outcome
  from learning_predictions p
  join learning_models m on m.id = p.model_id and m.status = 'serving'
  join enrollments e on e.id = p.enrollment_id and p.predicted_at >= e.enrolled_at
  join users u on u.id = p.user_id
 where p.org_id = :org_id and u.status <> 'erased'
 order by p.predicted_at desc limit :limit;

-- name: paths
-- How much of their time learners were advised to spend on what they had done before, and whether they failed anywhere.
-- One row a person, as with grades.
select p.user_id, (array_agg(p.course_id order by p.advised_at desc))[1] as course_id,
       sum(p.minutes_back)::float8 / sum(p.minutes) as value, max(p.advised_at) as decided_at, u.sensitive,
       bool_or(case when e.status = 'completed' then false
                    when e.status in ('dropped', 'expired') or overdue(e) then true end) as outcome
  from advised_paths p
  join enrollments e on e.id = p.enrollment_id
  join users u on u.id = p.user_id
 where p.org_id = :org_id and u.status <> 'erased'
 group by p.user_id, u.sensitive
 order by max(p.advised_at) desc limit :limit;

-- name: grades
-- The share of points that was suggested to each person, and whether people gave them at least half. One row a person:
-- groups are of people, and many works of one are no crowd. What an agent gave says nothing of what people would.
select e.user_id, (array_agg(g.course_id order by g.id desc))[1] as course_id,
       avg(g.points / g.maximum_points)::float8 as value, max(g.created_at) as decided_at, u.sensitive,
       avg(g.decided_points / g.maximum_points) filter (where not g.decided_by_agent) >= 0.5 as outcome
  from grading_suggestions g
  join enrollments e on e.id = g.enrollment_id
  join users u on u.id = e.user_id
 where g.org_id = :org_id and g.status <> 'replaced' and g.maximum_points > 0 and u.status <> 'erased'
 group by e.user_id, u.sensitive
 order by max(g.created_at) desc limit :limit;

-- name: write_measure!
insert into decision_measures (org_id, kind, measured_on, decisions, verdict, report)
values (:org_id, :kind, current_date, :decisions, :verdict, :report)
on conflict (org_id, kind, measured_on) do update
   set decisions = excluded.decisions, verdict = excluded.verdict, report = excluded.report, measured_at = now();

-- name: accepted$
-- The figures that a person has lately seen beyond their limits and released all the same.
select figures from decision_stops
 where org_id = :org_id and kind = :kind and released_at > now() - :age::interval and figures <> '{}'
 order by released_at desc limit 1;

-- name: stop$
insert into decision_stops (id, org_id, kind, reason, figures) values (:id, :org_id, :kind, :reason, :figures)
on conflict (org_id, kind) where released_at is null do nothing
returning id;

-- name: standing
-- How many organisations have each kind stopped, and in how many the last measure asks for a person.
select k.kind,
       (select count(*) from decision_stops s where s.kind = k.kind and s.released_at is null) as stopped,
       (select count(*) from (select distinct on (d.org_id) d.verdict from decision_measures d
                               where d.kind = k.kind order by d.org_id, d.measured_on desc) last
         where last.verdict <> 'fine') as alerting
  from unnest(array['prediction', 'grade', 'recommendation']) as k (kind);
