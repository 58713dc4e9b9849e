-- name: claim$
-- True for the first to come; waits for a concurrent first and is null once that one has committed.
insert into idempotency_keys (org_id, actor, key, fingerprint)
values (:org_id, :actor, :key, :fingerprint)
on conflict do nothing
returning true;

-- name: keep!
update idempotency_keys set status = :status, headers = :headers, body = :body
 where org_id = :org_id and actor = :actor and key = :key;

-- name: find^
select fingerprint, status, headers, body
  from idempotency_keys
 where org_id = :org_id and actor = :actor and key = :key;

-- name: forget!
delete from idempotency_keys where org_id = :org_id and actor = :actor and key = :key;
