-- Language models: who may ask and with which key, what may be spent, and what was.

-- An organisation without a row has the defaults.
create table llm_settings (
    org_id            uuid        primary key references organisations (id),
    models            text[],     -- the names that may be asked for; null: all
    regions           text[],     -- where conversations may go besides the cluster; null: wherever the table of models says
    cache_seconds     integer     check (cache_seconds between 1 and 86400),     -- null: nothing is answered from memory
    transcript_days   integer     check (transcript_days between 1 and 3650),    -- null: conversations are not kept
    tokens_per_minute bigint      check (tokens_per_minute > 0),                 -- null: no limit
    revision          integer     not null default 1,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now()
);

create table llm_api_keys (
    id                uuid         primary key,
    org_id            uuid         not null references organisations (id),
    name              varchar(100) not null check (name <> ''),
    digest            bytea        not null check (length(digest) = 32),   -- SHA-256 of 256 random bits
    scopes            text[]       not null,
    feature           varchar(64)  not null,             -- what its calls are metered under
    tokens_per_minute bigint       check (tokens_per_minute > 0),
    created_by        uuid         not null,
    expires_at        timestamptz,
    revoked_at        timestamptz,
    last_used_at      timestamptz,                       -- to ten minutes
    created_at        timestamptz  not null default now(),
    unique (org_id, id),
    foreign key (org_id, created_by) references users (org_id, id)
);
create index llm_api_keys_page on llm_api_keys (org_id, id);

-- What may be spent in a period. Subjects `user` and `key` without an id mean each of them by itself.
create table llm_budgets (
    id         uuid        primary key,
    org_id     uuid        not null references organisations (id),
    subject    varchar(20) not null check (subject in ('organisation', 'user', 'key', 'feature')),
    user_id    uuid        check (user_id is null or subject = 'user'),
    key_id     uuid        check (key_id is null or subject = 'key'),
    feature    varchar(64) check ((feature is not null) = (subject = 'feature')),
    unit       varchar(20) not null check (unit in ('requests', 'tokens', 'microdollars')),
    period     varchar(20) not null check (period in ('day', 'month', 'total')),
    maximum    bigint      not null check (maximum between 0 and 9007199254740991),
    revision   integer     not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    foreign key (org_id, user_id) references users (org_id, id),
    foreign key (org_id, key_id) references llm_api_keys (org_id, id)
);
create unique index llm_budgets_once on llm_budgets (org_id, subject, user_id, key_id, feature, unit, period)
    nulls not distinct;

-- What was spent, by the UTC day on which calls began.
create table llm_usage (
    org_id        uuid         not null references organisations (id),
    day           date         not null,
    user_id       uuid,
    key_id        uuid,
    feature       varchar(64)  not null,
    model         varchar(128) not null,
    provider      varchar(64)  not null,
    target        varchar(128) not null,
    requests      bigint       not null,
    cached        bigint       not null,   -- of the requests: answered from memory
    input_tokens  bigint       not null,
    output_tokens bigint       not null,
    microdollars  bigint       not null
);
create unique index llm_usage_once on llm_usage (org_id, day, user_id, key_id, feature, model, provider, target)
    nulls not distinct;
create index llm_usage_user on llm_usage (org_id, user_id, day) where user_id is not null;
create index llm_usage_key on llm_usage (org_id, key_id, day) where key_id is not null;

-- Calls in progress, at the most that they can come to. One whose replica died is metered at that, once it is overdue.
create table llm_reservations (
    id            uuid         primary key,
    org_id        uuid         not null references organisations (id),
    user_id       uuid,
    key_id        uuid,
    feature       varchar(64)  not null,
    model         varchar(128) not null,
    provider      varchar(64)  not null,
    target        varchar(128) not null,
    day           date         not null,
    input_tokens  bigint       not null,
    output_tokens bigint       not null,
    microdollars  bigint       not null,
    generation    bigint,                  -- of the counters that have it; null: no budget applies to the call
    began_at      timestamptz  not null,
    expires_at    timestamptz  not null
);
create index llm_reservations_org on llm_reservations (org_id);
create index llm_reservations_overdue on llm_reservations (expires_at);

-- The counters of budgets are kept in Valkey. Each time they are made anew from what is here, their generation grows:
-- what was reserved in, or is settled for, an earlier one is known by it.
create table llm_counters (
    org_id     uuid   primary key references organisations (id),
    generation bigint not null
);

create table llm_transcripts (
    id         uuid        primary key,
    org_id     uuid        not null references organisations (id),
    user_id    uuid,
    key_id     uuid,
    model      varchar(128) not null,
    sealed     bytea       not null,      -- AES-256-GCM over a JSON object: messages and answer
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index llm_transcripts_user on llm_transcripts (org_id, user_id, created_at);
create index llm_transcripts_expired on llm_transcripts (expires_at);

do $$
declare name text;
begin
    foreach name in array array['llm_settings', 'llm_budgets'] loop
        execute format('create trigger touch before update on %I for each row execute function touch()', name);
    end loop;
    foreach name in array array[
        'llm_settings', 'llm_api_keys', 'llm_budgets', 'llm_usage', 'llm_reservations', 'llm_counters', 'llm_transcripts'
    ] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy tenant on %I to azora_app using (org_id = current_org()) with check (org_id = current_org())', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
        execute format('grant select, insert, update, delete on %I to azora_system', name);
    end loop;
end
$$;
grant select, insert, update, delete on llm_settings, llm_budgets to azora_app;
grant select, insert, update on llm_api_keys to azora_app;
grant select on llm_usage, llm_reservations to azora_app;
grant select, delete on llm_transcripts to azora_app;

-- A key is presented before its tenant is known.
create function llm_api_key(wanted uuid)
    returns table (
        id uuid, org_id uuid, digest bytea, scopes text[], feature text, tokens_per_minute bigint, expires_at timestamptz
    )
    language sql stable security definer set search_path = public, pg_temp
    begin atomic
        select k.id, k.org_id, k.digest, k.scopes, k.feature::text, k.tokens_per_minute, k.expires_at
          from llm_api_keys k join organisations o on o.id = k.org_id
         where k.id = wanted and k.revoked_at is null and o.status = 'active';
    end;
revoke execute on function llm_api_key(uuid) from public;
grant execute on function llm_api_key(uuid) to azora_app, azora_system;

-- The ledger. Whoever makes an organisation's counters anew holds its lock alone, whoever writes what they count shares
-- it: so new counters have exactly what was written before them. In each function the first statement takes the lock,
-- and only the next one looks.

create function llm_lock(org_id uuid) returns bigint language sql immutable parallel safe
    return hashtextextended('llm:' || org_id, 0);

create function llm_share(items jsonb) returns void language sql volatile
    begin atomic
        select pg_advisory_xact_lock_shared(lock)
          from (select distinct llm_lock((i ->> 'org_id')::uuid) as lock from jsonb_array_elements(items) as i order by 1) l;
    end;

-- Writes reservations. Gives the ids of those written: not of one that was reserved in counters that are no more.
create function llm_reserve(items jsonb) returns setof uuid language plpgsql as $$
begin
    perform llm_share(items);
    return query
        insert into llm_reservations
        select r.* from jsonb_populate_recordset(null::llm_reservations, items) as r
         where r.generation is null
            or r.generation = (select c.generation from llm_counters c where c.org_id = r.org_id)
        on conflict (id) do update set generation = excluded.generation  -- written before, though nobody was told
        returning id;
end
$$;

-- Ends reservations and adds what calls came to; 0 requests: it came to nothing. A call whose reservation is gone was
-- taken for lost and counted then: `counted` is false. `generation` is that of the counters which do not have it yet.
create function llm_settle(items jsonb)
    returns table (place integer, counted boolean, generation bigint) language plpgsql as $$
begin
    perform llm_share(items);
    update llm_api_keys k set last_used_at = now()
      from (select a.id from llm_api_keys a
             where a.id in (select (i ->> 'key_id')::uuid from jsonb_array_elements(items) as i)
               and (a.last_used_at is null or a.last_used_at < now() - interval '10 minutes')
               for update skip locked) as used
     where k.id = used.id;
    return query
        with given as (
                 select * from jsonb_to_recordset(items) as i (
                     place integer, reservation uuid, org_id uuid, day date, user_id uuid, key_id uuid, feature text,
                     model text, provider text, target text, requests bigint, cached bigint, input_tokens bigint,
                     output_tokens bigint, microdollars bigint
                 )
             ),
             ended as (delete from llm_reservations r using given g where r.id = g.reservation returning r.id),
             due as (
                 select g.* from given g
                  where g.reservation is null or exists (select from ended e where e.id = g.reservation)
             ),
             added as (
                 insert into llm_usage as u
                 select d.org_id, d.day, d.user_id, d.key_id, d.feature, d.model, d.provider, d.target,
                        sum(d.requests), sum(d.cached), sum(d.input_tokens), sum(d.output_tokens), sum(d.microdollars)
                   from due d where d.requests > 0
                  group by 1, 2, 3, 4, 5, 6, 7, 8
                  order by 1, 2, 3, 4, 5, 6, 7, 8
                 on conflict (org_id, day, user_id, key_id, feature, model, provider, target) do update
                     set requests = u.requests + excluded.requests, cached = u.cached + excluded.cached,
                         input_tokens = u.input_tokens + excluded.input_tokens,
                         output_tokens = u.output_tokens + excluded.output_tokens,
                         microdollars = u.microdollars + excluded.microdollars
                 returning 1
             )
        select g.place, exists (select from due d where d.place = g.place), c.generation
          from given g left join llm_counters c on c.org_id = g.org_id;
end
$$;

revoke execute on function llm_reserve(jsonb), llm_settle(jsonb), llm_share(jsonb) from public;
grant execute on function llm_reserve(jsonb), llm_settle(jsonb), llm_share(jsonb) to azora_system;
