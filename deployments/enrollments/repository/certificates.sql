-- name: names^
select u.first_name, u.last_name, o.name as organisation
  from users u
  join organisations o on o.id = u.org_id
 where u.id = :user_id;

-- name: insert!
insert into certificates (id, org_id, enrollment_id, user_id, course_id, code, token)
values (:id, :org_id, :enrollment_id, :user_id, :course_id, :code, :token);

-- name: of_enrollment^
select code, token, issued_at, revoked_at from certificates where enrollment_id = :enrollment_id;

-- name: by_code^
select :code::text as code, c.token, c.issued_at, c.revoked_at from certificate_by_code(:code) c;
