-- name: lock_numbers!
-- One proposal at a time, so that numbers have no gaps.
select pg_advisory_xact_lock(hashtextextended(:org_id::uuid::text, 5));

-- name: insert^
insert into constitutions (org_id, number, document, digest, note, proposed_by)
values (:org_id, :number, :document, :digest, :note, :proposed_by)
returning number, document, digest, note, proposed_by, proposed_at;

-- name: last_number$
select coalesce(max(number), 0) from constitutions where org_id = :org_id;

-- name: find^
select number, document, digest, note, proposed_by, proposed_at
  from constitutions where org_id = :org_id and number = :number;

-- name: newest
select number, digest, note, proposed_by, proposed_at
  from constitutions where org_id = :org_id order by number desc limit :limit;

-- name: activation^
select number, activated_by, activated_at
  from constitution_activations where org_id = :org_id order by seq desc limit 1;

-- name: activate!
insert into constitution_activations (org_id, number, activated_by) values (:org_id, :number, :activated_by);

-- name: past_plans
select task_id, shape, judged_at from judged_plans where org_id = :org_id order by seq desc limit :limit;
