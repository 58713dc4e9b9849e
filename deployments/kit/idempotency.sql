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

-- name: reserve$
-- True for whoever may do the work now: the first to come, or the first after a reservation that ran out. Null where
-- somebody does it at present, or has done it. False where the person was erased.
with claimed as (
    insert into idempotency_keys (org_id, actor, key, fingerprint, reservation, reserved_until)
    values (:org_id, :actor, :key, :fingerprint, :reservation, now() + :lease::interval)
    on conflict (org_id, actor, key) do update
       set reservation = excluded.reservation, reserved_until = excluded.reserved_until
     where idempotency_keys.status is null and idempotency_keys.fingerprint = excluded.fingerprint
       and idempotency_keys.reserved_until < now()
    returning actor
)
select exists (select from users where id = :person::uuid and status <> 'erased' for key share) from claimed;

-- name: renew!
update idempotency_keys set reserved_until = now() + :lease::interval
 where org_id = :org_id and actor = :actor and key = :key and reservation = :reservation;

-- name: settle$
-- True where the reservation still holds: nobody else has taken the work over, and the person was not erased.
update idempotency_keys
   set status = :status, headers = :headers, body = :body, reservation = null, reserved_until = null
 where org_id = :org_id and actor = :actor and key = :key and reservation = :reservation
returning true;

-- name: release!
delete from idempotency_keys
 where org_id = :org_id and actor = :actor and key = :key and reservation = :reservation;

-- name: keep!
update idempotency_keys set status = :status, headers = :headers, body = :body
 where org_id = :org_id and actor = :actor and key = :key;

-- name: find^
select fingerprint, status, headers, body
  from idempotency_keys
 where org_id = :org_id and actor = :actor and key = :key;

-- name: forget!
delete from idempotency_keys where org_id = :org_id and actor = :actor and key = :key;
