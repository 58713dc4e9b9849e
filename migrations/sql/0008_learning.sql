-- Models of learning, what they predicted, and what people did about it.

create table learning_models (
    id            uuid         primary key,
    org_id        uuid         not null references organisations (id),
    kind          varchar(40)  not null check (kind in ('risk')),
    day           integer      not null check (day > 0),  -- what it knows: the first so many days of an enrolment
    version       varchar(64)  not null,                  -- of the content, so that nothing is registered twice
    document      jsonb        not null,                  -- the model with its lineage, metrics and gate
    gate_passed   boolean      not null,
    status        varchar(20)  not null default 'registered' check (status in ('registered', 'serving', 'stopped')),
    registered_by uuid         not null,
    registered_at timestamptz  not null default now(),
    status_reason varchar(500) not null default '',
    unique (org_id, id),
    unique (org_id, kind, version),
    check (gate_passed or status <> 'serving'),
    foreign key (org_id, registered_by) references users (org_id, id)
);
create unique index learning_models_one_serves on learning_models (org_id, kind) where status = 'serving';

create table learning_predictions (
    id            uuid         primary key,
    org_id        uuid         not null,
    enrollment_id uuid         not null,
    user_id       uuid         not null,
    course_id     uuid         not null,
    model_id      uuid         not null,
    probability   double precision not null check (probability between 0 and 1),
    level         varchar(20)  not null check (level in ('low', 'moderate', 'high')),
    reasons       jsonb        not null,   -- [{"subject", "weight", "text"}], the heaviest first
    intervention  varchar(60),
    suggestion    varchar(500),
    predicted_at  timestamptz  not null default now(),
    unique (org_id, id),
    unique (enrollment_id, model_id),      -- what happens after the model's day is not known to it
    foreign key (org_id, enrollment_id) references enrollments (org_id, id) on delete cascade,
    foreign key (org_id, user_id) references users (org_id, id),
    foreign key (org_id, course_id) references courses (org_id, id),
    foreign key (org_id, model_id) references learning_models (org_id, id)
);
create index learning_predictions_course on learning_predictions (course_id, model_id, probability desc, id);
create index learning_predictions_person on learning_predictions (user_id, id);

create table learning_interventions (
    id            uuid          primary key,
    org_id        uuid          not null,
    prediction_id uuid          not null,
    kind          varchar(60)   not null,
    note          varchar(2000) not null default '',
    made_by       uuid          not null,
    made_at       timestamptz   not null default now(),
    outcome       varchar(20)   check (outcome in ('helped', 'no_change', 'not_reached', 'not_needed')),
    outcome_note  varchar(2000) not null default '',
    outcome_at    timestamptz,
    unique (org_id, id),
    foreign key (org_id, prediction_id) references learning_predictions (org_id, id) on delete cascade,
    foreign key (org_id, made_by) references users (org_id, id)
);
create index learning_interventions_prediction on learning_interventions (prediction_id, id);

create table learning_bias_reports (
    id          uuid        primary key,
    org_id      uuid        not null,
    model_id    uuid        not null,
    reported_on date        not null,
    verdict     varchar(20) not null check (verdict in ('fine', 'alert', 'stop')),
    report      jsonb       not null,      -- figures of groups, never of people; small groups withheld
    created_at  timestamptz not null default now(),
    unique (org_id, model_id, reported_on),
    foreign key (org_id, model_id) references learning_models (org_id, id)
);

do $$
declare name text;
begin
    foreach name in array array[
        'learning_models', 'learning_predictions', 'learning_interventions', 'learning_bias_reports'
    ] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy tenant on %I to azora_app using (org_id = current_org()) with check (org_id = current_org())', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
        execute format('grant select, insert, update, delete on %I to azora_app, azora_system', name);
    end loop;
end
$$;
