-- name: account_by_address^
-- Before there is a tenant.
select org_id, id, password_hash, role, status, created_at from account_by_address(:organisation, :email);

-- name: locked_account^
-- Locked against a change of status or role until the session exists, so that a deactivation or a suspension in flight
-- either sees the session and ends it or keeps it from beginning. The organisation first, as whoever locks both does.
select u.id, u.password_hash, u.role, u.status, u.created_at
  from users u
  join organisations o on o.id = u.org_id and o.status = 'active'
 where u.id = :user_id
   for share of o, u;

-- name: account^
select id, password_hash, role, status, created_at from users where id = :user_id;

-- name: organisation_status$
select status from organisations where id = :org_id;

-- name: upgrade_hash!
update users set password_hash = :password_hash where id = :user_id and password_hash = :previous;

-- name: organisation_by_slug$
-- Before there is a tenant.
select id from organisation_by_slug(:slug);
