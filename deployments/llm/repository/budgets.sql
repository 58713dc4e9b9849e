-- Budgets of an organisation, and what is spent of them.

-- name: hold_ledger!
-- Until the transaction ends no call is reserved or settled: a budget begins with exactly what was written before it.
select pg_advisory_xact_lock(llm_lock(current_org()));

-- name: insert^
insert into llm_budgets (id, org_id, subject, user_id, key_id, feature, unit, period, maximum)
values (:id, current_org(), :subject, :user_id, :key_id, :feature, :unit, :period, :maximum)
returning id;

-- name: open!
select llm_open_budget(:id);

-- name: page
-- What all holders together spent in the present period. Of a budget that each has by themselves, what that is of the
-- one who spent most.
select b.id, b.subject, b.user_id, b.key_id, b.feature, b.unit, b.period, b.maximum, b.revision, b.created_at,
       b.updated_at, coalesce(c.spent, 0) as spent, coalesce(c.reserved, 0) as reserved,
       coalesce(c.most_spent, 0) as most_spent, llm_renewed(b.period, now()) as renewed_at
  from llm_budgets b
  left join lateral (
      select sum(c.spent)::bigint as spent, sum(c.reserved)::bigint as reserved, max(c.spent) as most_spent
        from llm_counters c where c.budget_id = b.id and c.starts_at = llm_period(b.period, now())
  ) c on true
 where (:id::uuid is null or b.id = :id) and (:after::uuid is null or b.id < :after)
 order by b.id desc limit :limit;

-- name: lock^
select revision from llm_budgets where id = :id for update;

-- name: change!
update llm_budgets set maximum = :maximum where id = :id;

-- name: delete!
delete from llm_budgets where id = :id;
