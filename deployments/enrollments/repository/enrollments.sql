-- name: course^
select c.id, c.title, c.status, c.instructor_id, c.capacity, c.access_days, c.published_version_id as version_id,
       c.price,
       exists (select from enrollments w where w.course_id = c.id and w.status = 'waitlisted') as anyone_waits
  from courses c
 where c.id = :course_id;

-- name: lock_course^
-- Whoever changes who holds a seat locks the course first, then enrolments. References to the course are not held up.
select c.id, c.title, c.status, c.instructor_id, c.capacity, c.access_days, c.published_version_id as version_id,
       c.price, false as anyone_waits
  from courses c
 where c.id = :course_id
   for no key update of c;

-- name: prospect^
-- All that decides whether a person may take a course, in one reading. Whoever it is cannot be erased meanwhile.
with person as materialized (select status from users where id = :user_id for key share)
select c.id, c.title, c.status, c.instructor_id, c.capacity, c.access_days, c.published_version_id as version_id,
       c.price,
       exists (select from enrollments w where w.course_id = c.id and w.status = 'waitlisted') as anyone_waits,
       (select status from person) as person_status,
       (select coalesce(json_agg(json_build_object('course_id', p.id, 'title', p.title) order by p.title), '[]')
          from course_prerequisites r
          join courses p on p.id = r.prerequisite_id
         where r.course_id = c.id
           and not exists (select from enrollments d
                            where d.course_id = p.id and d.user_id = :user_id and d.status = 'completed')) as missing
  from courses c
 where c.id = :course_id;

-- name: find^
select e.*, e.overdue from enrollments e where e.id = :enrollment_id;

-- name: lock^
-- Null where its learner was erased: nothing more is written about them. Learners before enrolments, as an erasure does.
with learner as materialized (
    select u.id
      from enrollments f
      join users u on u.id = f.user_id and u.status <> 'erased'
     where f.id = :enrollment_id
       for key share of u
)
select e.*, e.overdue
  from learner l
  join enrollments e on e.user_id = l.id
 where e.id = :enrollment_id
   for no key update of e;

-- name: lock_of^
-- The person was locked before (`prospect`).
select e.*, e.overdue
  from enrollments e
 where e.course_id = :course_id and e.user_id = :user_id
   for no key update of e;

-- name: insert^
-- Null where the person has an enrolment in the course. The clock, not the transaction's start, orders the waiting
-- list: whoever got the course's lock first is first.
insert into enrollments as e (id, org_id, user_id, course_id, course_version_id, status,
                              waitlisted_at, enrolled_at, expires_at)
values (:id, :org_id, :user_id, :course_id, :version_id, :status::varchar,
        case when :status::varchar = 'waitlisted' then clock_timestamp() end,
        case when :status::varchar = 'active' then now() end,
        case when :status::varchar = 'active' then now() + make_interval(days => :access_days::int) end)
on conflict (course_id, user_id) do nothing
returning e.*, e.overdue;

-- name: wait^
update enrollments e
   set status = 'waitlisted', course_version_id = :version_id, progress = :progress, score = :score,
       waitlisted_at = clock_timestamp(), dropped_at = null, expires_at = null
 where e.id = :enrollment_id
returning e.*, e.overdue;

-- name: begin
-- Give seats: each enrolment is set to the version and standing it goes on with.
update enrollments e
   set status = 'active', course_version_id = n.version_id, progress = n.progress, score = n.score,
       enrolled_at = now(), dropped_at = null, expires_at = now() + make_interval(days => :access_days::int)
  from unnest(:ids::uuid[], :versions::uuid[], :progress::numeric[], :scores::numeric[])
       as n (id, version_id, progress, score)
 where e.id = n.id
returning e.*, e.overdue;

-- name: drop_out^
update enrollments e set status = 'dropped', dropped_at = now(), expires_at = null
 where e.id = :enrollment_id
returning e.*, e.overdue;

-- name: stand^
update enrollments e set course_version_id = :version_id, progress = :progress, score = :score
 where e.id = :enrollment_id
returning e.*, e.overdue;

-- name: complete^
update enrollments e
   set status = 'completed', course_version_id = :version_id, progress = 100, score = :score,
       completed_at = now(), expires_at = null
 where e.id = :enrollment_id
returning e.*, e.overdue;

-- name: seats_taken$
select count(*) from enrollments e where e.course_id = :course_id and e.status = 'active' and not e.overdue;

-- name: expire_due
update enrollments e set status = 'expired'
 where e.id in (select d.id from enrollments d
                 where d.course_id = :course_id and d.overdue
                 order by d.expires_at limit :limit
                   for no key update)
returning e.*, e.overdue;

-- name: next_waiting
-- Those who have waited longest. Who cannot sign in is passed over and keeps their place.
select e.*, e.overdue
  from enrollments e
  join users u on u.id = e.user_id and u.status = 'active'
 where e.course_id = :course_id and e.status = 'waitlisted'
 order by e.waitlisted_at, e.id
 limit :limit
   for no key update of e;

-- name: courses_with_overdue
select distinct e.org_id, e.course_id
  from enrollments e
 where e.status = 'active' and e.expires_at <= now();

-- name: courses_with_room
-- Open courses where somebody waits though a seat is free.
select c.org_id, c.id as course_id
  from courses c
 where c.status = 'published'
   and exists (select from enrollments w
                 join users u on u.id = w.user_id and u.status = 'active'
                where w.course_id = c.id and w.status = 'waitlisted')
   and (c.capacity is null
        or c.capacity > (select count(*) from enrollments e
                          where e.course_id = c.id and e.status = 'active' and not e.overdue));

-- name: version^
select id, title, content from course_versions where id = :version_id;

-- name: unit_records_of
-- One enrolment's: for arrays the database makes a new plan each time.
select unit_id, completed_at, score from unit_progress where enrollment_id = :enrollment_id;

-- name: unit_records
select enrollment_id, unit_id, completed_at, score from unit_progress where enrollment_id = any(:enrollment_ids::uuid[]);
