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

-- name: indexed_versions
select version_id, passages from indexed_versions where version_id = any(:versions) and complete;

-- name: by_words
-- BM25 (Robertson and Zaragoza 2009) with k1 = 1.2 and b = 0.75. Words are weighed by how rare they are among what the
-- reader may read; `coverage` is how much of the question's weight a passage has, words that occur nowhere included.
with hit as materialized (
         select * from passages_with_words(:words, :versions, :kinds)
     ),
     collection as (
         select greatest(sum(v.passages), 1)::float8 as passages,
                (select greatest(avg(characters), 1)::float8 from (select distinct passage_id, characters from hit)) as characters
           from indexed_versions v
          where v.version_id = any(:versions)
     ),
     wanted as (
         select l.config, w.word
           from (select distinct config from hit) as l
          cross join unnest(tsvector_to_array(passage_words(l.config, :words))) as w (word)
     ),
     weighed as (
         select w.config, w.word, ln(1 + (c.passages - count(h.lexeme) + 0.5) / (count(h.lexeme) + 0.5)) as weight
           from wanted w
           left join hit h on h.config = w.config and h.lexeme = w.word
          cross join collection c
          group by w.config, w.word, c.passages
     ),
     total as (
         select config, sum(weight) as weight from weighed group by config
     )
select h.passage_id, h.embedded, sum(w.weight) / t.weight as coverage,
       sum(w.weight * h.frequency * 2.2 / (h.frequency + 0.3 + 0.9 * h.characters / c.characters)) as score
  from hit h
  join weighed w on w.config = h.config and w.word = h.lexeme
  join total t on t.config = h.config
 cross join collection c
 group by h.passage_id, h.embedded, t.weight
 order by score desc, h.passage_id
 limit :limit;

-- name: by_meaning
-- Comparing one by one costs by the passages that may be read, walking the index by how rare those are among all.
select passage_id, similarity
  from passages_near(:probe::text::vector, :versions, :kinds, :limit, (
           select greatest(:exact::bigint, sqrt(500 * greatest(reltuples, 0)::float8)::bigint)
             from pg_class where oid = 'content_passages'::regclass
       ));

-- name: places
select p.id as passage_id, p.version_id, p.heading, 1 - (p.embedding <=> :probe::text::vector) as similarity
  from unnest(:ids::bigint[]) with ordinality as wanted (id, number)
  join content_passages p on p.id = wanted.id
 order by wanted.number;

-- name: passages
select p.id, p.course_id, c.title as course_title, p.version_id, p.unit_id, p.ordinal, p.kind, p.heading, p.text,
       s.vectors as sentences
  from content_passages p
  join courses c on c.id = p.course_id
  left join passage_sentences s on s.passage_id = p.id
 where p.id = any(:ids);
