-- name: courses_with_results
-- With the version that most of their learners take.
select e.course_id, mode() within group (order by e.course_version_id) as version_id
  from learner_histories h join enrollments e on e.id = h.enrollment_id
 group by e.course_id having sum(h.answers) >= :fewest order by e.course_id;

-- name: enrollments
select h.enrollment_id from learner_histories h where h.course_id = :course_id order by h.enrollment_id limit :most;

-- name: serving
select course_id, about from knowledge_models where serving;

-- name: retire!
update knowledge_models set serving = false
 where serving and course_id is not distinct from :course_id::uuid;

-- name: insert!
insert into knowledge_models (id, org_id, course_id, name, skills, predictor, about)
values (:id, :org_id, :course_id, :name, :skills, :predictor, :about);

-- name: drop_old!
-- Models that no history was traced with any more.
delete from knowledge_models m
 where not m.serving and not exists (select from learner_histories h where h.model_id = m.id);

-- name: trace_anew!
-- These courses, and with `usual` those that the organisation's own model serves.
insert into courses_to_trace (course_id, org_id)
select c.id, c.org_id
  from courses c
 where c.id = any (:course_ids)
    or (:usual::boolean and exists (select from learner_histories h where h.course_id = c.id)
        and not exists (select from knowledge_models m where m.course_id = c.id and m.serving))
on conflict (course_id) do update set requested_at = clock_timestamp(), attempts = 0, not_before = now();
