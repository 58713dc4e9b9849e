-- name: in_force^
-- The version that came into force last; number 0 is the platform's own, which has no row.
select a.number, c.document
  from constitution_activations a
  left join constitutions c on c.org_id = a.org_id and c.number = a.number
 where a.org_id = :org_id
 order by a.seq desc
 limit 1;

-- name: forget_plans!
delete from judged_plans where judged_at < now() - :age::interval;
