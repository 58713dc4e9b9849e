-- name: request!
-- Asked for anew, a course is due at once, whatever became of it before.
insert into courses_to_index (course_id, org_id)
select c.id, c.org_id
  from courses c
 where c.id = any(:ids)
 order by c.id
on conflict (course_id) do update set requested_at = clock_timestamp(), attempts = 0, not_before = now();

-- name: request_differing$
-- Courses whose index is not what it should be: events that were trimmed before they were read, another recipe, versions
-- that nobody reads any more.
with wanted as (
         select v.id as version_id, v.course_id, c.language
           from course_versions v
           join courses c on c.id = v.course_id
          where v.id = c.published_version_id
             or exists (select from enrollments e
                         where e.org_id = v.org_id and e.course_id = v.course_id and e.course_version_id = v.id
                           and e.status in ('waitlisted', 'active', 'completed'))
     ),
     differing as (
         select coalesce(w.course_id, i.course_id) as course_id
           from wanted w
           full join indexed_versions i using (version_id)
          where w.version_id is null or i.version_id is null or not i.complete
             or i.recipe <> :recipe or i.language <> w.language
          group by 1
     ),
     requested as (
         insert into courses_to_index (course_id, org_id)
         select c.id, c.org_id from courses c join differing d on d.course_id = c.id
         on conflict (course_id) do nothing
         returning 1
     )
select count(*) from requested;

-- name: take^
-- The course that has been due the longest. It is put off as it is taken: twice as long each time, at most six hours.
update courses_to_index
   set attempts = attempts + 1, not_before = now() + least(interval '30 seconds' * 2 ^ least(attempts, 10), interval '6 hours')
 where course_id = (select course_id from courses_to_index
                     where not_before <= now()
                     order by not_before, course_id
                     limit 1
                       for update skip locked)
returning course_id, requested_at, attempts;

-- name: done!
-- Unless it was asked for again meanwhile.
delete from courses_to_index where course_id = :course_id and requested_at = :requested_at;

-- name: missing_versions
-- The versions that somebody may read, or is waiting to, whose passages are not here, or not as they would be cut now.
select v.id as version_id, c.org_id, c.language
  from courses c
  join course_versions v on v.course_id = c.id
  left join indexed_versions i on i.version_id = v.id and i.recipe = :recipe and i.language = c.language
                                    and i.complete
 where c.id = :course_id and i.version_id is null
   and (v.id = c.published_version_id
        or exists (select from enrollments e
                    where e.org_id = v.org_id and e.course_id = v.course_id and e.course_version_id = v.id
                      and e.status in ('waitlisted', 'active', 'completed')))
 order by v.number desc;

-- name: content$
select content from course_versions where id = :version_id;

-- name: known_embeddings
-- What equal passages of the course have already, as text.
select distinct on (p.digest) p.digest, p.embedding::text as embedding, s.vectors as sentences
  from indexed_versions v
  join content_passages p on p.version_id = v.version_id
  left join passage_sentences s on s.passage_id = p.id
 where v.course_id = :course_id and p.model = :model and p.embedding is not null and p.digest = any(:digests)
 order by p.digest, s.format desc nulls last;

-- name: take_turns$
-- Two indexers that begin at one version.
select pg_advisory_xact_lock(hashtextextended('index:' || :version_id::uuid, 0));

-- name: drop_version!
delete from indexed_versions where version_id = :version_id;

-- name: insert_version!
insert into indexed_versions (version_id, org_id, course_id, language, recipe, passages, run)
values (:version_id, :org_id, :course_id, :language, :recipe, :passages, :run);

-- name: hold_version$
-- Whether the version is still this run's. Nobody takes it over until the transaction ends.
select true from indexed_versions where version_id = :version_id and run = :run for key share;

-- name: complete_version!
update indexed_versions set complete = true where version_id = :version_id and run = :run;

-- name: insert_passages!
with inserted as (
         insert into content_passages (org_id, course_id, version_id, unit_id, ordinal, kind, heading, text, digest, search,
                                       embedding, model)
         select :org_id, :course_id, :version_id, p.unit_id, p.ordinal, p.kind, p.heading, p.text, p.digest,
                setweight(passage_words(c.config, p.heading), 'A') || passage_words(c.config, p.text)
                || array_to_tsvector(array[passages_lexeme(:org_id, c.config)]),
                p.embedding::vector, case when p.embedding is not null then :model else :otherwise end
           from unnest(:unit_ids::uuid[], :ordinals::integer[], :kinds::text[], :headings::text[], :texts::text[],
                       :digests::bytea[], :embeddings::text[])
                as p (unit_id, ordinal, kind, heading, text, digest, embedding)
          cross join (select search_configuration(:language) as config) as c
         returning id, org_id, ordinal
     )
insert into passage_sentences (passage_id, org_id, vectors)
select i.id, i.org_id, s.vectors
  from inserted i
  join unnest(:ordinals::integer[], :sentences::bytea[]) as s (ordinal, vectors) using (ordinal)
 where s.vectors is not null;

-- name: drop_unread!
delete from indexed_versions i
 using courses c
 where i.course_id = :course_id and c.id = i.course_id and i.version_id is distinct from c.published_version_id
   and not exists (select from enrollments e
                    where e.org_id = i.org_id and e.course_id = i.course_id and e.course_version_id = i.version_id
                      and e.status in ('waitlisted', 'active', 'completed'));

-- name: to_embed
select id, heading, text from content_passages where model is null order by id limit :limit;

-- name: embed!
update content_passages p
   set embedding = v.embedding::vector, model = :model
  from unnest(:ids::bigint[], :embeddings::text[]) as v (id, embedding)
 where p.id = v.id and p.model is null;

-- name: without_sentences
-- Those with vectors of a former format are among them. Indexes tell which; only theirs are the passages that are read.
select p.id, p.text
  from content_passages p
  join (select e.id from content_passages e
         where e.embedding is not null
           and not exists (select from passage_sentences s where s.passage_id = e.id and s.format >= :format)
         order by e.id
         limit :limit) as wanting on wanting.id = p.id
 order by p.id;

-- name: add_sentences!
-- The passages are held, since one may be dropped meanwhile.
with held as (
         select id, org_id from content_passages where id = any(:ids) and embedding is not null order by id for key share
     )
insert into passage_sentences (passage_id, org_id, vectors)
select h.id, h.org_id, v.vectors
  from held h
  join unnest(:ids::bigint[], :sentences::bytea[]) as v (id, vectors) using (id)
    on conflict (passage_id) do update set vectors = excluded.vectors
 where excluded.format >= passage_sentences.format;

-- name: forget_embeddings$
-- Those of other models, which cannot be compared with the present one's.
with stale as (
         select id from content_passages where embedding is not null and model <> :model limit :limit
     ),
     forgotten as (
         update content_passages p set embedding = null, model = null from stale where p.id = stale.id returning 1
     ),
     dropped as (
         delete from passage_sentences s using stale where s.passage_id = stale.id
     )
select count(*) from forgotten;
