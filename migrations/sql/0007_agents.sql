-- Tasks that agents carry out, step by step, and the approvals they wait for.

-- `due_at` is when somebody has to look at the task next: at once where it is queued, when the lease ends where it runs,
-- when it is to be escalated or gives up where it waits; null where it has ended. Whoever looks claims it and raises the
-- epoch, which fences whoever had it before. `seq` counts the entries of its journal.
create table agent_tasks (
    id              uuid         primary key,
    org_id          uuid         not null references organisations (id),
    user_id         uuid         not null,
    delegation_id   uuid         not null,      -- the session that its tokens belong to
    course_id       uuid,                       -- the course it is about, whose instructor may approve
    kind            varchar(64)  not null,
    input           jsonb        not null,
    subjects        uuid[]       not null default '{}',   -- people whose data it has touched
    status          varchar(20)  not null default 'queued' check (status in (
                        'queued', 'running', 'waiting_approval', 'waiting_time', 'succeeded', 'failed', 'refused', 'cancelled'
                    )),
    stage           varchar(20)  not null default 'analysis' check (stage in (
                        'analysis', 'plan', 'check', 'execution', 'validation', 'ended'
                    )),
    plan            jsonb,
    plan_hash       bytea,
    plan_revision   integer      not null default 0,
    decisions       jsonb        not null default '[]',
    result          jsonb,
    error           jsonb,
    maximum_steps   integer      not null,
    maximum_tokens  bigint       not null,
    maximum_cost_microdollars bigint not null,
    tokens          bigint       not null default 0,
    cost_microdollars bigint     not null default 0,
    deadline        timestamptz  not null,
    due_at          timestamptz  default now(),
    owner           varchar(128),
    epoch           bigint       not null default 0,
    claims          integer      not null default 0,      -- since it last got on
    attempt         integer      not null default 1,      -- raised by whoever asks for it once more
    seq             bigint       not null default 0,
    created_at      timestamptz  not null default now(),
    started_at      timestamptz,
    ended_at        timestamptz,
    unique (org_id, id),
    foreign key (org_id, user_id) references users (org_id, id),
    check ((due_at is null) = (status in ('succeeded', 'failed', 'refused', 'cancelled')))
) with (fillfactor = 70);
create index agent_tasks_due on agent_tasks (due_at) where due_at is not null;
create index agent_tasks_of_person on agent_tasks (org_id, user_id, created_at desc, id desc);
create index agent_tasks_open on agent_tasks (org_id, user_id) where due_at is not null;
create index agent_tasks_newest on agent_tasks (org_id, created_at desc, id desc);
create index agent_tasks_subjects on agent_tasks using gin (subjects);
create index agent_tasks_ended on agent_tasks (ended_at) where ended_at is not null;

-- One step of a task's plan. `begun_at` is set before its effect and `ended_at` with its result.
create table agent_steps (
    org_id     uuid         not null,
    task_id    uuid         not null,
    position   smallint     not null,
    key        varchar(64)  not null,
    tool       varchar(64)  not null,
    status     varchar(12)  not null default 'pending' check (status in ('pending', 'begun', 'done', 'failed')),
    tries      integer      not null default 0,
    arguments  jsonb,                          -- what it was called with
    output     jsonb,
    origins    jsonb,                          -- of the output, field by field
    decision   jsonb,
    error      jsonb,
    first_begun_at timestamptz,                -- when its effect may first have happened
    begun_at   timestamptz,
    ended_at   timestamptz,
    took_ms    integer,                        -- its tool, with all tries
    primary key (task_id, position),
    foreign key (org_id, task_id) references agent_tasks (org_id, id) on delete cascade
) with (fillfactor = 70);
create index agent_steps_org on agent_steps (org_id);

-- What happened to a task, in order; what its stream tells.
create table agent_journal (
    org_id  uuid        not null,
    task_id uuid        not null,
    seq     bigint      not null,
    type    varchar(64) not null,
    data    jsonb       not null,
    at      timestamptz not null default clock_timestamp(),
    primary key (task_id, seq),
    foreign key (org_id, task_id) references agent_tasks (org_id, id) on delete cascade
);
create index agent_journal_org on agent_journal (org_id);

-- A question to people. It is about the plan with this hash and, for each step it covers, about the arguments with that
-- hash: an answer counts for nothing else.
create table agent_approvals (
    id            uuid         primary key,
    org_id        uuid         not null,
    task_id       uuid         not null,
    requester_id  uuid         not null,
    course_id     uuid,
    plan_hash     bytea        not null,
    kinds         text[]       not null,
    covers        jsonb        not null,       -- hash of the arguments by step
    draft         jsonb        not null,       -- the steps it covers with their arguments, as they were shown
    reasons       jsonb        not null default '[]',
    status        varchar(12)  not null default 'pending' check (status in (
                      'pending', 'approved', 'refused', 'edited', 'expired', 'withdrawn'
                  )),
    decided_by    uuid,
    decided_at    timestamptz,
    reason        text,
    roles         text[]       not null,       -- who may answer, and who besides from escalation on
    escalates_to  text[]       not null default '{}',
    escalates_at  timestamptz,
    escalated_at  timestamptz,
    expires_at    timestamptz  not null,
    created_at    timestamptz  not null default now(),
    unique (org_id, id),
    foreign key (org_id, task_id) references agent_tasks (org_id, id) on delete cascade,
    foreign key (org_id, decided_by) references users (org_id, id),
    check (decided_by <> requester_id),
    check ((status in ('approved', 'refused', 'edited')) = (decided_by is not null))
);
create unique index agent_approvals_open on agent_approvals (task_id) where status = 'pending';
create index agent_approvals_queue on agent_approvals (org_id, status, created_at, id);
create index agent_approvals_task on agent_approvals (task_id, created_at);

-- The session under which a person's tasks act; it ends with the person's other sessions.
create table agent_delegations (
    org_id     uuid not null,
    user_id    uuid not null,
    session_id uuid not null,
    primary key (org_id, user_id),
    foreign key (org_id, user_id) references users (org_id, id)
);

do $$
declare name text;
begin
    foreach name in array array['agent_tasks', 'agent_steps', 'agent_journal', 'agent_approvals', 'agent_delegations'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy tenant on %I to azora_app using (org_id = (select current_org())) with check (org_id = (select current_org()))', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
    end loop;
end
$$;
grant select, insert, update on agent_tasks, agent_approvals, agent_delegations to azora_app;
grant select, update on agent_steps to azora_app;
grant select, insert on agent_journal to azora_app;
grant select, insert, update, delete on agent_tasks, agent_steps, agent_journal, agent_approvals, agent_delegations
    to azora_system;
