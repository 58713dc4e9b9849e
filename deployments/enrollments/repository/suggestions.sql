-- name: language$
select language from courses where id = :course_id;

-- name: replace_open!
update grading_suggestions set status = 'replaced' where submission_id = :submission_id and status = 'open';

-- name: insert^
insert into grading_suggestions (id, org_id, course_id, enrollment_id, submission_id, unit_id, basis, method, label,
                                 model_share, model_confidence, confidence, points, maximum_points, needs_person,
                                 concerns, criteria, feedback, made_by, asked_by)
values (:id, :org_id, :course_id, :enrollment_id, :submission_id, :unit_id, :basis, :method, :label, :model_share,
        :model_confidence, :confidence, :points, :maximum_points, :needs_person, :concerns, :criteria, :feedback,
        :made_by, :asked_by)
returning *;

-- name: latest^
select * from grading_suggestions where submission_id = :submission_id order by id desc limit 1;

-- name: latest_to_decide^
-- The newest that was not replaced: a grade given again, on appeal say, is another decision on what was suggested.
select * from grading_suggestions
 where submission_id = :submission_id and status <> 'replaced' order by id desc limit 1 for update;

-- name: last_decided^
-- What had been suggested before the present grade was given, where something was.
select * from grading_suggestions
 where submission_id = :submission_id and decided_points is not null order by id desc limit 1;

-- name: decide!
update grading_suggestions
   set status = :status, decided_by = :decided_by, decided_at = now(), decided_points = :points,
       decided_by_agent = :by_agent
 where id = :id;

-- name: decisions
-- What people gave where something was suggested: the newest in the organisation by one method.
select course_id = :course_id as of_course, model_confidence, model_share,
       (case when maximum_points > 0 then decided_points / maximum_points else 0 end)::float8 as given
  from grading_suggestions
 where org_id = :org_id and method = :method and decided_points is not null and not decided_by_agent
 order by id desc limit :limit;

-- name: heard
-- Works that people have graded by the same references, where they still stand.
select s.body, g.label,
       (case when g.maximum_points > 0 then g.decided_points / g.maximum_points else 0 end)::float8 as given
  from grading_suggestions g join submissions s on s.id = g.submission_id
 where g.org_id = :org_id and g.basis = :basis and g.decided_points is not null and not g.decided_by_agent
   and s.body <> ''
   and g.submission_id <> :submission_id
 order by g.id desc limit :limit;

-- name: queue
-- A course's open suggestions, the oldest first.
select g.*, left(s.body, 300) as excerpt, s.number, s.revision as submission_revision, e.user_id, u.first_name,
       u.last_name, u.email
  from grading_suggestions g
  join submissions s on s.id = g.submission_id
  join enrollments e on e.id = g.enrollment_id
  join users u on u.id = e.user_id
 where g.course_id = :course_id and g.status = 'open' and u.status <> 'erased'
   and not exists (select from submissions n
                    where n.enrollment_id = s.enrollment_id and n.unit_id = s.unit_id and n.number > s.number)
   and (:needs_person::boolean is null or g.needs_person = :needs_person)
   and (:after_id::uuid is null or g.id > :after_id::uuid)
 order by g.id limit :limit;

-- name: agreement
-- How suggestions of a course fared with people, by method.
select method, count(*) as decided, count(*) filter (where status = 'accepted') as accepted,
       count(*) filter (where not needs_person) as confident,
       count(*) filter (where not needs_person and abs(points - decided_points) < 0.1 * maximum_points)
           as confident_agreed,
       count(*) filter (where abs(points - decided_points) < 0.1 * maximum_points) as agreed,
       avg(case when maximum_points > 0 then abs(points - decided_points) / maximum_points else 0 end)::float8
           as mean_difference,
       (select count(*) from grade_appeals a where a.course_id = :course_id) as appeals
  from grading_suggestions
 where course_id = :course_id and decided_points is not null and not decided_by_agent
 group by method order by method;

-- name: waiting
-- The newest submission of each learner and unit that nobody has graded and nothing was suggested for; without a role
-- where the course's instructor is not active.
select s.id as submission_id, s.unit_id, c.instructor_id, i.role
  from submissions s
  join enrollments e on e.id = s.enrollment_id
  join courses c on c.id = e.course_id
  left join users i on i.id = c.instructor_id and i.status = 'active'
  join users u on u.id = e.user_id
 where s.graded_at is null and u.status <> 'erased'
   and (:courses::uuid[] is null or e.course_id = any (:courses::uuid[]))
   and (:units::uuid[] is null or s.unit_id = any (:units::uuid[]))
   and not exists (select from submissions n
                    where n.enrollment_id = s.enrollment_id and n.unit_id = s.unit_id and n.number > s.number)
   and not exists (select from grading_suggestions g where g.submission_id = s.id and g.status = 'open')
 order by e.course_id, s.unit_id, s.id;
