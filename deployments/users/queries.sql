-- name: organisation_by_slug^
select id, slug, name, registration, status from organisation_by_slug(:slug);

-- name: insert_user^
insert into users (id, org_id, email, password_hash, first_name, last_name, role, password_changed_at)
values (:id, :org_id, :email, :password_hash::varchar, :first_name, :last_name, :role,
        case when :password_hash::varchar is null then null else now() end)
returning *;

-- name: user^
select * from users where id = :user_id and status <> 'erased';
