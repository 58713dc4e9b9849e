-- Conversations with the tutor.

create table tutor_conversations (
    id         uuid        primary key,
    org_id     uuid        not null,
    user_id    uuid        not null,
    course_id  uuid        not null,
    version_id uuid        not null,   -- what is taught: the version that the learner reads
    turns      integer     not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (org_id, id),
    foreign key (org_id, user_id) references users (org_id, id),
    foreign key (org_id, course_id) references courses (org_id, id),
    foreign key (org_id, version_id) references course_versions (org_id, id)
);
create index tutor_conversations_mine on tutor_conversations (user_id, id);

create table tutor_turns (
    id               uuid        primary key,
    org_id           uuid        not null,
    conversation_id  uuid        not null,
    number           integer     not null,
    question         bytea       not null,   -- sealed: what a learner asks is theirs
    reply            bytea       not null,   -- sealed
    kind             varchar(20) not null check (kind in ('answer', 'hint', 'declined')),
    quiz_question_id uuid,                   -- what it was a hint for
    sources          jsonb       not null,   -- [{"unit_id", "passage_id", "heading"}], as they are numbered in the reply
    made_by          jsonb       not null,   -- model, index and version that made it
    created_at       timestamptz not null default now(),
    unique (conversation_id, number),
    foreign key (org_id, conversation_id) references tutor_conversations (org_id, id) on delete cascade
);

do $$
declare name text;
begin
    foreach name in array array['tutor_conversations', 'tutor_turns'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy tenant on %I to azora_app using (org_id = current_org()) with check (org_id = current_org())', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
        execute format('grant select, insert, update, delete on %I to azora_app, azora_system', name);
    end loop;
end
$$;
