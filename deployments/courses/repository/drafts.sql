-- name: modules
select id, title, revision from modules where course_id = :course_id order by position;

-- name: units
select u.id, u.module_id, u.kind, u.title, u.body, u.video_url, u.quiz, u.assignment, u.revision
  from units u
  join modules m on m.id = u.module_id
 where u.course_id = :course_id
 order by m.position, u.position;

-- name: outline
select m.id as module_id, u.id as unit_id
  from modules m
  left join units u on u.module_id = m.id
 where m.course_id = :course_id;

-- name: size^
-- What the draft holds already. Lengths as they are stored, so that long texts need not be read.
select (select count(*) from modules m where m.course_id = :course_id) as modules,
       count(*) as units,
       coalesce(sum(octet_length(body) + coalesce(pg_column_size(quiz), 0) + coalesce(pg_column_size(assignment), 0)), 0)
           as bytes
  from units
 where course_id = :course_id;

-- name: module^
select id, title, revision from modules where id = :module_id and course_id = :course_id for no key update;

-- name: unit^
select id, module_id, kind, title, body, video_url, quiz, assignment, revision
  from units
 where id = :unit_id and course_id = :course_id;

-- name: insert_module*!
insert into modules (id, org_id, course_id, position, title)
values (:id, :org_id, :course_id,
        (select coalesce(max(position), 0) + 1 from modules where course_id = :course_id), :title);

-- name: insert_unit*!
insert into units (id, org_id, course_id, module_id, position, kind, title, body, video_url, quiz, assignment)
values (:id, :org_id, :course_id, :module_id,
        (select coalesce(max(position), 0) + 1 from units where module_id = :module_id),
        :kind, :title, :body, :video_url, :quiz, :assignment);

-- name: rename_module^
update modules set title = :title where id = :module_id returning id, title, revision;

-- name: update_unit^
update units
   set title = :title, body = :body, video_url = :video_url, quiz = :quiz, assignment = :assignment
 where id = :id
returning id, module_id, kind, title, body, video_url, quiz, assignment, revision;

-- name: delete_module$
delete from modules where id = :module_id and course_id = :course_id returning true;

-- name: delete_unit$
delete from units where id = :unit_id and course_id = :course_id returning true;

-- name: order_modules!
update modules m
   set position = wanted.position
  from unnest(:ids::uuid[]) with ordinality as wanted (id, position)
 where m.id = wanted.id and m.position <> wanted.position;

-- name: order_units!
-- The position counts within the module; a unit may move to another.
update units u
   set position = wanted.position, module_id = wanted.module_id
  from unnest(:ids::uuid[], :module_ids::uuid[], :positions::integer[]) as wanted (id, module_id, position)
 where u.id = wanted.id and (u.position, u.module_id) <> (wanted.position, wanted.module_id);
