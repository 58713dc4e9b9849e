-- name: insert_course^
insert into courses (id, org_id, title, description, instructor_id, category, difficulty, duration, price, currency,
                     language, tags, capacity, access_days)
values (:id, :org_id, :title, :description, :instructor_id, :category, :difficulty, :duration_minutes, :price,
        :currency, :language, :tags, :capacity, :access_days)
returning *;

-- name: course^
select * from courses where id = :course_id;

-- name: lock_course^
-- Writers of one course take turns; a reference to it (an enrolment, a review) does not wait. Its instructor cannot be
-- erased meanwhile: answers show the name, and may be kept to be repeated.
select c.*
  from courses c
  join users u on u.id = c.instructor_id
 where c.id = :course_id
   for no key update of c for key share of u;

-- name: update_course^
update courses
   set title = :title, description = :description, instructor_id = :instructor_id, category = :category,
       difficulty = :difficulty, duration = :duration_minutes, price = :price, currency = :currency,
       language = :language, tags = :tags, capacity = :capacity, access_days = :access_days
 where id = :id
returning *;

-- name: delete_course!
delete from courses where id = :course_id;

-- name: offer_course^
-- The first publication stays the date of the course; it does not jump ahead in the catalogue with each version.
update courses
   set status = 'published', published_version_id = :version_id, published_at = coalesce(published_at, now())
 where id = :course_id
returning *;

-- name: archive_course^
update courses set status = 'archived' where id = :course_id returning *;

-- name: person^
select role, status from users where id = :user_id;

-- name: course_view^
select c.id, c.title, c.description, c.instructor_id, c.category, c.difficulty, c.duration, c.price, c.currency,
       c.language, c.tags, c.capacity, c.access_days, c.status, c.published_version_id, c.revision, c.created_at,
       c.updated_at, c.published_at,
       u.first_name, u.last_name, v.number, v.outline,
       coalesce(r.count, 0) as rating_count, coalesce(r.sum, 0) as rating_sum, mean_rating(o.sum, o.count) as mean_rating,
       (select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'title', p.title) order by p.title, p.id), '[]')
          from course_prerequisites n
          join courses p on p.id = n.prerequisite_id
         where n.course_id = c.id and p.status <> 'draft') as prerequisites
  from courses c
  join users u on u.id = c.instructor_id
  left join course_versions v on v.id = c.published_version_id
  left join course_ratings r on r.course_id = c.id
  left join organisation_ratings o on o.org_id = c.org_id
 where c.id = :course_id;

-- name: notify!
select pg_notify('course_changed', :message);
