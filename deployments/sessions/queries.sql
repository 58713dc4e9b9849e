-- name: organisation^
select id, status from organisation_by_slug(:slug);

-- name: account_by_email^
select id, password_hash, role, status from users where email = :email;

-- name: locked_account^
-- Locked against a change of status or role until the session exists, so that a deactivation in flight either sees
-- the session and ends it or keeps it from beginning.
select id, password_hash, role, status from users where id = :user_id for share;

-- name: account^
select id, password_hash, role, status from users where id = :user_id;

-- name: organisation_status$
select status from organisations where id = :org_id;

-- name: upgrade_hash!
update users set password_hash = :password_hash where id = :user_id and password_hash = :previous;
