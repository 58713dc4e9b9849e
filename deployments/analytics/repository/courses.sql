-- name: course^
select c.id, c.title, c.status, c.instructor_id from courses c where c.id = :course_id;

-- name: outlined_course^
-- With the units of the published version, without what is in them; null where nothing is published.
select c.id, c.title, c.status, c.instructor_id, v.outline
  from courses c
  left join course_versions v on v.id = c.published_version_id
 where c.id = :course_id;

-- name: titles
select c.id, c.title from courses c where c.id = any(:ids::uuid[]);
