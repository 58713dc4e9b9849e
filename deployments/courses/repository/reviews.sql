-- name: has_learned$
-- Whether the person is enrolled, or was: whoever only waited has no say.
select exists (
    select from enrollments
     where course_id = :course_id and user_id = :user_id
       and (status in ('active', 'completed') or (status <> 'waitlisted' and enrolled_at is not null))
);

-- name: write_review^
with written as (
    insert into reviews (id, org_id, course_id, user_id, rating, body)
    values (:id, :org_id, :course_id, :user_id, :rating, :body)
    on conflict (course_id, user_id) do update set rating = excluded.rating, body = excluded.body
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
