-- Without budgets calls are settled all together: one row of usage is written once for a batch, not once for a call.
-- Both take and give what llm_settle does (see 0006_llm.sql).

create function llm_used_keys(items jsonb) returns void language sql as $$
    update llm_api_keys k set last_used_at = now()
      from (select a.id from llm_api_keys a
             where a.id in (select (i ->> 'key_id')::uuid from jsonb_array_elements(items) as i)
               and (a.last_used_at is null or a.last_used_at < now() - interval '10 minutes')
               for update skip locked) as used
     where k.id = used.id;
$$;

create function llm_settle_unbudgeted(org uuid, items jsonb) returns setof uuid language sql as $$
    with item as materialized (
        select distinct on (i.id) i.*
          from jsonb_to_recordset(items) as i (id uuid, reserved boolean, began_at timestamptz, user_id uuid, key_id uuid,
                   feature text, model text, lines jsonb)
    ), ended as (
        delete from llm_reservations r using item i where r.id = i.id returning r.id
    ), counted as materialized (
        select i.* from item i left join ended e on e.id = i.id where not i.reserved or e.id is not null
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
        return query select * from llm_settle_unbudgeted(org, items);
        perform llm_used_keys(items);
        return;
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
    perform llm_used_keys(items);
end
$$;
