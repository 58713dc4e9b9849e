-- name: invite^
-- An open invitation of the same address is replaced: its link stops working.
insert into invitations (id, org_id, email, role, token_hash, invited_by, expires_at)
values (:id, :org_id, :email, :role, :token_hash, :invited_by, :expires_at)
on conflict (org_id, email) where accepted_at is null and revoked_at is null
do update set role = excluded.role, token_hash = excluded.token_hash, invited_by = excluded.invited_by,
              expires_at = excluded.expires_at
returning *;

-- name: invitations
select * from invitations
 where (:before::uuid is null or id < :before)
 order by id desc
 limit :limit;

-- name: revoke_invitation^
update invitations set revoked_at = now()
 where id = :invitation_id and accepted_at is null and revoked_at is null
returning *;

-- name: accept_invitation^
-- The row's lock makes the second of two who accept at once find nothing.
update invitations set accepted_at = now()
 where token_hash = :token_hash and accepted_at is null and revoked_at is null and expires_at > now()
returning *;

-- name: insert_resets!
insert into password_resets (id, org_id, user_id, token_hash, expires_at)
select * from unnest(:ids::uuid[], :org_ids::uuid[], :user_ids::uuid[], :token_hashes::bytea[], :expiries::timestamptz[]);

-- name: use_reset$
update password_resets set used_at = now()
 where token_hash = :token_hash and used_at is null and expires_at > now()
returning user_id;

-- name: void_resets!
update password_resets set used_at = now() where user_id = :user_id and used_at is null;

-- name: request_reset!
insert into password_reset_requests (id, org_id, email) values (:id, :org_id, :email);

-- name: claim_requests
delete from password_reset_requests
 where id in (select id from password_reset_requests order by id limit :limit for update skip locked)
returning org_id, email;

-- name: accounts_of_requests
-- Runs for all organisations at once, so it names each. Nobody of them is erased until their mails are written; whoever
-- is being erased is passed over, not waited for, because the erasure waits for the claim on their request.
select u.org_id, u.id, u.email, u.first_name, o.name as organisation
  from (select distinct * from unnest(:org_ids::uuid[], :emails::varchar[])) as r (org_id, email)
  join users u on u.org_id = r.org_id and u.email = r.email and u.status = 'active'
  join organisations o on o.id = u.org_id and o.status = 'active'
   for key share of u skip locked;

-- name: insert_mails!
insert into mails (id, org_id, recipient, subject, body)
select * from unnest(:ids::uuid[], :org_ids::uuid[], :recipients::varchar[], :subjects::varchar[], :bodies::text[]);
