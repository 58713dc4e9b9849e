-- name: known
select * from users where email = any(:emails::varchar[]) and status <> 'erased'
union
select * from users where external_id = any(:external_ids::varchar[]) and status <> 'erased';

-- name: lock!
-- In the order of ids, so that two imports at once wait for each other instead of deadlocking.
select from users where email = any(:emails::varchar[]) or external_id = any(:external_ids::varchar[])
 order by id for no key update;

-- name: create
insert into users (id, org_id, email, password_hash, first_name, last_name, role, external_id, password_changed_at)
select n.id, :org_id, n.email, n.password_hash, n.first_name, n.last_name, n.role, n.external_id,
       case when n.password_hash is null then null else now() end
  from unnest(:ids::uuid[], :emails::varchar[], :password_hashes::varchar[], :first_names::varchar[],
              :last_names::varchar[], :roles::varchar[], :external_ids::varchar[])
       as n (id, email, password_hash, first_name, last_name, role, external_id)
returning *;

-- name: change!
update users u
   set email = n.email, first_name = n.first_name, last_name = n.last_name, external_id = n.external_id
  from unnest(:ids::uuid[], :emails::varchar[], :first_names::varchar[], :last_names::varchar[],
              :external_ids::varchar[]) as n (id, email, first_name, last_name, external_id)
 where u.id = n.id;

-- name: void_resets!
update password_resets set used_at = now() where user_id = any(:user_ids::uuid[]) and used_at is null;
