-- name: claim$
-- True for the first to come; waits for a concurrent first and is null once that one has committed. False where the
-- person was erased, whose answers are not kept; until the transaction ends they cannot be.
with claimed as (
    insert into idempotency_keys (org_id, actor, key, fingerprint)
    values (:org_id, :actor, :key, :fingerprint)
    on conflict do nothing
    returning actor
)
select :person::uuid is null
       or exists (select from users where id = :person::uuid and status <> 'erased' for key share)
  from claimed;

-- name: keep!
update idempotency_keys set status = :status, headers = :headers, body = :body
 where org_id = :org_id and actor = :actor and key = :key;

-- name: find^
select fingerprint, status, headers, body
  from idempotency_keys
 where org_id = :org_id and actor = :actor and key = :key;

-- name: forget!
delete from idempotency_keys where org_id = :org_id and actor = :actor and key = :key;
