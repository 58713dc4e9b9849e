-- name: progress
-- Each unit that was completed.
select unit_id, completed_at from unit_progress where enrollment_id = :enrollment_id and completed_at is not null;

-- name: reviews
-- All that says how well a unit was remembered: quizzes taken, what the learner said.
select unit_id, created_at as at, (score / 100)::float8 as share, null as rating
  from quiz_attempts where enrollment_id = :enrollment_id
union all
select unit_id, reviewed_at, null, rating from unit_reviews where enrollment_id = :enrollment_id
 order by at desc limit :limit;

-- name: attempts_used
select unit_id, count(*) as used from quiz_attempts where enrollment_id = :enrollment_id group by unit_id;

-- name: awaiting_grades
-- Assignments whose newest submission has no grade yet.
select s.unit_id from submissions s
 where s.enrollment_id = :enrollment_id and s.graded_at is null
   and not exists (select from submissions later where later.enrollment_id = s.enrollment_id
                    and later.unit_id = s.unit_id and later.number > s.number);

-- name: goals^
select skill_ids, minutes, set_at from learning_goals where enrollment_id = :enrollment_id;

-- name: hold_person$
-- Whoever writes what a person said holds their row: an erasure comes before or after it.
select true from users where id = :user_id and status <> 'erased' for key share;

-- name: set_goals^
insert into learning_goals (enrollment_id, org_id, user_id, course_id, skill_ids, minutes)
values (:enrollment_id, :org_id, :user_id, :course_id, :skill_ids, :minutes)
on conflict (enrollment_id) do update
   set skill_ids = excluded.skill_ids, minutes = excluded.minutes, set_at = now()
returning skill_ids, minutes, set_at;

-- name: note_advice!
-- Written anew where something is different, or once a day: decisions are measured over time.
insert into advised_paths as a (enrollment_id, org_id, user_id, course_id, minutes, minutes_back)
values (:enrollment_id, :org_id, :user_id, :course_id, :minutes, :minutes_back)
on conflict (enrollment_id) do update
   set minutes = excluded.minutes, minutes_back = excluded.minutes_back, advised_at = now()
 where (a.minutes, a.minutes_back) <> (excluded.minutes, excluded.minutes_back)
    or a.advised_at < now() - interval '1 day';

-- name: add_review!
insert into unit_reviews (id, org_id, enrollment_id, user_id, unit_id, rating)
values (:id, :org_id, :enrollment_id, :user_id, :unit_id, :rating);

-- name: content$
select content from course_versions where id = :version_id;
