-- name: lock!
-- Two changes that are harmless each may close a cycle together: one at a time per organisation.
select pg_advisory_xact_lock(hashtextextended('azora.course_prerequisites', 0) # hashtextextended(:org_id::uuid::text, 0));

-- name: prerequisites
select p.id, p.title, p.status, p.instructor_id
  from course_prerequisites n
  join courses p on p.id = n.prerequisite_id
 where n.course_id = :course_id
 order by p.title, p.id;

-- name: courses
select id, title, status, instructor_id from courses where id = any(:ids::uuid[]);

-- name: edges
-- Every need that the given courses have, by way of others too.
with recursive needed (id) as (
    select unnest(:ids::uuid[])
    union
    select n.prerequisite_id from course_prerequisites n join needed on n.course_id = needed.id
)
select n.course_id, n.prerequisite_id from course_prerequisites n join needed on n.course_id = needed.id;

-- name: remove!
delete from course_prerequisites where course_id = :course_id and prerequisite_id <> all(:ids::uuid[]);

-- name: add!
insert into course_prerequisites (org_id, course_id, prerequisite_id)
select :org_id, :course_id, id from unnest(:ids::uuid[]) as wanted (id)
on conflict do nothing;
