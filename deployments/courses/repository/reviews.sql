-- name: has_learned$
-- Whether the person is enrolled, or was: whoever only waited has no say. Null where they were erased; until the
-- transaction ends they cannot be.
with person as materialized (select id from users where id = :user_id and status <> 'erased' for key share)
select exists (
    select from enrollments e
     where e.course_id = :course_id and e.user_id = p.id
       and (e.status in ('active', 'completed') or (e.status <> 'waitlisted' and e.enrolled_at is not null))
)
  from person p;

-- name: lock_rating$
select rating from reviews where course_id = :course_id and user_id = :user_id for update;

-- name: insert_review^
with written as (
    insert into reviews (id, org_id, course_id, user_id, rating, body)
    values (:id, :org_id, :course_id, :user_id, :rating, :body)
    on conflict (course_id, user_id) do nothing
    returning *
)
select w.id, w.user_id, w.rating, w.body, w.revision, w.created_at, w.updated_at, u.first_name, u.last_name
  from written w
  join users u on u.id = w.user_id;

-- name: update_review^
with written as (
    update reviews set rating = :rating, body = :body
     where course_id = :course_id and user_id = :user_id
    returning *
)
select w.id, w.user_id, w.rating, w.body, w.revision, w.created_at, w.updated_at, u.first_name, u.last_name
  from written w
  join users u on u.id = w.user_id;

-- name: delete_review$
delete from reviews where course_id = :course_id and user_id = :user_id returning rating;

-- name: newest_reviews
select r.id, r.user_id, r.rating, r.body, r.revision, r.created_at, r.updated_at, u.first_name, u.last_name
  from reviews r
  join users u on u.id = r.user_id
 where r.course_id = :course_id
   and (:after_id::uuid is null or (r.created_at, r.id) < (:after::timestamptz, :after_id::uuid))
 order by r.created_at desc, r.id desc
 limit :limit;

-- name: best_reviews
select r.id, r.user_id, r.rating, r.body, r.revision, r.created_at, r.updated_at, u.first_name, u.last_name
  from reviews r
  join users u on u.id = r.user_id
 where r.course_id = :course_id
   and (:after_id::uuid is null or (r.rating, r.id) < (:after::smallint, :after_id::uuid))
 order by r.rating desc, r.id desc
 limit :limit;
