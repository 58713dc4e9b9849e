-- The audit log: what was done, by whom, on whose word; one hash chain per organisation.
--
-- An entry is written to `audit_pending` in the transaction of what it tells of, so that nobody waits for anybody else's.
-- A single writer, the sealer, moves entries to `audit_log` in the order of their transactions, numbers them without
-- gaps and chains them. The platform's own chain is that of the nil organisation. Entries hold no personal data.

create table audit_pending (
    seq         bigint      generated always as identity primary key,
    xid         xid8        not null default event_xid(),
    org_id      uuid        not null,
    recorded_at timestamptz not null default clock_timestamp(),
    body        text        not null check (octet_length(body) <= 65536),  -- canonical JSON
    -- Nothing that the chain could not take up later.
    check (coalesce(jsonb_typeof(body::jsonb) = 'object' and body::jsonb ->> 'action' ~ '^[a-z0-9_]+(\.[a-z0-9_]+)+$', false))
);
create index audit_pending_order on audit_pending (org_id, xid, seq);

-- `hash` is SHA-256 over: the hash before (32 bytes; zeros before the first), the number (8 bytes, big-endian),
-- `recorded_at` as microseconds since 2000-01-01 UTC (8 bytes, big-endian), the organisation's id (16 bytes), the body.
create table audit_log (
    org_id      uuid        not null,
    number      bigint      not null check (number > 0),
    recorded_at timestamptz not null,
    body        text        not null,
    hash        bytea       not null,
    -- What entries are found by; they cannot say anything else than the body does.
    action      text        generated always as (body::jsonb ->> 'action') stored,
    actor       text        generated always as (body::jsonb ->> 'actor') stored,
    subject     text        generated always as (body::jsonb ->> 'subject') stored,
    primary key (org_id, number)
);
create index audit_log_action on audit_log (org_id, action, number);
create index audit_log_actor on audit_log (org_id, actor, number) where actor is not null;
create index audit_log_subject on audit_log (org_id, subject, number) where subject is not null;
create index audit_log_time on audit_log (org_id, recorded_at);

-- Where each chain ends, signed with a key that is not in the database in the clear.
create table audit_chains (
    org_id    uuid        primary key,
    number    bigint      not null default 0,
    hash      bytea       not null default '\x0000000000000000000000000000000000000000000000000000000000000000',
    token     text,       -- JWS over organisation, number, hash and time; null while nothing was sealed
    sealed_at timestamptz
);

-- Ends of the past, kept for ever: whoever cuts a chain off must not have shown anybody one of these.
create table audit_checkpoints (
    org_id     uuid        not null,
    number     bigint      not null,
    token      text        not null,
    created_at timestamptz not null default now(),
    primary key (org_id, number)
);

create function audit_hash(previous bytea, number bigint, recorded_at timestamptz, org_id uuid, body text)
    returns bytea language sql immutable parallel safe
    return sha256(
        previous || int8send(number) || timestamptz_send(recorded_at) || uuid_send(org_id) || convert_to(body, 'UTF8')
    );

-- Not even the owner changes what was written, short of taking this away; then the hashes tell.
create function audit_is_final() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is never changed' using errcode = 'insufficient_privilege';
end
$$;
create trigger final before update or delete or truncate on audit_log for each statement execute function audit_is_final();
create trigger final before update or delete or truncate on audit_checkpoints
    for each statement execute function audit_is_final();
create trigger final before update on audit_pending for each statement execute function audit_is_final();

-- Organisations with entries to seal, and where their chains end. Steps from one to the next over the index.
create function audit_chains_to_seal(wanted integer)
    returns table (org_id uuid, number bigint, hash bytea, token text, checkpoint bigint, checkpoint_at timestamptz)
    language sql stable security definer set search_path = public, pg_temp
    begin atomic
        with recursive waiting as (
            (select p.org_id from audit_pending p order by p.org_id limit 1)
            union all
            select (select p.org_id from audit_pending p where p.org_id > w.org_id order by p.org_id limit 1)
              from waiting w where w.org_id is not null
        )
        select w.org_id, coalesce(c.number, 0), c.hash, c.token, coalesce(k.number, 0), k.created_at
          from waiting w
          left join audit_chains c on c.org_id = w.org_id
          left join lateral (
              select p.number, p.created_at from audit_checkpoints p where p.org_id = w.org_id
               order by p.number desc limit 1
          ) k on true
         where w.org_id is not null
         order by random()  -- however many there are, nobody is always last
         limit wanted;
    end;

-- Chain what waits for one organisation, from the end that the caller has verified. Gives the new end; nothing where the
-- chain ends elsewhere by now or nothing waits.
create function seal_audit(wanted uuid, from_number bigint, from_hash bytea, most integer)
    returns table (number bigint, hash bytea) language plpgsql security definer set search_path = public, pg_temp as $$
declare
    chain audit_chains;
    entry record;
    at bigint;
    link bytea;
    seqs bigint[] := '{}';
    numbers bigint[] := '{}';
    links bytea[] := '{}';
begin
    insert into audit_chains (org_id) values (wanted) on conflict do nothing;
    select * into chain from audit_chains c where c.org_id = wanted for update;
    if chain.number <> from_number or chain.hash <> coalesce(from_hash, chain.hash) then
        return;
    end if;
    at := chain.number;
    link := chain.hash;
    for entry in select p.seq, p.recorded_at, p.body from audit_pending p
                  where p.org_id = wanted order by p.xid, p.seq limit most loop
        at := at + 1;
        link := audit_hash(link, at, entry.recorded_at, wanted, entry.body);
        seqs := seqs || entry.seq;
        numbers := numbers || at;
        links := links || link;
    end loop;
    if at = chain.number then
        return;
    end if;
    with moved as (
        delete from audit_pending p where p.seq = any(seqs) returning p.seq, p.recorded_at, p.body
    )
    insert into audit_log (org_id, number, recorded_at, body, hash)
    select wanted, l.number, m.recorded_at, m.body, l.hash
      from unnest(seqs, numbers, links) as l (seq, number, hash)
      join moved m on m.seq = l.seq;
    return query select at, link;
end
$$;

-- Put the end that `seal_audit` gave in place, with its signature, in the same transaction.
create function end_audit_chain(wanted uuid, at bigint, link bytea, signed text, keep boolean) returns void
    language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update audit_chains c set number = at, hash = link, token = signed, sealed_at = now()
     where c.org_id = wanted and c.number <= at;
    if keep then
        insert into audit_checkpoints (org_id, number, token) values (wanted, at, signed) on conflict do nothing;
    end if;
end
$$;

do $$
declare name text;
begin
    foreach name in array array['audit_pending', 'audit_log', 'audit_chains', 'audit_checkpoints'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
    end loop;
    foreach name in array array['audit_log', 'audit_chains', 'audit_checkpoints'] loop
        execute format('create policy tenant on %I to azora_app using (org_id = current_org()) with check (org_id = current_org())', name);
    end loop;
end
$$;
-- What concerns the platform is done by people of some organisation.
create policy tenant on audit_pending to azora_app using (org_id = current_org())
    with check (org_id in (current_org(), '00000000-0000-0000-0000-000000000000'));

grant select, insert (org_id, body) on audit_pending to azora_app, azora_system;
grant select on audit_log, audit_chains, audit_checkpoints to azora_app, azora_system;
revoke execute on function audit_chains_to_seal(integer), seal_audit(uuid, bigint, bytea, integer),
    end_audit_chain(uuid, bigint, bytea, text, boolean) from public;
grant execute on function audit_chains_to_seal(integer), seal_audit(uuid, bigint, bytea, integer),
    end_audit_chain(uuid, bigint, bytea, text, boolean) to azora_system;

-- A key of its own signs the ends of chains.
alter table signing_keys drop constraint signing_keys_purpose_check;
alter table signing_keys add check (purpose in ('access', 'certificate', 'audit'));

-- What the governor judges by --------------------------------------------------------------------------------

-- Versions of an organisation's own constitution. None is ever changed; version 0 is the one the platform comes with.
create table constitutions (
    org_id      uuid         not null references organisations (id),
    number      integer      not null check (number > 0),
    document    jsonb        not null,
    digest      varchar(64)  not null,
    note        varchar(500) not null default '',
    proposed_by uuid         not null,
    proposed_at timestamptz  not null default now(),
    primary key (org_id, number)
);

-- Which version was in force from when on; the last one is.
create table constitution_activations (
    seq          bigint      generated always as identity primary key,
    org_id       uuid        not null references organisations (id),
    number       integer     not null check (number >= 0),
    activated_by uuid        not null,
    activated_at timestamptz not null default now()
);
create index constitution_activations_newest on constitution_activations (org_id, seq);

-- Plans that were judged, without the values of their arguments: what a version can be tried on.
create table judged_plans (
    seq       bigint      generated always as identity primary key,
    org_id    uuid        not null references organisations (id),
    task_id   uuid        not null,
    shape     jsonb       not null,
    verdict   varchar(10) not null,
    judged_at timestamptz not null default now()
);
create index judged_plans_newest on judged_plans (org_id, seq);

do $$
declare name text;
begin
    foreach name in array array['constitutions', 'constitution_activations', 'judged_plans'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy tenant on %I to azora_app using (org_id = current_org()) with check (org_id = current_org())', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
    end loop;
end
$$;
grant select, insert on constitutions, constitution_activations, judged_plans to azora_app, azora_system;
grant delete on judged_plans to azora_system;
