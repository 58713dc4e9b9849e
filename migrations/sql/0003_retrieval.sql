-- Passages of published courses, found by their words and by their meaning.

-- pgvector, from 0.8 on: its scans of an index go on until enough rows of the tenant are found.
do $$
declare version text;
begin
    if not exists (select from pg_available_extensions where name = 'vector') then
        raise exception 'this PostgreSQL server lacks the extension "vector"'
            using hint = 'Install pgvector 0.8 or newer on the server, then migrate again.';
    end if;
    begin
        create extension if not exists vector with schema public;
    exception when insufficient_privilege then
        raise exception 'this login may not create the extension "vector"'
            using hint = 'Have an administrator of the database run: create extension vector with schema public;';
    end;
    select extversion into version from pg_extension e
      join pg_namespace n on n.oid = e.extnamespace and n.nspname = 'public'
     where extname = 'vector';
    if version is null or string_to_array(version, '.')::integer[] < '{0,8}' then
        raise exception 'the extension "vector" must be 0.8 or newer, in the schema public'
            using hint = 'alter extension vector update; alter extension vector set schema public;';
    end if;
end
$$;
select '[0]'::vector;  -- loads the library, which knows the settings that functions below carry

-- A lexeme that the passages of one organisation in one configuration share; see courses_lexeme.
create function passages_lexeme(org_id uuid, config regconfig) returns text language sql stable parallel safe
    return 'passages:' || org_id || ':' || config;

-- The words of a text. What the parser would take for one token (a host, a path, a number with a sign: `math.isclose`,
-- `utf-8-sig`) is taken apart, so that each part is found.
create function passage_words(config regconfig, text text) returns tsvector language sql immutable parallel safe
    return to_tsvector(config, translate(text, './_-@=:', '       '));

-- Versions whose passages are here: those that somebody may read. A version is cut anew where its recipe or its course's
-- language is not what it was. Passages are written in short transactions, since a long one holds up the log's readers;
-- searches look at the version once it is complete. `run` is whose the version is until then: whoever begins anew takes
-- it over.
create table indexed_versions (
    version_id uuid        primary key,
    org_id     uuid        not null,
    course_id  uuid        not null,
    language   varchar(35) not null,
    recipe     integer     not null,   -- learning.retrieval.chunking.RECIPE
    passages   integer     not null,
    run        uuid        not null,
    complete   boolean     not null default false,
    indexed_at timestamptz not null default now(),
    unique (org_id, version_id),
    foreign key (org_id, version_id) references course_versions (org_id, id) on delete cascade,
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade
);
create index indexed_versions_course on indexed_versions (course_id);

create table content_passages (
    id         bigint      generated always as identity primary key,
    org_id     uuid        not null,
    course_id  uuid        not null,
    version_id uuid        not null,
    unit_id    uuid        not null,
    ordinal    integer     not null,   -- within the version
    kind       varchar(20) not null check (kind in ('text', 'assignment', 'question')),
    heading    text        not null,
    text       text        not null,
    digest     bytea       not null,   -- of heading and text: equal passages of a course share one embedding
    search     tsvector    not null,
    embedding  vector(384),
    model      varchar(64),            -- what made the embedding; null: to be made; 'none': never, words have to do
    unique (version_id, ordinal),
    check (embedding is null or model is not null),
    foreign key (org_id, version_id) references indexed_versions (org_id, version_id) on delete cascade
);
-- Comparing many embeddings one by one must not fetch each from elsewhere: long texts make way first.
alter table content_passages alter column embedding set storage main;
create index content_passages_search on content_passages using gin (search);
create index content_passages_embedding on content_passages using hnsw (embedding vector_cosine_ops);
create index content_passages_to_embed on content_passages (id) where model is null;

-- Courses whose passages may be out of step. Taking one up puts it off at once, so that a course which its indexer does
-- not survive comes back late, and others first.
create table courses_to_index (
    course_id    uuid        primary key,
    org_id       uuid        not null,
    requested_at timestamptz not null default clock_timestamp(),
    attempts     integer     not null default 0,
    not_before   timestamptz not null default now(),
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade
);
create index courses_to_index_due on courses_to_index (not_before);

do $$
declare name text;
begin
    foreach name in array array['indexed_versions', 'content_passages', 'courses_to_index'] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy tenant on %I to azora_app using (org_id = current_org()) with check (org_id = current_org())', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
    end loop;
end
$$;
grant select on indexed_versions, content_passages to azora_app;
grant select, insert, update, delete on indexed_versions, content_passages, courses_to_index to azora_system;

-- Searches run as the owner, because row-level security keeps what is not leakproof, such as @@, from using an index.
-- They look at the present tenant only. Which versions a person may read is for the caller to know.

-- Where words of a question, stemmed by each course's language, occur: how often in a passage, the heading counted twice.
create function passages_with_words(wanted text, versions uuid[], kinds text[])
    returns table (passage_id bigint, characters integer, embedded boolean, config regconfig, lexeme text, frequency integer)
    language sql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan
    begin atomic
        with languages as (
                 select distinct search_configuration(v.language) as config
                   from indexed_versions v
                  where v.org_id = current_org() and v.version_id = any(versions)
             ),
             words as (
                 select l.config, w.word
                   from languages l cross join unnest(tsvector_to_array(passage_words(l.config, wanted))) as w (word)
             ),
             queries as (
                 select w.config, array_agg(w.word) as words,
                        string_agg('''' || replace(replace(w.word, '\', '\\'), '''', '''''') || '''', '|')::tsquery
                        && quote_literal(passages_lexeme(current_org(), w.config))::tsquery as query
                   from words w group by w.config
             )
        select p.id, length(p.text), p.embedding is not null, q.config, found.lexeme,
               (select sum(case weight when 'A' then 2 else 1 end)::integer from unnest(found.weights) as weight)
          from queries q
          join content_passages p on p.search @@ q.query
         cross join unnest(p.search) as found
         where p.org_id = current_org() and p.version_id = any(versions) and p.kind = any(kinds)
           and found.lexeme = any(q.words);
    end;

-- The passages nearest in meaning. Up to `exact` passages are compared one by one. Beyond that the index is walked, as
-- far as it takes to find enough among other tenants' rows.
create function passages_near(probe vector, versions uuid[], kinds text[], wanted integer, exact bigint)
    returns table (passage_id bigint, similarity double precision)
    language plpgsql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan
    set hnsw.iterative_scan = strict_order set hnsw.ef_search = 100 set hnsw.max_scan_tuples = 200000
    set hnsw.scan_mem_multiplier = 4
    as $$
begin
    if exact >= (select sum(v.passages) from indexed_versions v
                  where v.org_id = current_org() and v.version_id = any(versions)) then
        return query
            with compared as materialized (
                select p.id, p.embedding <=> probe as distance
                  from content_passages p
                 where p.org_id = current_org() and p.version_id = any(versions) and p.kind = any(kinds)
                   and p.embedding is not null
            )
            select c.id, 1 - c.distance from compared c order by c.distance, c.id limit wanted;
    else
        return query
            select p.id, 1 - (p.embedding <=> probe)
              from content_passages p
             where p.org_id = current_org() and p.version_id = any(versions) and p.kind = any(kinds)
             order by p.embedding <=> probe limit wanted;
    end if;
end
$$;

revoke execute on function passages_with_words(text, uuid[], text[]),
    passages_near(vector, uuid[], text[], integer, bigint) from public;
grant execute on function passages_with_words(text, uuid[], text[]),
    passages_near(vector, uuid[], text[], integer, bigint) to azora_app, azora_system;
