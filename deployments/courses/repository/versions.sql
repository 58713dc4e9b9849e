-- name: latest^
select id, number, content = :content::jsonb as same
  from course_versions
 where course_id = :course_id
 order by number desc
 limit 1;

-- name: insert_version^
insert into course_versions (id, org_id, course_id, number, title, content, unit_ids, published_by)
values (:id, :org_id, :course_id, :number, :title, :content, :unit_ids, :published_by)
returning id, number, title, published_by, published_at, cardinality(unit_ids) as units;

-- name: version_summary^
select id, number, title, published_by, published_at, cardinality(unit_ids) as units
  from course_versions
 where id = :version_id;

-- name: versions
select id, number, title, published_by, published_at, cardinality(unit_ids) as units
  from course_versions
 where course_id = :course_id and (:before::integer is null or number < :before)
 order by number desc
 limit :limit;

-- name: version^
select id, number, title, published_by, published_at, cardinality(unit_ids) as units, content
  from course_versions
 where course_id = :course_id and number = :number;

-- name: reading^
-- What somebody may read of a course: the version they are enrolled in, or else the published one where they answer
-- for the course.
select c.status, c.instructor_id, v.id as version_id, v.number, v.title, v.outline, v.unit_ids
  from courses c
  left join enrollments e
    on e.course_id = c.id and e.user_id = :user_id and e.status in ('active', 'completed') and not overdue(e)
  left join course_versions v
    on v.id = coalesce(e.course_version_id,
                       case when :any::boolean or c.instructor_id = :user_id then c.published_version_id end)
 where c.id = :course_id;

-- name: content$
select content from course_versions where id = :version_id;

-- name: unit_content$
select jsonb_path_query_first(
           content, '$.modules[*].units[*] ? (@.id == $unit_id)', jsonb_build_object('unit_id', :unit_id::text))
  from course_versions
 where id = :version_id;
