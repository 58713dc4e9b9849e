-- name: insert_user^
insert into users (id, org_id, email, password_hash, first_name, last_name, role, external_id, password_changed_at)
values (:id, :org_id, :email, :password_hash::varchar, :first_name, :last_name, :role, :external_id,
        case when :password_hash::varchar is null then null else now() end)
returning *;

-- name: user^
select * from users where id = :user_id and status <> 'erased';

-- name: reachable_user^
-- Held, so that nothing is written to somebody who is being erased.
select u.* from users u
 where u.id = :user_id and u.status = 'active'
   and (:taught_by::uuid is null or exists (
           select from enrollments e
             join courses c on c.org_id = e.org_id and c.id = e.course_id
            where e.user_id = u.id and e.status in ('active', 'completed', 'waitlisted')
              and c.instructor_id = :taught_by::uuid))
   for key share of u;

-- name: user_by_email^
select * from users where email = :email and status <> 'erased';

-- name: locked_user^
-- Conflicts with the share lock that signing in takes, not with the key locks of rows that refer to the person.
select * from users where id = :user_id and status <> 'erased' for no key update;

-- name: page
select * from users
 where status <> 'erased'
   and (:role::varchar is null or role = :role)
   and (:status::varchar is null or status = :status)
   and (:prefix::text is null
        or starts_with(email, lower(:prefix))
        or starts_with(lower(first_name), lower(:prefix))
        or starts_with(lower(last_name), lower(:prefix))
        or starts_with(lower(first_name || ' ' || last_name), lower(:prefix)))
   and (:before::uuid is null or id < :before)
 order by id desc
 limit :limit;

-- name: change_user^
update users
   set email = :email, first_name = :first_name, last_name = :last_name, bio = :bio, locale = :locale,
       timezone = :timezone, external_id = :external_id
 where id = :user_id
returning *;

-- name: set_role^
update users set role = :role where id = :user_id returning *;

-- name: set_status^
update users set status = :status where id = :user_id returning *;

-- name: set_password^
-- Only over the hash that was read, where one is named: who changes it at the same time wins.
update users
   set password_hash = :password_hash, password_changed_at = now()
 where id = :user_id and (:previous::varchar is null or password_hash = :previous)
returning *;

-- name: active_administrators$
select count(*) from users where role = 'org_admin' and status = 'active';

-- name: platform_keeps_administrator$
select platform_keeps_administrator(:without_person, :without_organisation);

-- name: ids
select id from users where status <> 'erased';

-- name: emails
select email from users where status <> 'erased';

-- name: sensitive$
select sensitive from users where id = :user_id;

-- name: set_sensitive^
update users set sensitive = :sensitive, sensitive_key_id = :key_id where id = :user_id returning *;
