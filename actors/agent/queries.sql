-- name: claim
-- What is due, the longest due first. Raising the epoch fences whoever had it before.
with due as (
    select id from agent_tasks where due_at <= now() order by due_at limit :limit for no key update skip locked
)
update agent_tasks t
   set status = 'running', owner = :owner, epoch = t.epoch + 1, due_at = now() + :lease::interval, claims = t.claims + 1,
       started_at = coalesce(t.started_at, now())
  from due
 where t.id = due.id
returning t.id, t.org_id, t.user_id, t.delegation_id, t.course_id, t.kind, t.input, t.stage, t.plan, t.plan_hash,
          t.plan_revision, t.maximum_steps, t.subjects, t.deadline, t.epoch, t.claims, t.attempt,
          (select u.role from users u where u.org_id = t.org_id and u.id = t.user_id and u.status = 'active') as role;

-- name: release_own!
-- What a former life of this owner held is due at once.
update agent_tasks set due_at = now() where owner = :owner and status = 'running' and due_at is not null;

-- name: release!
-- Held by nobody but in name, since a store was away: due after a pause, longer for what was taken up often. The claim
-- is given back, so that no outage counts as a crash.
update agent_tasks t set due_at = now() + least(t.claims, 30) * interval '1 second', claims = greatest(t.claims - 1, 0)
  from unnest(:ids::uuid[], :epochs::bigint[]) as held (id, epoch)
 where t.id = held.id and t.epoch = held.epoch and t.status = 'running';

-- name: renew
-- The leases that still hold.
update agent_tasks t set due_at = now() + :lease::interval
  from unnest(:ids::uuid[], :epochs::bigint[]) as held (id, epoch)
 where t.id = held.id and t.epoch = held.epoch and t.status = 'running'
returning t.id;

-- name: steps
select position, key, tool, status, tries, arguments, output, origins, first_begun_at
  from agent_steps where task_id = :id order by position;

-- name: fix_plan$
-- The plan with its steps, those that are done already kept.
with held as (
    update agent_tasks
       set plan = :plan, plan_hash = :plan_hash, decisions = decisions || :decisions::jsonb, stage = 'execution',
           seq = seq + jsonb_array_length(:entries::jsonb), due_at = now() + :lease::interval
     where id = :id and epoch = :epoch and status = 'running'
    returning org_id, id, seq - jsonb_array_length(:entries::jsonb) as before
), laid as (
    insert into agent_steps (org_id, task_id, position, key, tool)
    select held.org_id, held.id, number, key, tool
      from held, unnest(:keys::text[], :tools::text[]) with ordinality as step (key, tool, number)
    on conflict (task_id, position) do nothing
), told as (
    insert into agent_journal (org_id, task_id, seq, type, data)
    select held.org_id, held.id, held.before + number, entry ->> 'type', entry -> 'data'
      from held, jsonb_array_elements(:entries::jsonb) with ordinality as one (entry, number)
), audited as (
    insert into audit_pending (org_id, body)
    select held.org_id, one.body
      from held, unnest(:audited::text[]) with ordinality as one (body, place) order by one.place
), remembered as (
    insert into judged_plans (org_id, task_id, shape, verdict)
    select held.org_id, held.id, :shape::jsonb, :verdict::text from held where :verdict::text is not null
)
select true from held;

-- name: drop_plan$
-- Before another takes its place: its steps go, what is still asked about it is closed, and what was approved runs out.
with held as (
    update agent_tasks set plan_revision = plan_revision + 1
     where id = :id and epoch = :epoch and status = 'running'
    returning id
), dropped as (
    delete from agent_steps s using held where s.task_id = held.id
), withdrawn as (
    update agent_approvals a
       set status = case when a.status = 'pending' then 'withdrawn' else a.status end,
           expires_at = least(a.expires_at, now())
      from held where a.task_id = held.id and a.status in ('pending', 'approved')
)
select true from held;

-- name: advance$
-- One step ends, the next begins, or either; in one statement, so that nobody sees one without the other.
with held as (
    update agent_tasks t
       set seq = t.seq + jsonb_array_length(:entries::jsonb), due_at = now() + :lease::interval,
           claims = case when :ended_position::integer is null then t.claims else 0 end,
           subjects = case when t.subjects @> :subjects::uuid[] then t.subjects
                           else array(select distinct unnest(t.subjects || :subjects::uuid[])) end
     where t.id = :id and t.epoch = :epoch and t.status = 'running'
    returning t.org_id, t.id, t.seq - jsonb_array_length(:entries::jsonb) as before
), ended as (
    update agent_steps s
       set status = 'done', output = :output, origins = :origins, error = null, took_ms = :took_ms,
           ended_at = clock_timestamp()
      from held where s.task_id = held.id and s.position = :ended_position::integer
), begun as (
    update agent_steps s
       set status = 'begun', tries = s.tries + 1, arguments = :arguments, decision = :decision,
           begun_at = clock_timestamp(), first_begun_at = coalesce(s.first_begun_at, clock_timestamp())
      from held where s.task_id = held.id and s.position = :begun_position::integer
), told as (
    insert into agent_journal (org_id, task_id, seq, type, data)
    select held.org_id, held.id, held.before + number, entry ->> 'type', entry -> 'data'
      from held, jsonb_array_elements(:entries::jsonb) with ordinality as one (entry, number)
), audited as (
    insert into audit_pending (org_id, body)
    select held.org_id, one.body
      from held, unnest(:audited::text[]) with ordinality as one (body, place) order by one.place
)
select true from held;

-- name: note_late!
-- What an effect came to that was under way when its task was cancelled.
update agent_steps
   set status = 'done', output = :output, origins = :origins, error = null, ended_at = clock_timestamp()
 where task_id = :id and position = :position and status = 'begun';

-- name: rest$
-- The task waits, holding nothing.
with held as (
    update agent_tasks
       set status = :status, owner = null, due_at = :due_at, claims = 0,
           seq = seq + jsonb_array_length(:entries::jsonb)
     where id = :id and epoch = :epoch and status = 'running'
    returning org_id, id, seq - jsonb_array_length(:entries::jsonb) as before
), told as (
    insert into agent_journal (org_id, task_id, seq, type, data)
    select held.org_id, held.id, held.before + number, entry ->> 'type', entry -> 'data'
      from held, jsonb_array_elements(:entries::jsonb) with ordinality as one (entry, number)
)
select true from held;

-- name: end_task$
with held as (
    update agent_tasks
       set status = :status, stage = 'ended', owner = null, due_at = null, result = :result, error = :error,
           subjects = case when subjects @> :subjects::uuid[] then subjects
                           else array(select distinct unnest(subjects || :subjects::uuid[])) end,
           decisions = decisions || :decisions::jsonb, ended_at = now(),
           seq = seq + jsonb_array_length(:entries::jsonb)
     where id = :id and epoch = :epoch and status = 'running'
    returning org_id, id, seq - jsonb_array_length(:entries::jsonb) as before, tokens, cost_microdollars
), ended as (
    update agent_steps s
       set status = 'done', output = :output, origins = :origins, error = null, took_ms = :took_ms,
           ended_at = clock_timestamp()
      from held where s.task_id = held.id and s.position = :ended_position::integer
), failed as (
    update agent_steps s set status = 'failed', error = :error, ended_at = clock_timestamp()
      from held where s.task_id = held.id and s.position = :failed_position::integer
), withdrawn as (
    update agent_approvals a
       set status = case when a.expires_at <= now() then 'expired' else 'withdrawn' end
      from held where a.task_id = held.id and a.status = 'pending'
), told as (
    insert into agent_journal (org_id, task_id, seq, type, data)
    select held.org_id, held.id, held.before + number, entry ->> 'type', entry -> 'data'
      from held, jsonb_array_elements(:entries::jsonb) with ordinality as one (entry, number)
), audited as (
    insert into audit_pending (org_id, body)
    select held.org_id, one.body
      from held, unnest(:audited::text[]) with ordinality as one (body, place) order by one.place
), remembered as (
    insert into judged_plans (org_id, task_id, shape, verdict)
    select held.org_id, held.id, :shape::jsonb, :verdict::text from held where :verdict::text is not null
), sent as (
    insert into outbox (id, org_id, topic, key, partition, event)
    select :event_id::uuid, held.org_id, :topic::text, :key::text,
           :key_hash::bigint % (select l.partitions from event_log l),
           jsonb_set(
               :event::jsonb, '{data}',
               :event::jsonb -> 'data'
                   || jsonb_build_object('tokens', held.tokens, 'cost_microdollars', held.cost_microdollars)
           )
      from held
)
select true from held;

-- name: approvals
-- What was asked about a task, the newest first.
select id, plan_hash, kinds, covers, status, decided_by, requester_id, reason, escalates_at, escalated_at, expires_at
  from agent_approvals where task_id = :id order by created_at desc, id desc;

-- name: withdraw!
update agent_approvals set status = 'withdrawn' where task_id = :id and status = 'pending';

-- name: ask!
insert into agent_approvals (
    id, org_id, task_id, requester_id, course_id, plan_hash, kinds, covers, draft, reasons, roles, escalates_to,
    escalates_at, expires_at
)
values (
    :id, :org_id, :task_id, :requester_id, :course_id, :plan_hash, :kinds::text[], :covers, :draft, :reasons,
    :roles::text[], :escalates_to::text[], :escalates_at, :expires_at
);

-- name: escalate!
update agent_approvals set escalated_at = now() where id = :id and status = 'pending' and escalated_at is null;

-- name: mail_approvers!
-- To those who may answer by now, as the queue has it. Whoever was mailed just before, or is owed a mail already, is owed
-- one about this too, which `mail_owed` sends: time runs from the last mail, so no number of requests puts it off.
-- Nobody of them is erased meanwhile; whoever is being erased is passed over.
with asked as (
    select a.org_id, a.id, a.requester_id, a.roles, a.escalates_to, a.escalated_at, c.instructor_id
      from agent_approvals a left join courses c on c.id = a.course_id
     where a.id = :id and a.status = 'pending'
),
told as materialized (
    select u.id, u.org_id, u.email, u.role
      from asked a
      join users u on u.org_id = a.org_id and u.status = 'active' and u.id <> a.requester_id
       and u.role = any (case when a.escalated_at is null then a.roles else a.escalates_to end)
       and (u.role <> 'instructor' or u.id = a.instructor_id)
     order by u.role = 'instructor' desc, u.id
     limit :limit
       for key share of u skip locked
),
noted as (
    insert into approver_mails as m (org_id, user_id, mailed_at)
    select org_id, id, now() from told order by role = 'instructor' desc, id
    on conflict (org_id, user_id) do update
       set unmailed = case when m.unmailed > 0 or m.mailed_at > now() - :quiet::interval
                           then m.unmailed + 1 else 0 end,
           mailed_at = case when m.unmailed > 0 or m.mailed_at > now() - :quiet::interval
                            then m.mailed_at else excluded.mailed_at end
    returning m.org_id, m.user_id, m.unmailed
)
insert into mails (id, org_id, recipient, subject, body)
select gen_random_uuid(), t.org_id, t.email, :subject, :body
  from told t join noted n on n.org_id = t.org_id and n.user_id = t.id
 where n.unmailed = 0;

-- name: mail_owed$
-- One mail to each who was asked more than once since the last, where anything of that still waits for them. Whoever is
-- asked, changed or erased meanwhile stays owed: a request that this statement does not see yet has raised the number
-- that is seen once the row is held. What was mailed itself has the very time of its mail; a request that came
-- a little before the mail may have been committed after it.
with free as materialized (
    select m.org_id, m.user_id, m.mailed_at, u.email, u.role
      from approver_mails m join users u on u.org_id = m.org_id and u.id = m.user_id and u.status = 'active'
     where m.unmailed > 0 and m.mailed_at <= now() - :quiet::interval
       and m.unmailed = (select s.unmailed from approver_mails s where s.org_id = m.org_id and s.user_id = m.user_id)
     order by m.mailed_at limit :limit
       for no key update of m skip locked
       for key share of u skip locked
),
waiting as materialized (
    select f.org_id, f.user_id, f.email
      from free f
     where exists (select from agent_approvals a left join courses c on c.id = a.course_id
                    where a.org_id = f.org_id and a.status = 'pending' and a.expires_at > now()
                      and a.requester_id <> f.user_id
                      and greatest(a.created_at, a.escalated_at) > f.mailed_at - interval '10 seconds'
                      and greatest(a.created_at, a.escalated_at) <> f.mailed_at
                      and (f.role = any (a.roles) or a.escalated_at is not null and f.role = any (a.escalates_to))
                      and (f.role <> 'instructor' or f.user_id = c.instructor_id))
),
noted as (
    update approver_mails m
       set unmailed = 0,
           mailed_at = case when exists (select from waiting w where w.org_id = m.org_id and w.user_id = m.user_id)
                            then now() else m.mailed_at end
      from free f where m.org_id = f.org_id and m.user_id = f.user_id
    returning 1
),
mailed as (
    insert into mails (id, org_id, recipient, subject, body)
    select gen_random_uuid(), org_id, email, :subject, :body from waiting
    returning 1
)
select count(*) from mailed;

-- name: owe_no_more!
-- Nobody who left is owed a mail.
update approver_mails m set unmailed = 0
 where (m.org_id, m.user_id) in (
    select o.org_id, o.user_id
      from approver_mails o join users u on u.org_id = o.org_id and u.id = o.user_id and u.status <> 'active'
     where o.unmailed > 0 and o.mailed_at <= now() - :quiet::interval
     order by o.mailed_at limit :limit
       for no key update of o skip locked
 );

-- name: account^
-- The person's role, where both the person and the organisation are active.
select u.role
  from users u join organisations o on o.id = u.org_id and o.status = 'active'
 where u.org_id = :org_id and u.id = :user_id and u.status = 'active';

-- name: anything_due$
select exists (select from agent_tasks where due_at <= now());

-- name: hint!
select pg_notify(:channel, :payload);

-- name: forget_ended$
-- Tasks that ended long ago, with all that belongs to them.
with done as (
    delete from agent_tasks where id in (
        select id from agent_tasks where ended_at < now() - :age::interval order by ended_at limit :limit
    ) returning 1
)
select count(*) from done;
