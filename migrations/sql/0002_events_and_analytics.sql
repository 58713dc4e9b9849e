-- Reading the outbox as a log, and the figures that analytics derives from it.

-- The log ------------------------------------------------------------------------------------------------------

-- How many partitions new events are spread over. It only grows: order within a key is kept from one growth to the next.
-- `xid_offset` is what the server's transaction numbers lack to be greater than those the log has from another server,
-- which a dump was taken from.
create table event_log (
    only_row   boolean  primary key default true check (only_row),
    partitions smallint not null check (partitions between 1 and 1024),
    xid_offset bigint   not null default 0
);
insert into event_log (partitions) values (4);

-- The log's number for what is written now: the newest transaction there is, or this one. Not this one's own number
-- alone: a transaction that took its number early, then waited for a lock, would come before the one it waited for.
create function event_xid() returns xid8
    language sql stable parallel restricted
    begin atomic
        select (greatest(
                    pg_current_xact_id()::text::bigint,
                    pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1
                ) + xid_offset)::text::xid8
          from event_log;
    end;

-- Nothing can appear in the log any more below this number: whoever still runs writes its own number or a greater one.
create function event_horizon() returns xid8
    language sql stable parallel safe
    begin atomic
        select (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + xid_offset)::text::xid8 from event_log;
    end;

alter table outbox add column partition smallint;
update outbox set partition = (('x' || substr(md5(key), 1, 8))::bit(32)::bigint % 4);
alter table outbox alter column partition set not null;
alter table outbox alter column xid set default event_xid();
drop index outbox_commit_order;
create index outbox_commit_order on outbox (topic, partition, xid, seq);

-- Readers of the log by name; the log is trimmed only past what each reader of a topic has taken.
create table event_consumers (
    name       varchar(64) primary key,
    topics     text[]      not null,
    created_at timestamptz not null default now()
);

-- How far a consumer has come; written in the transaction of the effect.
create table event_positions (
    consumer     varchar(64) not null references event_consumers (name) on delete cascade,
    topic        varchar(64) not null,
    partition    smallint    not null,
    xid          xid8        not null default '0',
    seq          bigint      not null default 0,
    kafka_offset bigint,                              -- the next offset to read, where the log is read from Kafka
    entries      bigint      not null default 0,      -- taken so far
    last_time    timestamptz,                         -- of the last event taken
    updated_at   timestamptz not null default now(),
    primary key (consumer, topic, partition)
);

create table event_members (
    consumer varchar(64)  not null references event_consumers (name) on delete cascade,
    member   varchar(128) not null,
    seen_at  timestamptz  not null default now(),
    primary key (consumer, member)
);

-- Who may advance a partition. `epoch` fences former holders; `version` counts advances. An epoch begins as the time in
-- milliseconds: greater than any of a consumer of the same name that was deleted.
create table event_claims (
    consumer  varchar(64)  not null references event_consumers (name) on delete cascade,
    partition smallint     not null,
    owner     varchar(128),
    epoch     bigint       not null default extract(epoch from clock_timestamp()) * 1000,
    version   bigint       not null default 0,
    primary key (consumer, partition)
);

-- Events that a consumer could not digest, kept with the reason until they are replayed or discarded.
create table event_dead_letters (
    id                  uuid         primary key,
    consumer            varchar(64)  not null references event_consumers (name) on delete cascade,
    org_id              uuid,
    topic               varchar(64)  not null,
    partition           smallint     not null,
    xid                 xid8,
    seq                 bigint,
    kafka_offset        bigint,
    event_id            uuid,
    event_type          varchar(128),
    body                bytea        not null,
    reason              varchar(64)  not null,
    detail              text         not null default '',
    attempts            integer      not null default 1,
    failed_at           timestamptz  not null default now(),
    replay_requested_at timestamptz
);
create index event_dead_letters_replay on event_dead_letters (consumer, partition) where replay_requested_at is not null;

-- Figures ------------------------------------------------------------------------------------------------------

-- Readers take the current generation; a rebuild fills the next one beside it. Minute and hour windows are kept for a
-- while: those that start before these times are gone, and no late event brings a part of one back.
create table analytics_generation (
    only_row     boolean     primary key default true check (only_row),
    current      integer     not null,
    minutes_from timestamptz not null default 'epoch',
    hours_from   timestamptz not null default 'epoch'
);
insert into analytics_generation (current) values (1);

create table analytics_pseudonyms (
    org_id    uuid not null references organisations (id),
    user_id   uuid not null,
    pseudonym uuid not null,
    primary key (org_id, user_id),
    unique (org_id, pseudonym)
);

-- One window of one scope, as far as one partition's events tell; readers merge partitions. The nil organisation
-- has the figures of the whole platform. What counters and sketches mean is told by actors/analytics_aggregator/figures.py.
create table analytics_cells (
    generation integer     not null,
    org_id     uuid        not null,
    scope      smallint    not null,      -- 0 organisation (or platform), 1 course, 2 unit
    scope_id   uuid        not null,      -- the organisation's own id (nil for the platform), the course's, the unit's
    grain      smallint    not null,      -- 0 all, 1 day, 2 hour, 3 minute
    start      timestamptz not null,      -- of the window, UTC; the epoch for grain 0
    partition  smallint    not null,
    version    bigint      not null,
    counters   jsonb       not null,      -- integers by name; one that is absent is 0
    learners   bytea,                     -- HLL of active learners' pseudonyms
    scores     bytea,                     -- KLL of scores in percent
    durations  bytea,                     -- KLL of days from enrolment to completion
    scorers    bytea,                     -- the few whose scores they are, or that they are no longer few
    finishers  bytea,                     -- the few who completed, likewise
    primary key (generation, org_id, scope, scope_id, grain, start, partition)
) with (fillfactor = 80);
alter table analytics_cells alter column learners set storage external;
alter table analytics_cells alter column scores set storage external;
alter table analytics_cells alter column durations set storage external;
alter table analytics_cells alter column scorers set storage external;
alter table analytics_cells alter column finishers set storage external;
-- For courses only: whoever looks a cell up by its key, of whatever scope, then has no index but the key's to choose.
create index analytics_cells_ranking on analytics_cells (generation, org_id, grain, start) where scope = 1;
create index analytics_cells_fine on analytics_cells (grain, start) where grain >= 2;  -- trimmed by age

-- A learner's day, its minutes packed: {"540": {"attempts": 1}, ...} by minute of the UTC day.
create table analytics_learner_days (
    generation integer  not null,
    org_id     uuid     not null,
    learner    uuid     not null,         -- the pseudonym
    day        date     not null,
    partition  smallint not null,
    version    bigint   not null,
    minutes    jsonb    not null,
    primary key (generation, org_id, learner, day, partition)
) with (fillfactor = 80);

-- Learners of a cohort (by week of enrolment or registration) who were active so many weeks later.
create table analytics_cohorts (
    generation integer  not null,
    org_id     uuid     not null,
    scope      smallint not null,
    scope_id   uuid     not null,
    cohort     date     not null,         -- Monday
    week       smallint not null,         -- 0 is the cohort's own
    partition  smallint not null,
    version    bigint   not null,
    learners   bytea    not null,
    primary key (generation, org_id, scope, scope_id, cohort, week, partition)
);

do $$
declare name text;
begin
    foreach name in array array['analytics_pseudonyms', 'analytics_cells', 'analytics_learner_days', 'analytics_cohorts'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy tenant on %I to azora_app using (org_id = current_org()) with check (org_id = current_org())', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
    end loop;
end
$$;

grant select, insert, update, delete on event_log, event_consumers, event_positions, event_members, event_claims,
    event_dead_letters, analytics_generation to azora_system;
grant select on event_log, analytics_generation, event_claims to azora_app;
grant select, insert, update, delete on analytics_pseudonyms, analytics_cells, analytics_learner_days, analytics_cohorts to azora_system;
grant select on analytics_cells, analytics_cohorts to azora_app;
grant select, delete on analytics_pseudonyms, analytics_learner_days to azora_app;

-- Administrators of the platform --------------------------------------------------------------------------------

create index users_platform_administrators on users (org_id, id) where role = 'platform_admin';

-- Whether somebody would still administer the platform, of whatever organisation, without this person or without this
-- organisation. Who asks may go on to take them away: until the transaction ends, everybody else who asks waits.
create function platform_keeps_administrator(without_person uuid, without_organisation uuid) returns boolean
    language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('platform_administrators', 0));
    return exists (
        select from users u
          join organisations o on o.id = u.org_id and o.status = 'active'
         where u.role = 'platform_admin' and u.status = 'active'
           and u.id is distinct from without_person and o.id is distinct from without_organisation
    );
end
$$;
revoke execute on function platform_keeps_administrator(uuid, uuid) from public;
grant execute on function platform_keeps_administrator(uuid, uuid) to azora_app;

-- Searching the catalogue ---------------------------------------------------------------------------------------

-- Else a search reads all that was written since the last vacuum, once for each language. Writers are few.
alter index courses_search set (fastupdate = off);
select gin_clean_pending_list('courses_search');

-- The tenant is looked up once for a statement, not once for each course that it passes by.
alter policy tenant on courses using (org_id = (select current_org())) with check (org_id = (select current_org()));

-- What a web search means in each configuration: to rank by, and to find the present tenant's courses with.
create function search_conditions(wanted text) returns table (query tsquery, condition tsquery)
    language sql stable
    begin atomic
        with words as materialized (
            select config, websearch_to_tsquery(config, wanted) as query
              from unnest(array[
                  'simple', 'english', 'german', 'french', 'spanish', 'italian', 'portuguese', 'dutch', 'swedish',
                  'danish', 'norwegian', 'finnish', 'russian', 'hungarian', 'romanian', 'turkish'
              ]::regconfig[]) as config
        )
        select words.query, words.query && quote_literal(courses_lexeme(current_org(), words.config))::tsquery
          from words
         where numnode(words.query) > 0;
    end;

create or replace function courses_matching(wanted text) returns table (id uuid, rank double precision)
    language sql stable security definer set search_path = public, pg_temp rows 1000
    begin atomic
        select c.id, ts_rank(c.heading, words.query)
          from search_conditions(wanted) as words
          join courses c on c.search @@ words.condition
         where c.org_id = (select current_org());
    end;

-- The same without the ranks, which take half of the time where words are common.
create function courses_found(wanted text) returns table (id uuid)
    language sql stable security definer set search_path = public, pg_temp rows 1000
    begin atomic
        select c.id
          from search_conditions(wanted) as words
          join courses c on c.search @@ words.condition
         where c.org_id = (select current_org());
    end;
revoke execute on function search_conditions(text), courses_found(text) from public;
grant execute on function courses_found(text) to azora_app, azora_system;

-- Signing in ----------------------------------------------------------------------------------------------------

-- Who has an address in an active organisation: the one look-up before there is a tenant, whatever it finds.
create function account_by_address(organisation text, address text)
    returns table (org_id uuid, id uuid, password_hash text, role text, status text, created_at timestamptz)
    language sql stable security definer set search_path = public, pg_temp rows 1
    begin atomic
        select u.org_id, u.id, u.password_hash::text, u.role::text, u.status::text, u.created_at
          from organisations o
          join users u on u.org_id = o.id and u.email = address
         where o.slug = organisation and o.status = 'active';
    end;
revoke execute on function account_by_address(text, text) from public;
grant execute on function account_by_address(text, text) to azora_app;

-- Every event's transaction would lock its organisation's row, whose lock all concurrent ones then share in turns.
alter table outbox drop constraint outbox_org_id_fkey;
alter table outbox add check (org_id <> '00000000-0000-0000-0000-000000000000');
