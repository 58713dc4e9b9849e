-- How automated decisions treat groups of people, and which kinds of them are stopped.

create table decision_measures (
    org_id      uuid        not null references organisations (id),
    kind        varchar(20) not null check (kind in ('prediction', 'grade', 'recommendation')),
    measured_on date        not null,
    measured_at timestamptz not null default now(),
    decisions   integer     not null check (decisions >= 0),
    verdict     varchar(10) not null check (verdict in ('fine', 'alert', 'stop')),
    report      jsonb       not null,      -- figures of groups, never of people; small groups withheld
    primary key (org_id, kind, measured_on)
);

create table decision_stops (
    id           uuid          primary key,
    org_id       uuid          not null references organisations (id),
    kind         varchar(20)   not null check (kind in ('prediction', 'grade', 'recommendation')),
    stopped_at   timestamptz   not null default now(),
    stopped_by   uuid,                     -- null: the figures did
    reason       varchar(1000) not null,
    figures      jsonb         not null,   -- {figure: value} beyond their limits
    released_at  timestamptz,
    released_by  uuid,
    release_note varchar(1000),
    unique (org_id, id),
    check ((released_at is null) = (released_by is null)),
    foreign key (org_id, stopped_by) references users (org_id, id),
    foreign key (org_id, released_by) references users (org_id, id)
);
create unique index decision_stops_one_holds on decision_stops (org_id, kind) where released_at is null;
create index decision_stops_newest on decision_stops (org_id, kind, id desc);

do $$
declare name text;
begin
    foreach name in array array['decision_measures', 'decision_stops'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy tenant on %I to azora_app using (org_id = current_org()) with check (org_id = current_org())', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
        execute format('grant select, insert, update on %I to azora_app, azora_system', name);
    end loop;
end
$$;
