-- name: course^
select id, instructor_id, status from courses where id = :course_id;

-- name: insert_model^
insert into learning_models (id, org_id, kind, day, version, document, gate_passed, registered_by)
values (:id, :org_id, 'risk', :day, :version, :document, :gate_passed, :registered_by)
on conflict (org_id, kind, version) do update set kind = excluded.kind
returning id, kind, day, version, gate_passed, status, status_reason, registered_at, document - 'model' as card;

-- name: models
select id, kind, day, version, gate_passed, status, status_reason, registered_at, document - 'model' as card
  from learning_models order by id desc limit :limit;

-- name: model^
select id, kind, day, version, gate_passed, status, status_reason, registered_at, document - 'model' as card
  from learning_models where id = :id for update;

-- name: retire_serving!
update learning_models set status = 'registered' where kind = 'risk' and status = 'serving' and id <> :id;

-- name: set_status!
update learning_models set status = :status, status_reason = :reason where id = :id;

-- name: waive!
update learning_models
   set gate_passed = true, document = jsonb_set(document, '{gate,waived}', :reasons::jsonb)
 where id = :id;

-- name: serving^
select id, version, day from learning_models where kind = 'risk' and status = 'serving';

-- name: document$
select document from learning_models where id = :id;

-- name: cohort
-- Who had enrolled so many days ago and had not left by then, those still at it first, the newest first. What became of
-- them, where it is decided; and of how many in all who are still at it.
select e.id, e.user_id, e.enrolled_at, e.status = 'active' and not overdue(e) as open,
       count(*) filter (where e.status = 'active' and not overdue(e)) over () as all_open,
       case when e.status = 'completed' then false
            when e.status in ('dropped', 'expired') or overdue(e) then true end as failed
  from enrollments e join users u on u.org_id = e.org_id and u.id = e.user_id
 where e.course_id = :course_id and u.status <> 'erased'
   and e.enrolled_at is not null and e.enrolled_at + make_interval(days => :day) <= now()
   and not (e.status = 'dropped'
            and coalesce(e.dropped_at, e.enrolled_at) <= e.enrolled_at + make_interval(days => :day))
   and not (e.status = 'completed' and e.completed_at <= e.enrolled_at + make_interval(days => :day))
 order by open desc, e.id desc limit :limit;

-- name: to_learn_from
-- Who had enrolled so many days ago and had not left by then, with how many there are in all, and the share of those of
-- the same quarter of a year of whom it is decided what became of them. Quarters of which it is of enough come first, the
-- newest of them first: what a limit cuts off is what can be done without.
with there as (
    select e.id, e.user_id, e.enrolled_at, date_trunc('quarter', e.enrolled_at, 'UTC') as quarter,
           case when e.status = 'completed' then false
                when e.status in ('dropped', 'expired') or overdue(e) then true end as failed
      from enrollments e join users u on u.org_id = e.org_id and u.id = e.user_id
     where e.course_id = :course_id and u.status <> 'erased'
       and e.enrolled_at is not null and e.enrolled_at + make_interval(days => :day) <= now()
       and not (e.status = 'dropped'
                and coalesce(e.dropped_at, e.enrolled_at) <= e.enrolled_at + make_interval(days => :day))
       and not (e.status = 'completed' and e.completed_at <= e.enrolled_at + make_interval(days => :day))
), counted as (
    select t.*, count(*) over () as everybody, count(*) over (partition by quarter) as enrolled,
           count(failed) over (partition by quarter)::float8 / count(*) over (partition by quarter) as decided
      from there t
)
select id, user_id, enrolled_at, failed, everybody, enrolled, decided from counted
 order by decided >= :least_decided desc, quarter desc, id desc limit :limit;

-- name: courses_with_learners
select distinct course_id from enrollments where enrolled_at is not null order by course_id;

-- name: told
-- The sealed fields of those who are enrolled.
select u.id as user_id, u.sensitive
  from users u where exists (select from enrollments e where e.id = any (:enrollments) and e.user_id = u.id);

-- name: results
-- The first result of each graded unit and the best mark, in the first so many days of each enrolment. A mark counts from
-- the day that it was given, and as it was given first. What was completed before an enrolment began again stays so and
-- need not be done again: that is done on the first day. Nothing else from before counts, nor as one of the `times` that a
-- unit was tried.
with done as (
    select a.enrollment_id, a.unit_id, a.created_at, a.created_at as marked_at, a.score::float8 as score
      from quiz_attempts a where a.enrollment_id = any (:enrollments)
    union all
    select s.enrollment_id, s.unit_id, s.created_at, coalesce(s.first_graded_at, s.graded_at),
           case when s.maximum_points > 0
                then (100 * coalesce(s.first_points, s.points) / s.maximum_points)::float8 end
      from submissions s where s.enrollment_id = any (:enrollments)
)
select d.enrollment_id, d.unit_id,
       max(d.score) filter (where d.marked_at <= e.enrolled_at + make_interval(days => :day)) as score,
       min(extract(epoch from greatest(d.created_at, e.enrolled_at) - e.enrolled_at))::float8 / 86400 as after_days,
       count(*) filter (where d.created_at >= e.enrolled_at) as times
  from done d join enrollments e on e.id = d.enrollment_id
 where d.created_at <= e.enrolled_at + make_interval(days => :day)
   and (d.created_at >= e.enrolled_at
        or exists (select from unit_progress p
                    where p.enrollment_id = d.enrollment_id and p.unit_id = d.unit_id
                      and p.completed_at < e.enrolled_at))
 group by d.enrollment_id, d.unit_id;

-- name: completions
select p.enrollment_id, count(*) as units
  from unit_progress p join enrollments e on e.id = p.enrollment_id
 where p.enrollment_id = any (:enrollments)
   and p.completed_at between e.enrolled_at and e.enrolled_at + make_interval(days => :day)
 group by p.enrollment_id;

-- name: record*!
-- What was predicted first stays; code from before it was kept has left it empty.
insert into learning_predictions as p (id, org_id, enrollment_id, user_id, course_id, model_id, probability,
                                       first_probability, level, reasons, intervention, suggestion)
values (:id, :org_id, :enrollment_id, :user_id, :course_id, :model_id, :probability, :probability, :level, :reasons,
        :intervention, :suggestion)
on conflict (enrollment_id, model_id) do update
   set probability = excluded.probability, first_probability = coalesce(p.first_probability, p.probability),
       level = excluded.level, reasons = excluded.reasons, intervention = excluded.intervention,
       suggestion = excluded.suggestion, predicted_at = now();

-- name: predictions
-- Of those still at it, by the model that serves, the highest risk first; not what was predicted before they last began.
-- What was done about somebody stays theirs, whichever model it was that spoke of them.
select p.*, m.version as model_version, m.day,
       coalesce((select jsonb_agg(jsonb_build_object('id', i.id, 'kind', i.kind, 'note', i.note, 'made_at', i.made_at,
                                                     'outcome', i.outcome, 'outcome_note', i.outcome_note,
                                                     'outcome_at', i.outcome_at) order by i.id)
                   from learning_interventions i join learning_predictions o on o.id = i.prediction_id
                  where o.enrollment_id = p.enrollment_id), '[]') as interventions
  from learning_predictions p join learning_models m on m.id = p.model_id and m.status = 'serving'
  join enrollments e on e.id = p.enrollment_id and e.status = 'active' and not overdue(e)
                    and p.predicted_at >= e.enrolled_at
 where p.course_id = :course_id
   and (:probability::float8 is null or (p.probability, p.id) < (:probability::float8, :before::uuid))
 order by p.probability desc, p.id desc limit :limit;

-- name: own_predictions
-- As a course's: only where the model serves and the enrolment goes on, and only since it began.
select p.*, m.version as model_version, m.day, '[]'::jsonb as interventions
  from learning_predictions p join learning_models m on m.id = p.model_id and m.status = 'serving'
  join enrollments e on e.id = p.enrollment_id and e.status = 'active' and not overdue(e)
                    and p.predicted_at >= e.enrolled_at
 where p.user_id = :user_id order by p.id desc limit :limit;

-- name: prediction^
select p.id, p.course_id, c.instructor_id, c.status
  from learning_predictions p join courses c on c.id = p.course_id where p.id = :id;

-- name: insert_intervention^
insert into learning_interventions (id, org_id, prediction_id, kind, note, made_by)
values (:id, :org_id, :prediction_id, :kind, :note, :made_by)
returning id, kind, note, made_at, outcome, outcome_note, outcome_at;

-- name: intervention^
select i.id, c.instructor_id, c.status
  from learning_interventions i
  join learning_predictions p on p.id = i.prediction_id
  join courses c on c.id = p.course_id
 where i.id = :id;

-- name: set_outcome^
update learning_interventions set outcome = :outcome, outcome_note = :note, outcome_at = now() where id = :id
returning id, kind, note, made_at, outcome, outcome_note, outcome_at;

-- name: interventions
-- Of everybody in a course and every model, whatever became of the enrolment; the newest first.
select i.*, p.user_id, p.enrollment_id, p.predicted_at,
       case when overdue(e) then 'expired' else e.status end as enrollment_status
  from learning_interventions i
  join learning_predictions p on p.id = i.prediction_id
  join enrollments e on e.id = p.enrollment_id
 where p.course_id = :course_id and (:before::uuid is null or i.id < :before::uuid)
 order by i.id desc limit :limit;

-- name: intervention_counts
select i.kind, count(*) as made, count(*) filter (where i.outcome is null) as open,
       count(*) filter (where i.outcome = 'helped') as helped,
       count(*) filter (where i.outcome = 'no_change') as no_change,
       count(*) filter (where i.outcome = 'not_reached') as not_reached,
       count(*) filter (where i.outcome = 'not_needed') as not_needed
  from learning_interventions i join learning_predictions p on p.id = i.prediction_id
 where p.course_id = :course_id
 group by i.kind order by made desc, i.kind limit :limit;

-- name: bias_reports
select b.id, b.model_id, b.reported_on, b.verdict, b.report
  from learning_bias_reports b order by b.id desc limit :limit;

-- name: predicted
-- What the model that serves predicted, the newest first, what became of it where that is decided, and the sealed
-- fields of each person; and how many there are in all. Without what was predicted of an enrolment that began again
-- since: how that ended is not kept.
select p.id, p.user_id, p.course_id, p.probability, u.sensitive, count(*) over () as all_made,
       case when e.status = 'completed' then false
            when e.status in ('dropped', 'expired') or overdue(e) then true end as failed
  from learning_predictions p
  join enrollments e on e.id = p.enrollment_id and p.predicted_at >= e.enrolled_at
  join users u on u.id = p.user_id
 where p.model_id = :model_id and u.status <> 'erased'
 order by p.id desc limit :limit;

-- name: first_predicted
-- Of whom the model predicted first, with what that was: it may have been replaced since.
select p.id, p.user_id, coalesce(p.first_probability, p.probability) as probability
  from learning_predictions p where p.model_id = :model_id order by p.id limit :limit;

-- name: write_bias_report!
insert into learning_bias_reports (id, org_id, model_id, reported_on, verdict, report)
values (:id, :org_id, :model_id, current_date, :verdict, :report)
on conflict (org_id, model_id, reported_on) do update set verdict = excluded.verdict, report = excluded.report;
