-- name: record^
select completed_at, score from unit_progress where enrollment_id = :enrollment_id and unit_id = :unit_id;

-- name: keep_record!
insert into unit_progress (org_id, enrollment_id, unit_id, completed_at, score)
values (:org_id, :enrollment_id, :unit_id, case when :completed::boolean then now() end, :score)
on conflict (enrollment_id, unit_id) do update
   set completed_at = case when :completed::boolean then coalesce(unit_progress.completed_at, now()) end,
       score = excluded.score;

-- name: unit_usage
-- What a learner has done, per unit, in one reading.
select unit_id, max(completed_at) as completed_at, max(score) as score,
       sum(attempts)::integer as attempts, sum(submissions)::integer as submissions
  from (select unit_id, completed_at, score, 0 as attempts, 0 as submissions
          from unit_progress where enrollment_id = :enrollment_id
         union all
        select unit_id, null, null, 1, 0 from quiz_attempts where enrollment_id = :enrollment_id
         union all
        select unit_id, null, null, 0, 1 from submissions where enrollment_id = :enrollment_id) as done
 group by unit_id;

-- name: attempts_used$
select coalesce(max(number), 0) from quiz_attempts where enrollment_id = :enrollment_id and unit_id = :unit_id;

-- name: insert_attempt^
insert into quiz_attempts (id, org_id, enrollment_id, unit_id, number, answers, result, points, maximum_points,
                           score, passed)
values (:id, :org_id, :enrollment_id, :unit_id, :number, :answers, :result, :points, :maximum_points, :score, :passed)
returning *;

-- name: attempt^
select * from quiz_attempts where id = :attempt_id;

-- name: mark_anew!
update quiz_attempts set result = :result, points = :points, score = :score, passed = :passed where id = :attempt_id;

-- name: attempts
select * from quiz_attempts
 where enrollment_id = :enrollment_id and unit_id = :unit_id
   and (:before::integer is null or number < :before)
 order by number desc
 limit :limit;

-- name: latest_submission^
select s.*, false as superseded
  from submissions s
 where s.enrollment_id = :enrollment_id and s.unit_id = :unit_id
 order by s.number desc
 limit 1;

-- name: insert_submission^
insert into submissions (id, org_id, enrollment_id, unit_id, number, body, maximum_points)
values (:id, :org_id, :enrollment_id, :unit_id, :number, :body, :maximum_points)
returning *, false as superseded;

-- name: submission^
select s.*, exists (select from submissions n
                     where n.enrollment_id = s.enrollment_id and n.unit_id = s.unit_id
                       and n.number > s.number) as superseded
  from submissions s
 where s.id = :submission_id;

-- name: grade^
update submissions
   set points = :points, feedback = :feedback, graded_by = :graded_by, graded_at = now(),
       first_points = coalesce(first_points, points, :points),
       first_graded_at = coalesce(first_graded_at, graded_at, now())
 where id = :submission_id
returning *, false as superseded;

-- name: submissions
select s.*, exists (select from submissions n
                     where n.enrollment_id = s.enrollment_id and n.unit_id = s.unit_id
                       and n.number > s.number) as superseded
  from submissions s
 where s.enrollment_id = :enrollment_id and s.unit_id = :unit_id
   and (:before::integer is null or s.number < :before)
 order by s.number desc
 limit :limit;

-- name: queue
-- The oldest first. What a newer submission has replaced is not waiting for a grade any more, nor what was emptied
-- because its learner was erased.
select page.*, left(s.body, 300) as excerpt, u.first_name, u.last_name, u.email
  from (select w.id, w.enrollment_id, w.unit_id, w.number, w.points, w.maximum_points, w.graded_at, w.revision,
               w.created_at, w.superseded, e.user_id
          from enrollments e
         cross join lateral (select s.*, s.number < max(s.number) over (partition by s.unit_id) as superseded
                               from submissions s
                              where s.enrollment_id = e.id) as w
          join users l on l.id = e.user_id
         where e.course_id = :course_id
           and case :status::text
                   when 'ungraded' then w.graded_at is null and not w.superseded and l.status <> 'erased'
                   when 'graded' then w.graded_at is not null
                   else true
               end
           and (:after_id::uuid is null or (w.created_at, w.id) > (:after_at::timestamptz, :after_id::uuid))
         order by w.created_at, w.id
         limit :limit) as page
  join submissions s on s.id = page.id
  join users u on u.id = page.user_id
 order by page.created_at, page.id;
