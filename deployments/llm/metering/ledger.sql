-- The ledger of calls: see migrations/sql/0006_llm.sql, and 0017 for tasks of agents.

-- name: reserve
select id, budget_id, unit, period, maximum, spent, reserved, wanted, renewed_at
  from llm_reserve(:org_id, :alone, :items::jsonb);

-- name: overdue
select id, org_id, user_id, key_id, course_id, feature, kind, model, provider, target, input_tokens, output_tokens,
       microdollars, began_at, expires_at, task_id
  from llm_reservations where expires_at < now() order by org_id, expires_at limit :limit;

-- name: forget_counters$
-- Of periods that ended long ago. What is still reserved in one is settled there first.
with gone as (
    delete from llm_counters c using llm_budgets b
     where b.id = c.budget_id and c.reserved <= 0 and c.starts_at > '-infinity'
       and c.starts_at < now() - case b.period when 'month' then interval '63 days' else interval '3 days' end
    returning 1
)
select count(*) from gone;

-- name: forget_transcripts$
with gone as (
    delete from llm_transcripts
     where id in (select id from llm_transcripts where expires_at < now() limit :limit)
    returning 1
)
select count(*) from gone;
