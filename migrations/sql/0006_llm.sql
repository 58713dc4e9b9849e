-- Language models: who may ask and with which key, what may be spent, and what was.

-- An organisation without a row has the defaults.
create table llm_settings (
    org_id          uuid        primary key references organisations (id),
    models          text[],     -- the names that may be asked for; null: all
    regions         text[],     -- where conversations may go besides the cluster; null: wherever the table of models says
    cache_seconds   integer     check (cache_seconds between 1 and 86400),     -- null: nothing is answered from memory
    transcript_days integer     check (transcript_days between 1 and 3650),    -- null: conversations are not kept
    revision        integer     not null default 1,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now()
);

create table llm_api_keys (
    id           uuid         primary key,
    org_id       uuid         not null references organisations (id),
    name         varchar(100) not null check (name <> ''),
    digest       bytea        not null check (length(digest) = 32),   -- SHA-256 of 256 random bits
    scopes       text[]       not null,
    feature      varchar(64)  not null,             -- what its calls are metered under
    created_by   uuid         not null,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,                       -- to ten minutes
    created_at   timestamptz  not null default now(),
    unique (org_id, id),
    foreign key (org_id, created_by) references users (org_id, id)
);
create index llm_api_keys_page on llm_api_keys (org_id, id);
create index llm_api_keys_maker on llm_api_keys (org_id, created_by);

-- What may be spent in a period; with the period `minute` it is a rate limit. Subjects `user` and `key` without an id
-- mean each of them by itself.
create table llm_budgets (
    id         uuid        primary key,
    org_id     uuid        not null references organisations (id),
    subject    varchar(20) not null check (subject in ('organisation', 'user', 'key', 'feature')),
    user_id    uuid        check (user_id is null or subject = 'user'),
    key_id     uuid        check (key_id is null or subject = 'key'),
    feature    varchar(64) check ((feature is not null) = (subject = 'feature')),
    unit       varchar(20) not null check (unit in ('requests', 'tokens', 'microdollars')),
    period     varchar(20) not null check (period in ('minute', 'hour', 'day', 'month', 'total')),
    maximum    bigint      not null check (maximum between 0 and 9007199254740991),
    revision   integer     not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (org_id, id),
    foreign key (org_id, user_id) references users (org_id, id),
    foreign key (org_id, key_id) references llm_api_keys (org_id, id)
);
create unique index llm_budgets_once on llm_budgets (org_id, subject, user_id, key_id, feature, unit, period)
    nulls not distinct;

-- What is spent of a budget, and what calls in progress may still come to. `holder` is whose: a person's or a key's id,
-- or nil where the budget is for all together; `starts_at` begins the period, minus infinity for one that never ends.
create table llm_counters (
    budget_id uuid        not null,
    holder    uuid        not null,
    starts_at timestamptz not null,
    org_id    uuid        not null,
    spent     bigint      not null,
    reserved  bigint      not null,
    primary key (budget_id, holder, starts_at),
    foreign key (org_id, budget_id) references llm_budgets (org_id, id) on delete cascade
) with (fillfactor = 50);
create index llm_counters_org on llm_counters (org_id);
create index llm_counters_past on llm_counters (starts_at);

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
    failed        bigint       not null,   -- of the requests: came to nothing
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
-- `budgets` are those in whose counters it is reserved.
create table llm_reservations (
    id            uuid         primary key,
    org_id        uuid         not null references organisations (id),
    user_id       uuid,
    key_id        uuid,
    course_id     uuid,
    feature       varchar(64)  not null,
    kind          varchar(20)  not null,
    model         varchar(128) not null,
    provider      varchar(64)  not null,
    target        varchar(128) not null,
    input_tokens  bigint       not null,
    output_tokens bigint       not null,
    microdollars  bigint       not null,
    budgets       uuid[]       not null,
    began_at      timestamptz  not null,
    expires_at    timestamptz  not null
);
create index llm_reservations_org on llm_reservations (org_id);
create index llm_reservations_overdue on llm_reservations (expires_at);

create table llm_transcripts (
    id         uuid         primary key,
    org_id     uuid         not null references organisations (id),
    user_id    uuid,
    key_id     uuid,
    model      varchar(128) not null,
    sealed     bytea        not null,      -- AES-256-GCM over a JSON object: messages and answer
    created_at timestamptz  not null default now(),
    expires_at timestamptz  not null
);
create index llm_transcripts_page on llm_transcripts (org_id, id);
create index llm_transcripts_user on llm_transcripts (org_id, user_id, id);
create index llm_transcripts_expired on llm_transcripts (expires_at);

do $$
declare name text;
begin
    foreach name in array array['llm_settings', 'llm_budgets'] loop
        execute format('create trigger touch before update on %I for each row execute function touch()', name);
    end loop;
    foreach name in array array[
        'llm_settings', 'llm_api_keys', 'llm_budgets', 'llm_counters', 'llm_usage', 'llm_reservations', 'llm_transcripts'
    ] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy tenant on %I to azora_app using (org_id = current_org()) with check (org_id = current_org())', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
        execute format('grant select, insert, update, delete on %I to azora_system', name);
    end loop;
end
$$;
grant select, insert, update, delete on
    llm_settings, llm_budgets, llm_counters, llm_usage, llm_reservations, llm_transcripts to azora_app;
grant select, insert, update on llm_api_keys to azora_app;

-- Replicas remember settings, keys and whether there are budgets, until they hear that something changed.
create function llm_notify() returns trigger language plpgsql as $$
begin
    perform pg_notify('llm_changed', coalesce(to_jsonb(new), to_jsonb(old)) ->> tg_argv[0]);
    return null;
end
$$;
create trigger llm_changed after insert or update or delete on llm_settings
    for each row execute function llm_notify('org_id');
create trigger llm_changed after insert or delete on llm_budgets for each row execute function llm_notify('org_id');
create trigger llm_changed after update of revoked_at on llm_api_keys
    for each row when (old.revoked_at is distinct from new.revoked_at) execute function llm_notify('org_id');
create trigger llm_changed after update of status on organisations
    for each row when (old.status is distinct from new.status) execute function llm_notify('id');

-- A key is presented before its tenant is known.
create function llm_api_key(wanted uuid)
    returns table (id uuid, org_id uuid, digest bytea, scopes text[], feature text, expires_at timestamptz)
    language sql stable security definer set search_path = public, pg_temp
    begin atomic
        select k.id, k.org_id, k.digest, k.scopes, k.feature::text, k.expires_at
          from llm_api_keys k join organisations o on o.id = k.org_id
         where k.id = wanted and k.revoked_at is null and o.status = 'active';
    end;
revoke execute on function llm_api_key(uuid) from public;
grant execute on function llm_api_key(uuid) to azora_app, azora_system;

-- The ledger. Each organisation has a lock: whoever touches counters, or makes a budget, has it alone; whoever writes
-- calls to which no budget applies shares it. So a new budget begins with exactly what was written before it. Each
-- function declares the tenant first, that one round trip may do, then takes the lock, and only then looks.

create function llm_lock(org uuid) returns bigint language sql immutable parallel safe
    return hashtextextended('llm:' || org, 0);

create function llm_enter(org uuid, alone boolean) returns void language plpgsql as $$
begin
    perform set_config('azora.org_id', org::text, true);
    if alone then
        perform pg_advisory_xact_lock(llm_lock(org));
    else
        perform pg_advisory_xact_lock_shared(llm_lock(org));
    end if;
end
$$;

create function llm_period(period text, at timestamptz) returns timestamptz language sql immutable parallel safe
    return case period when 'total' then '-infinity' else date_trunc(period, at, 'UTC') end;

create function llm_renewed(period text, at timestamptz) returns timestamptz language sql immutable parallel safe
    return case period when 'total' then null
                       else (date_trunc(period, at at time zone 'UTC') + ('1 ' || period)::interval) at time zone 'UTC' end;

-- Whose counter of a budget a call belongs to; null: the budget is not about it.
create function llm_holder(budget llm_budgets, user_id uuid, key_id uuid, feature text) returns uuid
    language sql immutable parallel safe
    return case budget.subject
        when 'organisation' then '00000000-0000-0000-0000-000000000000'::uuid
        when 'feature' then case when budget.feature = feature then '00000000-0000-0000-0000-000000000000'::uuid end
        when 'user' then case when budget.user_id is null or budget.user_id = user_id then user_id end
        when 'key' then case when budget.key_id is null or budget.key_id = key_id then key_id end
    end;

create function llm_amount(unit text, requests bigint, tokens bigint, microdollars bigint) returns bigint
    language sql immutable parallel safe
    return case unit when 'requests' then requests when 'tokens' then tokens else microdollars end;

-- Writes reservations. `alone` must be true where the organisation has budgets; where it is false and there are some,
-- nothing is written and there is no answer. A line for each item: by which budget it is refused, null: by none.
create function llm_reserve(org uuid, alone boolean, items jsonb)
    returns table (id uuid, budget_id uuid, unit text, period text, maximum bigint, spent bigint, reserved bigint,
                   wanted bigint, renewed_at timestamptz)
    language plpgsql as $$
#variable_conflict use_column
declare
    item llm_reservations;
    budget llm_budgets;
    counter llm_counters;
    amount bigint;
    refused boolean;
begin
    perform llm_enter(org, alone);
    if not alone then
        if exists (select from llm_budgets b where b.org_id = org) then
            return;
        end if;
        return query
            with written as (
                insert into llm_reservations
                select (jsonb_populate_record(null::llm_reservations, i || '{"budgets": []}')).*
                  from jsonb_array_elements(items) as i
                on conflict do nothing
            )
            select (i ->> 'id')::uuid, null::uuid, null, null, null::bigint, null::bigint, null::bigint, null::bigint,
                   null::timestamptz
              from jsonb_array_elements(items) as i;
        return;
    end if;
    for item in select (jsonb_populate_record(null::llm_reservations, i || '{"budgets": []}')).*
                  from jsonb_array_elements(items) with ordinality as e (i, place) order by place
    loop
        refused := false;
        for budget in select b.* from llm_budgets b
                       where b.org_id = org and llm_holder(b, item.user_id, item.key_id, item.feature) is not null
                       order by b.id
        loop
            amount := llm_amount(budget.unit, 1, item.input_tokens + item.output_tokens, item.microdollars);
            insert into llm_counters as c (budget_id, holder, starts_at, org_id, spent, reserved)
            values (budget.id, llm_holder(budget, item.user_id, item.key_id, item.feature),
                    llm_period(budget.period, item.began_at), org, 0, amount)
            on conflict (budget_id, holder, starts_at) do update set reserved = c.reserved + excluded.reserved
            returning * into counter;
            item.budgets := item.budgets || budget.id;
            if counter.spent + counter.reserved > budget.maximum then
                refused := true;
                exit;
            end if;
        end loop;
        if refused then
            update llm_counters c
               set reserved = c.reserved
                   - llm_amount(b.unit, 1, item.input_tokens + item.output_tokens, item.microdollars)
              from llm_budgets b
             where b.id = any (item.budgets) and c.budget_id = b.id
               and c.holder = llm_holder(b, item.user_id, item.key_id, item.feature)
               and c.starts_at = llm_period(b.period, item.began_at);
            return query select item.id, budget.id, budget.unit::text, budget.period::text, budget.maximum,
                                counter.spent, counter.reserved - amount, amount,
                                llm_renewed(budget.period, item.began_at);
        else
            insert into llm_reservations select item.*;
            return query select item.id, null::uuid, null, null, null::bigint, null::bigint, null::bigint, null::bigint,
                                null::timestamptz;
        end if;
    end loop;
end
$$;

-- Ends reservations and adds what calls came to. A call whose reservation is gone was taken for lost and counted then:
-- its id is not among those given back. Items: id, reserved (false: it may never have been, and counts in any case), began_at, user_id, key_id,
-- feature, model, requests, tokens, microdollars (what budgets count) and lines (what is reported: for each target its
-- provider, requests, failed, cached, input_tokens, output_tokens, microdollars).
create function llm_settle(org uuid, alone boolean, items jsonb) returns setof uuid language plpgsql as $$
#variable_conflict use_column
declare
    item record;
    held llm_reservations;
    nothing llm_reservations;
    budget llm_budgets;
begin
    perform llm_enter(org, alone);
    if not alone and exists (select from llm_budgets b where b.org_id = org) then
        raise exception 'this organisation has budgets' using errcode = 'serialization_failure';
    end if;
    for item in select i.* from jsonb_array_elements(items) with ordinality as e (raw, place),
                       jsonb_to_record(raw) as i (id uuid, reserved boolean, began_at timestamptz, user_id uuid,
                           key_id uuid, feature text, model text, requests bigint, tokens bigint, microdollars bigint,
                           lines jsonb)
                 order by place
    loop
        held := nothing;
        delete from llm_reservations r where r.id = item.id returning r.* into held;
        continue when item.reserved and held.id is null;
        for budget in select b.* from llm_budgets b
                       where b.org_id = org and llm_holder(b, item.user_id, item.key_id, item.feature) is not null
        loop
            insert into llm_counters as c (budget_id, holder, starts_at, org_id, spent, reserved)
            values (budget.id, llm_holder(budget, item.user_id, item.key_id, item.feature),
                    llm_period(budget.period, item.began_at), org,
                    llm_amount(budget.unit, item.requests, item.tokens, item.microdollars), 0)
            on conflict (budget_id, holder, starts_at) do update
                set spent = c.spent + excluded.spent,
                    reserved = c.reserved - case when budget.id = any (held.budgets)
                        then llm_amount(budget.unit, 1, held.input_tokens + held.output_tokens, held.microdollars)
                        else 0 end;
        end loop;
        insert into llm_usage as u
        select org, (item.began_at at time zone 'UTC')::date, item.user_id, item.key_id, item.feature, item.model,
               l.provider, l.target, l.requests, l.failed, l.cached, l.input_tokens, l.output_tokens, l.microdollars
          from jsonb_to_recordset(item.lines) as l (provider text, target text, requests bigint, failed bigint,
                   cached bigint, input_tokens bigint, output_tokens bigint, microdollars bigint)
        on conflict (org_id, day, user_id, key_id, feature, model, provider, target) do update
            set requests = u.requests + excluded.requests, failed = u.failed + excluded.failed,
                cached = u.cached + excluded.cached, input_tokens = u.input_tokens + excluded.input_tokens,
                output_tokens = u.output_tokens + excluded.output_tokens,
                microdollars = u.microdollars + excluded.microdollars;
        return next item.id;
    end loop;
    update llm_api_keys k set last_used_at = now()
      from (select a.id from llm_api_keys a
             where a.id in (select (i ->> 'key_id')::uuid from jsonb_array_elements(items) as i)
               and (a.last_used_at is null or a.last_used_at < now() - interval '10 minutes')
               for update skip locked) as used
     where k.id = used.id;
end
$$;

-- The counters that a new budget begins with: what was spent in its present period as far as it was written by days,
-- and every call in progress. Take the organisation's lock alone before the budget is written.
create function llm_open_budget(wanted uuid) returns void language plpgsql as $$
#variable_conflict use_column
declare budget llm_budgets;
begin
    select b.* into budget from llm_budgets b where b.id = wanted;
    insert into llm_counters (budget_id, holder, starts_at, org_id, spent, reserved)
    select budget.id, llm_holder(budget, u.user_id, u.key_id, u.feature), llm_period(budget.period, now()),
           budget.org_id, sum(llm_amount(budget.unit, u.requests - u.failed, u.input_tokens + u.output_tokens,
                                         u.microdollars)), 0
      from llm_usage u
     where u.org_id = budget.org_id and budget.period in ('day', 'month', 'total')
       and (budget.period = 'total'
            or u.day >= (llm_period(budget.period, now()) at time zone 'UTC')::date)
       and llm_holder(budget, u.user_id, u.key_id, u.feature) is not null
     group by 2;
    insert into llm_counters as c (budget_id, holder, starts_at, org_id, spent, reserved)
    select budget.id, llm_holder(budget, r.user_id, r.key_id, r.feature), llm_period(budget.period, r.began_at),
           budget.org_id, 0, sum(llm_amount(budget.unit, 1, r.input_tokens + r.output_tokens, r.microdollars))
      from llm_reservations r
     where r.org_id = budget.org_id and llm_holder(budget, r.user_id, r.key_id, r.feature) is not null
     group by 2, 3
    on conflict (budget_id, holder, starts_at) do update set reserved = c.reserved + excluded.reserved;
    update llm_reservations r set budgets = r.budgets || budget.id
     where r.org_id = budget.org_id and llm_holder(budget, r.user_id, r.key_id, r.feature) is not null;
end
$$;
