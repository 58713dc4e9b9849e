-- What learners know, as their results tell it; where they want to get to; what they have seen again.

-- Skills that an instructor declared. A course without a row has a skill for each module.
create table course_skills (
    course_id   uuid        primary key,
    org_id      uuid        not null,
    skills      jsonb       not null,   -- [{"id", "key", "title", "units", "questions", "after"}], in order
    revision    integer     not null default 1,
    declared_by uuid        not null,
    declared_at timestamptz not null default now(),
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade,
    foreign key (org_id, declared_by) references users (org_id, id)
);

-- Parameters that were fitted to results: a course's own, or the organisation's where course_id is null.
create table knowledge_models (
    id        uuid        primary key,
    org_id    uuid        not null references organisations (id),
    course_id uuid,
    name      varchar(80) not null,
    skills    jsonb       not null,   -- what was found out about each skill, by its id; "" stands for all others
    predictor bytea,                  -- of the next answer; null: tracing alone predicts
    about     jsonb       not null,   -- what it was made of, and how well it predicts
    serving   boolean     not null default true,
    fitted_at timestamptz not null default now(),
    unique (org_id, id),
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade
);
create unique index knowledge_models_one_serves on knowledge_models (org_id, course_id) nulls not distinct where serving;

-- A learner's results in a course, as tracing remembers them. Made anew from the results at any time.
create table learner_histories (
    enrollment_id uuid        primary key,
    org_id        uuid        not null,
    user_id       uuid        not null,
    course_id     uuid        not null,
    version_id    uuid        not null,   -- whose skills were traced
    model_id      uuid,                   -- null: typical values
    history       jsonb       not null,
    answers       integer     not null,
    traced_at     timestamptz not null default now(),
    foreign key (org_id, enrollment_id) references enrollments (org_id, id) on delete cascade,
    foreign key (org_id, user_id) references users (org_id, id),
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade
);
create index learner_histories_person on learner_histories (user_id, course_id);
create index learner_histories_course on learner_histories (course_id, user_id);

-- One row for each skill that the learner has answered something on.
create table learner_mastery (
    enrollment_id  uuid             not null,
    skill_id       uuid             not null,
    org_id         uuid             not null,
    user_id        uuid             not null,
    course_id      uuid             not null,
    known          double precision not null check (known between 0 and 1),
    level          varchar(20)      not null check (level in ('beginning', 'growing', 'secure')),
    answers        integer          not null,
    right_answers  integer          not null,
    last_answer_at timestamptz      not null,
    primary key (enrollment_id, skill_id),
    foreign key (enrollment_id) references learner_histories (enrollment_id) on delete cascade,
    foreign key (org_id, user_id) references users (org_id, id)
);
create index learner_mastery_course on learner_mastery (course_id, skill_id, known);

-- Courses whose learners are to be traced anew: other skills, other parameters, results that no event told of.
create table courses_to_trace (
    course_id    uuid        primary key,
    org_id       uuid        not null,
    requested_at timestamptz not null default clock_timestamp(),
    attempts     integer     not null default 0,
    not_before   timestamptz not null default now(),
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade
);
create index courses_to_trace_due on courses_to_trace (not_before);

create table learning_goals (
    enrollment_id uuid        primary key,
    org_id        uuid        not null,
    user_id       uuid        not null,
    course_id     uuid        not null,
    skill_ids     uuid[]      not null,
    minutes       integer     not null check (minutes between 5 and 600),   -- for one sitting
    set_at        timestamptz not null default now(),
    foreign key (org_id, enrollment_id) references enrollments (org_id, id) on delete cascade,
    foreign key (org_id, user_id) references users (org_id, id),
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade
);
create index learning_goals_person on learning_goals (user_id);

-- What learners say of how well they remembered a unit that they saw again.
create table unit_reviews (
    id            uuid        primary key,
    org_id        uuid        not null,
    enrollment_id uuid        not null,
    user_id       uuid        not null,
    unit_id       uuid        not null,
    rating        varchar(10) not null check (rating in ('again', 'hard', 'good', 'easy')),
    reviewed_at   timestamptz not null default now(),
    foreign key (org_id, enrollment_id) references enrollments (org_id, id) on delete cascade,
    foreign key (org_id, user_id) references users (org_id, id)
);
create index unit_reviews_enrollment on unit_reviews (enrollment_id, unit_id, reviewed_at);
create index unit_reviews_person on unit_reviews (user_id);

do $$
declare name text;
begin
    foreach name in array array[
        'course_skills', 'knowledge_models', 'learner_histories', 'learner_mastery', 'courses_to_trace',
        'learning_goals', 'unit_reviews'
    ] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy tenant on %I to azora_app using (org_id = current_org()) with check (org_id = current_org())', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
        execute format('grant select, insert, update, delete on %I to azora_app, azora_system', name);
    end loop;
end
$$;

-- Results that came before, and whose events may have left the log.
insert into courses_to_trace (course_id, org_id)
select distinct e.course_id, e.org_id
  from enrollments e
 where exists (select from quiz_attempts a where a.enrollment_id = e.id)
    or exists (select from submissions s where s.enrollment_id = e.id and s.graded_at is not null);
