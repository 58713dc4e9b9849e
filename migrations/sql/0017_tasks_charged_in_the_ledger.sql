-- A call in the name of an agent's task is charged to the task in the statement that reserves it, and corrected in the
-- one that ends the reservation, whoever ends it. Calls that were reserved before name no task, and change none.
alter table llm_reservations add column task_id uuid;

-- Tasks are locked right after the organisation's lock, before counters and usage, and in the order of their ids: a
-- person's erasure takes tasks before usage, too.
create function llm_hold_tasks(items jsonb) returns void language sql as $$
    select 1 from agent_tasks t
     where t.id in (select (i ->> 'task_id')::uuid from jsonb_array_elements(items) as i where i ->> 'task_id' is not null)
     order by t.id for no key update;
$$;

create function llm_pay(task uuid, more_tokens bigint, more_microdollars bigint) returns void language sql as $$
    update agent_tasks t
       set tokens = t.tokens + more_tokens, cost_microdollars = t.cost_microdollars + more_microdollars
     where t.id = task;
$$;

-- A line of llm_reserve where the call might exceed what its task has left: with the task's id in place of a budget's,
-- and the period 'task'. A task that is not there has nothing left.
create function llm_beyond_task(item llm_reservations)
    returns table (id uuid, budget_id uuid, unit text, period text, maximum bigint, spent bigint, reserved bigint,
                   wanted bigint, renewed_at timestamptz)
    language sql as $$
    select item.id, item.task_id, a.unit, 'task', a.maximum, a.spent, 0::bigint, a.wanted, null::timestamptz
      from (select 1) as one
      left join agent_tasks t on t.id = item.task_id
     cross join lateral (values
               ('tokens', coalesce(t.maximum_tokens, 0), coalesce(t.tokens, 0), item.input_tokens + item.output_tokens),
               ('microdollars', coalesce(t.maximum_cost_microdollars, 0), coalesce(t.cost_microdollars, 0),
                item.microdollars)
           ) as a (unit, maximum, spent, wanted)
     where item.task_id is not null and (t.id is null or a.spent + a.wanted > a.maximum)
     limit 1;
$$;

-- As in 0006_llm.sql, but for tasks.
create or replace function llm_reserve(org uuid, alone boolean, items jsonb)
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
        perform llm_hold_tasks(items);
        for item in select (jsonb_populate_record(null::llm_reservations, i || '{"budgets": []}')).*
                      from jsonb_array_elements(items) as i where i ->> 'task_id' is not null
        loop
            return query select * from llm_beyond_task(item);
            continue when found;
            insert into llm_reservations select item.*;
            perform llm_pay(item.task_id, item.input_tokens + item.output_tokens, item.microdollars);
            return query select item.id, null::uuid, null, null, null::bigint, null::bigint, null::bigint, null::bigint,
                                null::timestamptz;
        end loop;
        return query
            with written as (
                insert into llm_reservations
                select (jsonb_populate_record(null::llm_reservations, i || '{"budgets": []}')).*
                  from jsonb_array_elements(items) as i where i ->> 'task_id' is null
                on conflict do nothing
            )
            select (i ->> 'id')::uuid, null::uuid, null, null, null::bigint, null::bigint, null::bigint, null::bigint,
                   null::timestamptz
              from jsonb_array_elements(items) as i where i ->> 'task_id' is null;
        return;
    end if;
    perform llm_hold_tasks(items);
    for item in select (jsonb_populate_record(null::llm_reservations, i || '{"budgets": []}')).*
                  from jsonb_array_elements(items) with ordinality as e (i, place) order by place
    loop
        return query select * from llm_beyond_task(item);
        continue when found;
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
            perform llm_pay(item.task_id, item.input_tokens + item.output_tokens, item.microdollars);
            return query select item.id, null::uuid, null, null, null::bigint, null::bigint, null::bigint, null::bigint,
                                null::timestamptz;
        end if;
    end loop;
end
$$;

-- As in 0011_settling_together.sql, but for tasks: what is ended is corrected by what it was charged with; what was never
-- reserved was never charged, and is paid as it is counted.
create or replace function llm_settle_unbudgeted(org uuid, items jsonb) returns setof uuid language sql as $$
    with item as materialized (
        select distinct on (i.id) i.*
          from jsonb_to_recordset(items) as i (id uuid, reserved boolean, began_at timestamptz, user_id uuid, key_id uuid,
                   feature text, model text, task_id uuid, tokens bigint, microdollars bigint, lines jsonb)
    ), ended as (
        delete from llm_reservations r using item i where r.id = i.id
        returning r.id, r.task_id, r.input_tokens + r.output_tokens as tokens, r.microdollars
    ), counted as materialized (
        select i.*, e.id is null or e.task_id is not null as pays, coalesce(e.tokens, 0) as held_tokens,
               coalesce(e.microdollars, 0) as held_microdollars
          from item i left join ended e on e.id = i.id where not i.reserved or e.id is not null
    ), paid as (
        update agent_tasks t
           set tokens = t.tokens + p.tokens, cost_microdollars = t.cost_microdollars + p.microdollars
          from (select c.task_id, sum(c.tokens - c.held_tokens)::bigint as tokens,
                       sum(c.microdollars - c.held_microdollars)::bigint as microdollars
                  from counted c where c.pays and c.task_id is not null group by c.task_id) as p
         where t.id = p.task_id
    ), written as (
        insert into llm_usage as u
        select org, (c.began_at at time zone 'UTC')::date, c.user_id, c.key_id, c.feature, c.model, l.provider, l.target,
               sum(l.requests)::bigint, sum(l.failed)::bigint, sum(l.cached)::bigint, sum(l.input_tokens)::bigint,
               sum(l.output_tokens)::bigint, sum(l.microdollars)::bigint
          from counted c,
               jsonb_to_recordset(c.lines) as l (provider text, target text, requests bigint, failed bigint,
                   cached bigint, input_tokens bigint, output_tokens bigint, microdollars bigint)
         group by 1, 2, 3, 4, 5, 6, 7, 8
         order by 1, 2, 3, 4, 5, 6, 7, 8
        on conflict (org_id, day, user_id, key_id, feature, model, provider, target) do update
            set requests = u.requests + excluded.requests, failed = u.failed + excluded.failed,
                cached = u.cached + excluded.cached, input_tokens = u.input_tokens + excluded.input_tokens,
                output_tokens = u.output_tokens + excluded.output_tokens,
                microdollars = u.microdollars + excluded.microdollars
    )
    select id from counted;
$$;

create or replace function llm_settle(org uuid, alone boolean, items jsonb) returns setof uuid language plpgsql as $$
#variable_conflict use_column
declare
    item record;
    held llm_reservations;
    nothing llm_reservations;
    budget llm_budgets;
begin
    perform llm_enter(org, alone);
    if not alone then
        if exists (select from llm_budgets b where b.org_id = org) then
            raise exception 'this organisation has budgets' using errcode = 'serialization_failure';
        end if;
        perform llm_hold_tasks(items);
        return query select * from llm_settle_unbudgeted(org, items);
        perform llm_used_keys(items);
        return;
    end if;
    perform llm_hold_tasks(items);
    for item in select i.* from jsonb_array_elements(items) with ordinality as e (raw, place),
                       jsonb_to_record(raw) as i (id uuid, reserved boolean, began_at timestamptz, user_id uuid,
                           key_id uuid, feature text, model text, task_id uuid, requests bigint, tokens bigint,
                           microdollars bigint, lines jsonb)
                 order by place
    loop
        held := nothing;
        delete from llm_reservations r where r.id = item.id returning r.* into held;
        continue when item.reserved and held.id is null;
        if held.id is null then
            perform llm_pay(item.task_id, item.tokens, item.microdollars);
        else
            perform llm_pay(held.task_id, item.tokens - (held.input_tokens + held.output_tokens),
                            item.microdollars - held.microdollars);
        end if;
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
    perform llm_used_keys(items);
end
$$;
