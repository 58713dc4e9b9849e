-- name: hold
-- Enrolments of people who are not erased, in an order that everybody takes them in. An erasure waits for the end of the
-- transaction, and what comes after it is not found here.
with people as materialized (
    select u.org_id, u.id
      from users u
     where u.status <> 'erased'
       and (u.org_id, u.id) in (select e.org_id, e.user_id from enrollments e where e.id = any (:ids))
     order by u.id
       for key share
)
select e.id
  from enrollments e join people p on p.org_id = e.org_id and p.id = e.user_id
 where e.id = any (:ids)
 order by e.id;

-- name: take_turns!
-- Whoever traces an enrolment reads its version and its results after whoever traced it before has committed.
select pg_advisory_xact_lock(hashtextextended(id::text, 9)) from unnest(:ids::uuid[]) with ordinality as t (id, place)
 order by place;

-- name: enrolments
select id as enrollment_id, org_id, user_id, course_id, course_version_id as version_id
  from enrollments where id = any (:ids) order by id;

-- name: attempts
-- The latest of each enrolment, so that nobody makes tracing slow by trying without end.
select a.enrollment_id, a.unit_id, a.result, a.created_at as at
  from unnest(:ids::uuid[]) as e (id)
 cross join lateral (
       select * from quiz_attempts q where q.enrollment_id = e.id order by q.created_at desc, q.id desc limit :most
     ) a;

-- name: grades
select s.enrollment_id, s.unit_id, s.points, s.maximum_points, s.created_at as at
  from unnest(:ids::uuid[]) as e (id)
 cross join lateral (
       select * from submissions q where q.enrollment_id = e.id and q.graded_at is not null
        order by q.created_at desc, q.id desc limit :most
     ) s;

-- name: declared
select course_id, skills from course_skills where course_id = any (:course_ids);

-- name: content$
select content from course_versions where id = :version_id;

-- name: models
-- What serves each course: its own parameters, or else its organisation's.
select distinct on (c.id) c.id as course_id, m.id, m.name
  from courses c join knowledge_models m on m.org_id = c.org_id and (m.course_id = c.id or m.course_id is null)
 where c.id = any (:course_ids) and m.serving
 order by c.id, m.course_id nulls last;

-- name: model^
select skills, case when :predicting::boolean then predictor end as predictor from knowledge_models where id = :id;

-- name: levels
select enrollment_id, skill_id, level from learner_mastery where enrollment_id = any (:ids);

-- name: write_histories!
insert into learner_histories (enrollment_id, org_id, user_id, course_id, version_id, model_id, history, answers)
select * from unnest(:ids::uuid[], :org_ids::uuid[], :user_ids::uuid[], :course_ids::uuid[], :version_ids::uuid[],
                     :model_ids::uuid[], :histories::jsonb[], :answers::integer[])
on conflict (enrollment_id) do update
   set version_id = excluded.version_id, model_id = excluded.model_id, history = excluded.history,
       answers = excluded.answers, traced_at = now();

-- name: drop_mastery!
delete from learner_mastery where enrollment_id = any (:ids);

-- name: write_mastery!
insert into learner_mastery (enrollment_id, skill_id, org_id, user_id, course_id, known, level, answers, right_answers,
                             last_answer_at)
select * from unnest(:ids::uuid[], :skill_ids::uuid[], :org_ids::uuid[], :user_ids::uuid[], :course_ids::uuid[],
                     :known::float8[], :levels::text[], :answers::integer[], :right_answers::integer[],
                     :last::timestamptz[]);

-- name: on_another_version
-- Those of the enrolments with results that were traced through the skills of another version than they are on, or by
-- somebody who has not committed yet and may not have read the version that they are on now.
select e.id
  from enrollments e left join learner_histories h on h.enrollment_id = e.id
 where e.id = any (:ids) and h.version_id is distinct from e.course_version_id
   and (h.enrollment_id is not null
        or exists (select from quiz_attempts a where a.enrollment_id = e.id)
        or exists (select from submissions s where s.enrollment_id = e.id and s.graded_at is not null));

-- name: take^
-- The course that has been due the longest. It is put off as it is taken: twice as long each time, at most six hours.
update courses_to_trace
   set attempts = attempts + 1, not_before = now() + least(interval '60 seconds' * 2 ^ least(attempts, 10), interval '6 hours')
 where course_id = (select course_id from courses_to_trace
                     where not_before <= now()
                     order by not_before, course_id
                     limit 1
                       for update skip locked)
returning course_id, requested_at;

-- name: done!
-- Unless it was asked for again meanwhile.
delete from courses_to_trace where course_id = :course_id and requested_at = :requested_at;

-- name: enrollments_with_results
select e.id
  from enrollments e
 where e.course_id = :course_id and e.id > :after
   and (exists (select from quiz_attempts a where a.enrollment_id = e.id)
        or exists (select from submissions s where s.enrollment_id = e.id and s.graded_at is not null)
        or exists (select from learner_histories h where h.enrollment_id = e.id))
 order by e.id limit :limit;
