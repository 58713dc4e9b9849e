-- name: dead_letters
select c.name as consumer, count(l.id) as letters
  from event_consumers c
  left join event_dead_letters l on l.consumer = c.name
 group by c.name;

-- name: platform_counters
-- Of all time, for the platform as a whole.
select counted.name, sum(counted.amount::bigint)::bigint as amount
  from analytics_cells c
  join analytics_generation g on g.current = c.generation
 cross join jsonb_each_text(c.counters) as counted (name, amount)
 where c.org_id = :platform and c.scope = 0 and c.scope_id = :platform and c.grain = 0
 group by counted.name;

-- name: platform_learners
-- Sketches of who was active since then, by windows of one size.
select c.learners
  from analytics_cells c
  join analytics_generation g on g.current = c.generation
 where c.org_id = :platform and c.scope = 0 and c.scope_id = :platform and c.grain = :grain
   and c.start > now() - :span::interval and c.learners is not null;
