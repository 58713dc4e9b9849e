-- name: count$
select count(*) from grade_appeals where submission_id = :submission_id;

-- name: count_of_quiz$
select count(*) from grade_appeals a join quiz_attempts t on t.id = a.attempt_id
 where a.enrollment_id = :enrollment_id and t.unit_id = :unit_id;

-- name: insert^
insert into grade_appeals (id, org_id, course_id, enrollment_id, submission_id, attempt_id, suggestion_id, points,
                           maximum_points, graded_by, reason)
values (:id, :org_id, :course_id, :enrollment_id, :submission_id, :attempt_id, :suggestion_id, :points,
        :maximum_points, :graded_by, :reason)
on conflict do nothing
returning *;

-- name: of_submission
select * from grade_appeals where submission_id = :submission_id order by id desc;

-- name: of_attempt
select * from grade_appeals where attempt_id = :attempt_id order by id desc;

-- name: find^
select * from grade_appeals where id = :id;

-- name: lock^
select * from grade_appeals where id = :id for update;

-- name: close^
update grade_appeals
   set status = :status, decided_by = :decided_by, decided_at = now(), decision = :decision, new_points = :new_points
 where id = :id
returning *;

-- name: withdraw^
update grade_appeals set status = 'withdrawn' where id = :id returning *;

-- name: queue
-- A course's open appeals, the oldest first.
select a.*, s.body, s.feedback, coalesce(s.unit_id, t.unit_id) as unit_id, t.answers, t.result as questions, e.user_id,
       u.first_name, u.last_name, u.email
  from grade_appeals a
  left join submissions s on s.id = a.submission_id
  left join quiz_attempts t on t.id = a.attempt_id
  join enrollments e on e.id = a.enrollment_id
  join users u on u.id = e.user_id
 where a.course_id = :course_id and a.status = 'open' and u.status <> 'erased'
   and (:after_id::uuid is null or a.id > :after_id::uuid)
 order by a.id limit :limit;
