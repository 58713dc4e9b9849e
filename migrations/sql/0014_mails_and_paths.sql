-- When each person was last mailed about approvals, and how many requests came since then without a mail.
create table approver_mails (
    org_id    uuid        not null,
    user_id   uuid        not null,
    mailed_at timestamptz not null,
    unmailed  integer     not null default 0,
    primary key (org_id, user_id),
    foreign key (org_id, user_id) references users (org_id, id)
);
create index approver_mails_owed on approver_mails (mailed_at) where unmailed > 0;

-- What a learner was advised last in a course: how much of the time goes back to what was done before. By this the
-- recommendations are measured for groups of people.
create table advised_paths (
    enrollment_id uuid        primary key,
    org_id        uuid        not null,
    user_id       uuid        not null,
    course_id     uuid        not null,
    minutes       integer     not null check (minutes > 0),
    minutes_back  integer     not null check (minutes_back between 0 and minutes),
    advised_at    timestamptz not null default now(),
    foreign key (org_id, enrollment_id) references enrollments (org_id, id) on delete cascade,
    foreign key (org_id, user_id) references users (org_id, id),
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade
);
create index advised_paths_person on advised_paths (user_id);
create index advised_paths_newest on advised_paths (org_id, advised_at desc);

do $$
declare name text;
begin
    foreach name in array array['approver_mails', 'advised_paths'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy tenant on %I to azora_app using (org_id = (select current_org())) with check (org_id = (select current_org()))', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
        execute format('grant select, insert, update, delete on %I to azora_app, azora_system', name);
    end loop;
end
$$;
