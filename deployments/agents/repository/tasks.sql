-- name: insert_task^
insert into agent_tasks (
    id, org_id, user_id, delegation_id, course_id, kind, input, maximum_steps, maximum_tokens,
    maximum_cost_microdollars, deadline, subjects, seq
)
values (
    :id, :org_id, :user_id, :delegation_id, :course_id, :kind, :input, :maximum_steps, :maximum_tokens,
    :maximum_cost_microdollars, :deadline, :subjects::uuid[], 1
)
returning *;

-- name: open_tasks$
select count(*) from agent_tasks where user_id = :user_id and due_at is not null;

-- name: note!
-- The next line of a task's journal, under the number that the task has reached.
insert into agent_journal (org_id, task_id, seq, type, data)
select org_id, id, seq, :type, :data from agent_tasks where id = :id;

-- name: find_task^
select * from agent_tasks where id = :id and (:user_id::uuid is null or user_id = :user_id::uuid);

-- name: list_tasks
select * from agent_tasks
 where (:user_id::uuid is null or user_id = :user_id::uuid)
   and (:status::text is null or status = :status::text)
   and (:kind::text is null or kind = :kind::text)
   and (:before_at::timestamptz is null or (created_at, id) < (:before_at::timestamptz, :before_id::uuid))
 order by created_at desc, id desc
 limit :limit;

-- name: steps
select position, key, tool, status, tries, arguments, output, origins, decision, error, begun_at, ended_at, took_ms
  from agent_steps where task_id = :task_id order by position;

-- name: journal
select seq, type, data, at from agent_journal where task_id = :task_id and seq > :after order by seq limit :limit;

-- name: progress^
-- How far the journal is, and whether there will be more.
select seq, due_at is null as ended from agent_tasks where id = :id;

-- name: lock_task^
select * from agent_tasks where id = :id and (:user_id::uuid is null or user_id = :user_id::uuid) for update;

-- name: cancel_task^
-- The new epoch fences whoever works on it at this moment.
update agent_tasks
   set status = 'cancelled', stage = 'ended', owner = null, due_at = null, epoch = epoch + 1, ended_at = now(),
       seq = seq + 1
 where id = :id and due_at is not null
returning *;

-- name: retry_task^
-- From where it stopped: what is done stays done.
update agent_tasks
   set status = 'queued', stage = case when plan is null then 'analysis' else 'check' end, due_at = now(),
       delegation_id = :delegation_id, deadline = :deadline, attempt = attempt + 1, claims = 0, error = null,
       ended_at = null, seq = seq + 1
 where id = :id and status in ('failed', 'cancelled')
returning *;

-- name: delegation$
select session_id from agent_delegations where user_id = :user_id;

-- name: keep_delegation!
insert into agent_delegations (org_id, user_id, session_id) values (:org_id, :user_id, :session_id)
on conflict (org_id, user_id) do update set session_id = excluded.session_id;

-- name: lock_account$
-- Locked against a change of status or role until the session exists, as when people sign in.
select u.status = 'active' from users u where u.id = :user_id for share;

-- name: hint!
select pg_notify(:channel, :payload);
