-- name: plan_for_long_arrays!
-- A plan made for arrays of any length expects short ones, and reads long ones once for each row.
set local plan_cache_mode = force_custom_plan;

-- name: known
select * from users
 where id in (
    select u.id from users u join unnest(:emails::varchar[]) as n (email) on u.email = n.email
    union
    select u.id from users u join unnest(:external_ids::varchar[]) as n (external_id) on u.external_id = n.external_id
 );

-- name: locked
-- In the order of ids, so that two imports at once wait for each other instead of deadlocking.
select * from users
 where id in (
    select u.id from users u join unnest(:emails::varchar[]) as n (email) on u.email = n.email
    union
    select u.id from users u join unnest(:external_ids::varchar[]) as n (external_id) on u.external_id = n.external_id
 )
 order by id
   for no key update;

-- name: create!
insert into users (id, org_id, email, password_hash, first_name, last_name, role, external_id, password_changed_at)
select n.id, :org_id, n.email, n.password_hash, n.first_name, n.last_name, n.role, n.external_id,
       case when n.password_hash is null then null else now() end
  from unnest(:ids::uuid[], :emails::varchar[], :password_hashes::varchar[], :first_names::varchar[],
              :last_names::varchar[], :roles::varchar[], :external_ids::varchar[])
       as n (id, email, password_hash, first_name, last_name, role, external_id);

-- name: change!
update users u
   set email = n.email, first_name = n.first_name, last_name = n.last_name, external_id = n.external_id
  from unnest(:ids::uuid[], :emails::varchar[], :first_names::varchar[], :last_names::varchar[],
              :external_ids::varchar[]) as n (id, email, first_name, last_name, external_id)
 where u.id = n.id;

-- name: void_resets!
update password_resets r set used_at = now()
  from unnest(:user_ids::uuid[]) as n (user_id)
 where r.user_id = n.user_id and r.used_at is null;
