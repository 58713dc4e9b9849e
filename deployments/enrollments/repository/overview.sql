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
-- Scores and work to grade of a course, per unit.
select unit_id, count(score) as learners_scored, round(avg(score), 10) as mean_score,
       sum(ungraded)::bigint as submissions_ungraded
  from (select p.unit_id, p.score, 0 as ungraded
          from unit_progress p
          join enrollments e on e.id = p.enrollment_id
         where e.course_id = :course_id and p.score is not null
         union all
        select s.unit_id, null, 1
          from submissions s
          join enrollments e on e.id = s.enrollment_id
         where e.course_id = :course_id and s.graded_at is null
           and not exists (select from submissions n
                            where n.enrollment_id = s.enrollment_id and n.unit_id = s.unit_id
                              and n.number > s.number)) as found
 group by unit_id;
