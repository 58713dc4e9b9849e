-- name: withdraw!
-- What is still asked is closed, and what was approved runs out: should the task be tried once more, it asks anew.
update agent_approvals
   set status = case when status = 'pending' then 'withdrawn' else status end, expires_at = least(expires_at, now())
 where task_id = :task_id and status in ('pending', 'approved');

-- name: of_task
select * from agent_approvals where task_id = :task_id order by created_at, id;

-- name: find_approval^
select a.*, t.kind, t.input, t.plan, t.plan_revision, t.subjects, c.instructor_id
  from agent_approvals a
  join agent_tasks t on t.id = a.task_id
  left join courses c on c.id = a.course_id
 where a.id = :id;

-- name: queue
-- What this person may answer: not what they asked for, nor what judges themselves; of the roles that are asked by now,
-- of the courses they teach
-- where they are asked as an instructor.
select a.*, t.kind, t.input, t.plan, t.plan_revision, t.subjects, c.instructor_id
  from agent_approvals a
  join agent_tasks t on t.id = a.task_id
  left join courses c on c.id = a.course_id
 where (:status::text is null or a.status = :status::text)
   and a.requester_id <> :user_id
   and not (:user_id = any (t.subjects) and a.kinds && array['automated_grading', 'student_assessment'])
   and (:role = any (a.roles) or (a.escalated_at is not null and :role = any (a.escalates_to)))
   and (:role <> 'instructor' or c.instructor_id = :user_id)
   and (:after_at::timestamptz is null or (a.created_at, a.id) > (:after_at::timestamptz, :after_id::uuid))
 order by a.created_at, a.id
 limit :limit;

-- name: lock_task^
-- The task first, then what is asked about it, as everybody does.
select t.id, t.status, t.plan, t.plan_hash, t.plan_revision, t.kind, t.user_id, t.input, t.maximum_steps
  from agent_tasks t join agent_approvals a on a.task_id = t.id
 where a.id = :id
   for update of t;

-- name: decide^
update agent_approvals
   set status = :status, decided_by = :decided_by, decided_at = now(), reason = :reason
 where id = :id and status = 'pending' and expires_at > now() and plan_hash = :plan_hash
   and requester_id <> :decided_by
returning *;

-- name: resume^
-- Whoever is looking at the task at this moment saw it before the answer, and is fenced.
update agent_tasks
   set status = 'queued', owner = null, due_at = now(), epoch = epoch + 1, claims = 0, seq = seq + 1
 where id = :task_id and status in ('waiting_approval', 'running')
returning *;

-- name: change_plan^
-- To be checked anew, under a new hash.
update agent_tasks
   set status = 'queued', owner = null, due_at = now(), epoch = epoch + 1, claims = 0, seq = seq + 1,
       plan = :plan, plan_hash = :plan_hash, plan_revision = plan_revision + 1, stage = 'check'
 where id = :task_id and status in ('waiting_approval', 'running')
returning *;
