-- What tasks of agents pay for models: see migrations/sql/0007_agents.sql.

-- name: charge$
update agent_tasks
   set tokens = tokens + :tokens, cost_microdollars = cost_microdollars + :microdollars
 where id = :id and tokens + :tokens <= maximum_tokens
   and cost_microdollars + :microdollars <= maximum_cost_microdollars
returning true;

-- name: correct!
-- In the order of their ids, for replicas correct many at the same time.
with wanted as (
    select id, sum(tokens) as tokens, sum(microdollars) as microdollars
      from unnest(:ids::uuid[], :tokens::bigint[], :microdollars::bigint[]) as one (id, tokens, microdollars)
     group by id
), held as materialized (
    select id from agent_tasks where id in (select id from wanted) order by id for no key update
)
update agent_tasks t
   set tokens = t.tokens + w.tokens, cost_microdollars = t.cost_microdollars + w.microdollars
  from held h join wanted w on w.id = h.id
 where t.id = h.id;
