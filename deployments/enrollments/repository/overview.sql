-- name: view^
select * from enrollment_views where id = :enrollment_id;

-- name: own
-- A person's enrolments, the newest first.
select * from enrollment_views
 where user_id = :user_id
   and (:status::text is null or status = :status::text)
   and (:course_id::uuid is null or course_id = :course_id::uuid)
   and (:before_id::uuid is null or (created_at, id) < (:before_at::timestamptz, :before_id::uuid))
 order by created_at desc, id desc
 limit :limit;

-- name: of_course
-- A course's enrolments with their learners, the oldest first.
select v.*, u.first_name, u.last_name, u.email
  from enrollment_views v
  join users u on u.id = v.user_id
 where v.course_id = :course_id
   and (:status::text is null or v.status = :status::text)
   and (:user_id::uuid is null or v.user_id = :user_id::uuid)
   and (:after_id::uuid is null or (v.created_at, v.id) > (:after_at::timestamptz, :after_id::uuid))
 order by v.created_at, v.id
 limit :limit;

-- name: figures^
-- A course in one row: how many there are of each status, how far they are, and which versions they study.
select count(*) as enrolments,
       count(*) filter (where e.status = 'waitlisted') as waitlisted,
       count(*) filter (where e.status = 'active' and not e.overdue) as active,
       count(*) filter (where e.status = 'completed') as completed,
       count(*) filter (where e.status = 'dropped') as dropped,
       count(*) filter (where e.status = 'expired' or e.overdue) as expired,
       round(avg(e.progress) filter (where e.status in ('active', 'completed', 'expired')), 4) as mean_progress,
       array_agg(distinct e.course_version_id) as version_ids
  from enrollments e
 where e.course_id = :course_id;

-- name: unit_figures
-- Scores and work to grade of a course, per unit. Lateral, so that the work grows with the learners of the course even
-- while the planner's statistics know nothing of them yet.
select found.unit_id, count(found.score) as learners_scored, round(avg(found.score), 10) as mean_score,
       sum(found.ungraded)::bigint as submissions_ungraded
  from enrollments e
  join users u on u.id = e.user_id
 cross join lateral (
        select p.unit_id, p.score, 0 as ungraded
          from unit_progress p
         where p.enrollment_id = e.id and p.score is not null
         union all
        select newest.unit_id, null, 1
          from (select distinct on (s.unit_id) s.unit_id, s.graded_at
                  from submissions s
                 where s.enrollment_id = e.id
                 order by s.unit_id, s.number desc) as newest
         where newest.graded_at is null and u.status <> 'erased'
       ) as found
 where e.course_id = :course_id
 group by found.unit_id;
