-- name: own_enrollment^
-- The learner's enrolment in a published course, with what tracing made of it, if anything.
select c.id as course_id, c.status, e.id as enrollment_id, e.user_id, e.course_version_id as version_id,
       h.history, h.answers, h.traced_at, h.model_id is not null as fitted, m.name as traced_with
  from courses c
  left join enrollments e on e.course_id = c.id and e.user_id = :user_id and e.enrolled_at is not null
  left join learner_histories h on h.enrollment_id = e.id
  left join knowledge_models m on m.id = h.model_id
 where c.id = :course_id;

-- name: last_answers
select skill_id, last_answer_at from learner_mastery where enrollment_id = :enrollment_id;

-- name: own_courses
-- Courses in which a learner has results, the latest first.
select h.course_id, c.title, h.answers, h.traced_at,
       (select coalesce(jsonb_object_agg(level, count), '{}')
          from (select level, count(*) from learner_mastery m where m.enrollment_id = h.enrollment_id group by level) l
       ) as levels
  from learner_histories h join courses c on c.id = h.course_id
 where h.user_id = :user_id
 order by h.traced_at desc, h.course_id limit :limit;

-- name: learners
-- Learners of a course in the order of their enrolments, with what they have answered.
select e.id as enrollment_id, e.user_id, h.answers, h.traced_at,
       coalesce((select jsonb_agg(jsonb_build_object('skill_id', m.skill_id, 'level', m.level, 'known', m.known,
                                                     'answers', m.answers, 'right', m.right_answers,
                                                     'last_answer_at', m.last_answer_at) order by m.skill_id)
                   from learner_mastery m where m.enrollment_id = e.id), '[]') as skills
  from enrollments e left join learner_histories h on h.enrollment_id = e.id
 where e.course_id = :course_id and e.status in ('active', 'completed')
   and (:after::uuid is null or e.id > :after)
 order by e.id limit :limit;

-- name: learners_of_skill
-- Those who have answered something on it, whoever knows it least first.
select m.user_id, m.enrollment_id, m.level, m.known, m.answers, m.right_answers as right, m.last_answer_at
  from learner_mastery m join enrollments e on e.id = m.enrollment_id
 where m.course_id = :course_id and m.skill_id = :skill_id and e.status in ('active', 'completed')
   and (:known::float8 is null or (m.known, m.enrollment_id) > (:known::float8, :after::uuid))
 order by m.known, m.enrollment_id limit :limit;

-- name: skill_figures
select m.skill_id, count(*) as learners, avg(m.known) as known, sum(m.answers) as answers,
       sum(m.right_answers) as right, count(*) filter (where m.level = 'beginning') as beginning,
       count(*) filter (where m.level = 'growing') as growing, count(*) filter (where m.level = 'secure') as secure
  from learner_mastery m join enrollments e on e.id = m.enrollment_id
 where m.course_id = :course_id and e.status in ('active', 'completed')
 group by m.skill_id;

-- name: learners_of_course$
select count(*) from enrollments where course_id = :course_id and status in ('active', 'completed');

-- name: published_version$
select published_version_id from courses where id = :course_id;

-- name: content$
select content from course_versions where id = :version_id;

-- name: declaration^
select skills, revision, declared_at from course_skills where course_id = :course_id;

-- name: declare^
insert into course_skills (course_id, org_id, skills, declared_by)
values (:course_id, :org_id, :skills, :declared_by)
on conflict (course_id) do update
   set skills = excluded.skills, declared_by = excluded.declared_by, declared_at = now(),
       revision = course_skills.revision + 1
returning skills, revision, declared_at;

-- name: withdraw$
delete from course_skills where course_id = :course_id returning true;

-- name: trace_anew!
insert into courses_to_trace (course_id, org_id) values (:course_id, :org_id)
on conflict (course_id) do update set requested_at = clock_timestamp(), attempts = 0, not_before = now();

-- name: model^
-- What serves a course, and what it was made of.
select id, course_id, name, about, fitted_at
  from knowledge_models
 where serving and (course_id = :course_id or course_id is null)
 order by course_id nulls last limit 1;
