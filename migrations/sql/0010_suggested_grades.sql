-- Grades that a model suggests, what people made of them, and appeals against grades.

create table grading_suggestions (
    id               uuid             primary key,
    org_id           uuid             not null,
    course_id        uuid             not null,
    enrollment_id    uuid             not null,
    submission_id    uuid             not null,
    unit_id          uuid             not null,
    basis            varchar(32)      not null,  -- equal where works are graded by equal references or an equal rubric
    method           varchar(20)      not null check (method in ('references', 'rubric')),
    label            varchar(20)      check (label in ('correct', 'contradictory', 'incorrect')),
    model_share      double precision not null check (model_share between 0 and 1),
    model_confidence double precision not null check (model_confidence between 0 and 1),
    confidence       double precision not null check (confidence between 0 and 1),  -- after people's decisions
    points           decimal(8,2)     not null check (points >= 0),
    maximum_points   decimal(8,2)     not null,
    needs_person     boolean          not null,
    concerns         jsonb            not null,  -- fixed words
    criteria         jsonb            not null,  -- [{"title", "points", "maximum_points", "quote", "note"}]
    feedback         text             not null,
    made_by          jsonb            not null,
    status           varchar(20)      not null default 'open'
                                      check (status in ('open', 'accepted', 'overridden', 'replaced')),
    asked_by         uuid             not null,
    decided_by       uuid,
    decided_at       timestamptz,
    decided_points   decimal(8,2),
    created_at       timestamptz      not null default now(),
    unique (org_id, id),
    check ((status in ('accepted', 'overridden')) = (decided_points is not null)),
    foreign key (org_id, course_id) references courses (org_id, id),
    foreign key (org_id, enrollment_id) references enrollments (org_id, id) on delete cascade,
    foreign key (org_id, submission_id) references submissions (org_id, id) on delete cascade,
    foreign key (org_id, asked_by) references users (org_id, id),
    foreign key (org_id, decided_by) references users (org_id, id)
);
create unique index grading_suggestions_one_open on grading_suggestions (submission_id) where status = 'open';
create index grading_suggestions_submission on grading_suggestions (submission_id, id);
create index grading_suggestions_course on grading_suggestions (course_id, id) where status = 'open';
create index grading_suggestions_decided on grading_suggestions (org_id, method, id) where decided_points is not null;
create index grading_suggestions_basis on grading_suggestions (org_id, basis, id) where decided_points is not null;

create table grade_appeals (
    id             uuid          primary key,
    org_id         uuid          not null,
    course_id      uuid          not null,
    enrollment_id  uuid          not null,
    submission_id  uuid          not null,
    suggestion_id  uuid,                       -- what had been suggested, where something was
    points         decimal(8,2)  not null,     -- the grade that is appealed against
    maximum_points decimal(8,2)  not null,
    graded_by      uuid,
    reason         text          not null,
    status         varchar(20)   not null default 'open'
                                 check (status in ('open', 'upheld', 'dismissed', 'withdrawn')),
    decided_by     uuid,
    decided_at     timestamptz,
    decision       text          not null default '',
    new_points     decimal(8,2),
    created_at     timestamptz   not null default now(),
    unique (org_id, id),
    check ((status in ('upheld', 'dismissed')) = (decided_by is not null)),
    check ((status = 'upheld') = (new_points is not null)),
    foreign key (org_id, course_id) references courses (org_id, id),
    foreign key (org_id, enrollment_id) references enrollments (org_id, id) on delete cascade,
    foreign key (org_id, submission_id) references submissions (org_id, id) on delete cascade,
    foreign key (org_id, suggestion_id) references grading_suggestions (org_id, id),
    foreign key (org_id, graded_by) references users (org_id, id),
    foreign key (org_id, decided_by) references users (org_id, id)
);
create unique index grade_appeals_one_open on grade_appeals (submission_id) where status = 'open';
create index grade_appeals_submission on grade_appeals (submission_id, id);
create index grade_appeals_course on grade_appeals (course_id, id) where status = 'open';

do $$
declare name text;
begin
    foreach name in array array['grading_suggestions', 'grade_appeals'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy tenant on %I to azora_app using (org_id = current_org()) with check (org_id = current_org())', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
        execute format('grant select, insert, update on %I to azora_app, azora_system', name);
    end loop;
end
$$;
