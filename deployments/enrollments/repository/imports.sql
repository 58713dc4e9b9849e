-- name: plan_for_many!
-- Statistics lag behind a table that has just grown by thousands of rows: the planner would take a few rows for granted
-- and compare each of the file's with each of the course's. For the rest of the transaction it joins by hash.
set local enable_nestloop = off;

-- name: lock_courses
-- In the order of their ids, as everybody who locks more than one does.
select c.id, c.title, c.status, c.instructor_id, c.capacity, c.access_days, c.published_version_id as version_id,
       c.price, false as anyone_waits
  from courses c
 where c.id = any(:course_ids::uuid[])
 order by c.id
   for no key update of c;

-- name: seats_claimed
-- Seats that are taken or waited for, by course.
select e.course_id, count(*) as claimed
  from enrollments e
 where e.course_id = any(:course_ids::uuid[])
   and (e.status = 'waitlisted' or e.status = 'active' and not e.overdue)
 group by e.course_id;

-- name: people
-- None of them can be erased until the import is done.
select u.id, u.email, u.external_id, u.status
  from users u
 where u.status <> 'erased'
   and u.id in (
       select n.id from unnest(:emails::text[]) as wanted (email) join users n on n.email = wanted.email
        union
       select n.id
         from unnest(:external_ids::text[]) as wanted (external_id)
         join users n on n.external_id = wanted.external_id
   )
   for key share of u;

-- name: existing
select e.*, e.overdue
  from unnest(:course_ids::uuid[], :user_ids::uuid[]) as wanted (course_id, user_id)
  join enrollments e on e.course_id = wanted.course_id and e.user_id = wanted.user_id
 where e.course_id = any(:course_ids::uuid[]);

-- name: lock_many
select e.*, e.overdue from enrollments e where e.id = any(:enrollment_ids::uuid[]) order by e.id for no key update of e;

-- name: unprepared
-- The pairs of which the person has not completed every prerequisite of the course.
select distinct wanted.course_id, wanted.user_id
  from unnest(:course_ids::uuid[], :user_ids::uuid[]) as wanted (course_id, user_id)
  join course_prerequisites r on r.course_id = wanted.course_id
 where not exists (select from enrollments d
                    where d.course_id = r.prerequisite_id and d.user_id = wanted.user_id and d.status = 'completed');

-- name: insert_many
insert into enrollments as e (id, org_id, user_id, course_id, course_version_id, status,
                              waitlisted_at, enrolled_at, expires_at)
select n.id, :org_id, n.user_id, n.course_id, n.version_id, n.status,
       case when n.status = 'waitlisted' then clock_timestamp() end,
       case when n.status = 'active' then coalesce(n.enrolled_at, now()) end,
       case when n.status = 'active' then coalesce(n.enrolled_at, now()) + make_interval(days => n.access_days) end
  from unnest(:ids::uuid[], :user_ids::uuid[], :course_ids::uuid[], :version_ids::uuid[], :statuses::text[],
              :enrolled_at::timestamptz[], :access_days::integer[])
       with ordinality as n (id, user_id, course_id, version_id, status, enrolled_at, access_days, place)
 order by n.place
returning e.*, e.overdue;
