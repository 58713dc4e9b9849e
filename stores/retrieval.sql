-- name: readable_versions
-- What somebody may read, at most one version of a course: the one they are enrolled in, or else the published one
-- where they answer for the course. The same rule as of deployments.courses for a course's content.
with own as (
         select e.course_id, e.course_version_id
           from enrollments e
          where e.user_id = :user_id and e.status in ('active', 'completed') and not overdue(e)
            and (:course_id::uuid is null or e.course_id = :course_id)
     )
select course_version_id as version_id from own
union all
select c.published_version_id
  from courses c
 where (:any::boolean or c.instructor_id = :user_id) and c.published_version_id is not null
   and (:course_id::uuid is null or c.id = :course_id)
   and not exists (select from own where own.course_id = c.id);

-- name: by_words
-- BM25 (Robertson and Zaragoza 2009) with k1 = 1.2 and b = 0.75. Words are weighed by how rare they are among what the
-- reader may read.
with hit as materialized (
         select * from passages_with_words(:words, :versions, :kinds)
     ),
     collection as (
         select greatest(sum(v.passages), 1)::float8 as passages,
                (select greatest(avg(characters), 1)::float8 from (select distinct passage_id, characters from hit)) as characters
           from indexed_versions v
          where v.version_id = any(:versions)
     ),
     word as (
         select lexeme, ln(1 + (c.passages - count(*) + 0.5) / (count(*) + 0.5)) as weight
           from hit cross join collection c
          group by lexeme, c.passages
     )
select h.passage_id,
       sum(w.weight * h.frequency * 2.2 / (h.frequency + 0.3 + 0.9 * h.characters / c.characters)) as score
  from hit h
  join word w using (lexeme)
 cross join collection c
 group by h.passage_id
 order by score desc, h.passage_id
 limit :limit;

-- name: by_meaning
-- Comparing one by one costs by the passages that may be read, walking the index by how rare those are among all.
select passage_id, similarity
  from passages_near(:probe::text::vector, :versions, :kinds, :limit, (
           select greatest(:exact::bigint, sqrt(500 * greatest(reltuples, 0)::float8)::bigint)
             from pg_class where oid = 'content_passages'::regclass
       ));

-- name: passages
select p.id, p.course_id, c.title as course_title, p.version_id, p.unit_id, p.ordinal, p.kind, p.heading, p.text
  from content_passages p
  join courses c on c.id = p.course_id
 where p.id = any(:ids);
