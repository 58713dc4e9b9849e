-- The foundation schema.
--
-- Tenancy: every tenant row carries org_id, and row-level security admits a row only where org_id is the
-- organisation that the transaction declared with set_config('azora.org_id', ..., true). Composite foreign keys
-- (org_id, x_id) make a reference across organisations impossible even for the owner.

-- Roles. NOLOGIN: the application's login is granted them and takes one as it connects.
do $$
begin
    if not exists (select from pg_roles where rolname = 'azora_app') then
        create role azora_app nologin nosuperuser nobypassrls nocreatedb nocreaterole;
    end if;
    if not exists (select from pg_roles where rolname = 'azora_system') then
        create role azora_system nologin nosuperuser nobypassrls nocreatedb nocreaterole;
    end if;
end
$$;

-- The tenant that the running transaction declared, or null.
create function current_org() returns uuid language sql stable parallel safe
    return nullif(current_setting('azora.org_id', true), '')::uuid;

create function touch() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    new.revision := old.revision + 1;
    return new;
end
$$;

-- Organisations and people ------------------------------------------------------------------------------------

create table organisations (
    id            uuid primary key,
    slug          varchar(63)  not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'),
    name          varchar(255) not null check (name <> ''),
    registration  varchar(20)  not null default 'invitation' check (registration in ('open', 'invitation', 'closed')),
    status        varchar(20)  not null default 'active' check (status in ('active', 'suspended')),
    locale        varchar(35)  not null default 'en',
    revision      integer      not null default 1,
    created_at    timestamptz  not null default now(),
    updated_at    timestamptz  not null default now()
);

create table users (
    id               uuid primary key,
    org_id           uuid         not null references organisations (id),
    email            varchar(255) not null check (email = lower(email)),
    password_hash    varchar(255),
    first_name       varchar(100) not null,
    last_name        varchar(100) not null,
    role             varchar(50)  not null
                     check (role in ('student', 'instructor', 'org_admin', 'platform_admin', 'auditor')),
    status           varchar(20)  not null default 'active' check (status in ('active', 'deactivated', 'erased')),
    bio              text         not null default '',
    locale           varchar(35)  not null default 'en',
    timezone         varchar(64)  not null default 'UTC',
    external_id      varchar(255),
    sensitive        bytea,       -- AES-256-GCM over a JSON object; the envelope names its key
    sensitive_key_id varchar(32),
    revision         integer      not null default 1,
    created_at       timestamptz  not null default now(),
    updated_at       timestamptz  not null default now(),
    password_changed_at timestamptz,
    erased_at        timestamptz,
    unique (org_id, email),
    unique (org_id, id)
);
create unique index users_external_id on users (org_id, external_id) where external_id is not null;
create index users_sensitive_key on users (sensitive_key_id) where sensitive_key_id is not null;

create table invitations (
    id          uuid primary key,
    org_id      uuid         not null references organisations (id),
    email       varchar(255) not null,
    role        varchar(50)  not null check (role in ('student', 'instructor', 'org_admin', 'auditor')),
    token_hash  bytea        not null unique,
    invited_by  uuid,                       -- null: the platform itself
    expires_at  timestamptz  not null,
    accepted_at timestamptz,
    revoked_at  timestamptz,
    created_at  timestamptz  not null default now(),
    foreign key (org_id, invited_by) references users (org_id, id)
);
create index invitations_page on invitations (org_id, id);
-- One open invitation per address: inviting again replaces it.
create unique index invitations_open on invitations (org_id, email) where accepted_at is null and revoked_at is null;

create table password_resets (
    id         uuid primary key,
    org_id     uuid        not null references organisations (id),
    user_id    uuid        not null,
    token_hash bytea       not null unique,
    expires_at timestamptz not null,
    used_at    timestamptz,
    created_at timestamptz not null default now(),
    foreign key (org_id, user_id) references users (org_id, id)
);
create index password_resets_user on password_resets (org_id, user_id);

-- Addresses that somebody asked to reset, whether or not they have an account. Housekeeping looks them up and writes
-- the mails, so that nothing about an account can be read off the answer to the request or off its time.
create table password_reset_requests (
    id         uuid primary key,
    org_id     uuid         not null references organisations (id),
    email      varchar(255) not null,
    created_at timestamptz  not null default now()
);

-- Proof that an erasure happened; holds no personal data.
create table erasures (
    id           uuid primary key,
    org_id       uuid        not null references organisations (id),
    user_id      uuid        not null,
    requested_by uuid        not null,
    summary      jsonb       not null,
    created_at   timestamptz not null default now()
);

create table mails (
    id         uuid primary key,
    org_id     uuid         not null references organisations (id),
    recipient  varchar(255) not null,
    subject    varchar(255) not null,
    body       text         not null,
    attempts   integer      not null default 0,
    not_before timestamptz  not null default now(),
    created_at timestamptz  not null default now()
);
create index mails_due on mails (not_before);

-- Courses ------------------------------------------------------------------------------------------------------

create table courses (
    id            uuid primary key,
    org_id        uuid          not null references organisations (id),
    title         varchar(255)  not null check (title <> ''),
    description   text          not null default '',
    instructor_id uuid          not null,
    category      varchar(100)  not null default 'general',
    difficulty    varchar(20)   not null default 'beginner'
                  check (difficulty in ('beginner', 'intermediate', 'advanced')),
    duration      integer       not null default 0 check (duration >= 0),  -- minutes
    price         decimal(10,2) not null default 0 check (price >= 0),
    currency      char(3)       not null default 'EUR',
    language      varchar(35)   not null default 'en',
    tags          text[]        not null default '{}',
    capacity      integer       check (capacity > 0),
    access_days   integer       check (access_days > 0),  -- an enrolment expires this long after it began
    status        varchar(20)   not null default 'draft' check (status in ('draft', 'published', 'archived')),
    published_version_id uuid,
    revision      integer       not null default 1,
    search        tsvector,     -- all words: what is found
    heading       tsvector,     -- title, tags and category: by what it is ranked; short enough to lie in the row
    created_at    timestamptz   not null default now(),
    updated_at    timestamptz   not null default now(),
    published_at  timestamptz,
    unique (org_id, id),
    foreign key (org_id, instructor_id) references users (org_id, id)
) with (toast_tuple_target = 1024);  -- searches read many rows: descriptions and search vectors lie beside the table
create index courses_search on courses using gin (search);
create index courses_newest on courses (org_id, status, published_at, id);
create index courses_title on courses (org_id, status, lower(title), id);
create index courses_price on courses (org_id, status, price, id);
create index courses_instructor on courses (org_id, instructor_id, created_at, id);

-- The text search configuration of a language tag; `simple` where PostgreSQL has no stemmer for it.
create function search_configuration(language text) returns regconfig language sql immutable parallel safe
    return (case split_part(lower(language), '-', 1)
        when 'en' then 'english' when 'de' then 'german' when 'fr' then 'french' when 'es' then 'spanish'
        when 'it' then 'italian' when 'pt' then 'portuguese' when 'nl' then 'dutch' when 'sv' then 'swedish'
        when 'da' then 'danish' when 'no' then 'norwegian' when 'fi' then 'finnish' when 'ru' then 'russian'
        when 'hu' then 'hungarian' when 'ro' then 'romanian' when 'tr' then 'turkish' else 'simple'
    end)::regconfig;

-- A lexeme that the courses of one organisation in one configuration share. With it in the query, the index gives no
-- other tenant's courses, and none whose words were stemmed by other rules.
create function courses_lexeme(org_id uuid, config regconfig) returns text language sql stable parallel safe
    return 'courses:' || org_id || ':' || config;

create function courses_search_vector() returns trigger language plpgsql as $$
declare config regconfig := search_configuration(new.language);
begin
    new.heading :=
        setweight(to_tsvector(config, new.title), 'A') ||
        setweight(to_tsvector(config, array_to_string(new.tags, ' ') || ' ' || new.category), 'B');
    new.search :=
        new.heading || setweight(to_tsvector(config, new.description), 'C') ||
        array_to_tsvector(array[courses_lexeme(new.org_id, config)]);
    return new;
end
$$;
create trigger courses_search before insert or update of title, description, tags, category, language
    on courses for each row execute function courses_search_vector();

-- The draft: what instructors edit.
create table modules (
    id         uuid primary key,
    org_id     uuid         not null,
    course_id  uuid         not null,
    position   integer      not null,
    title      varchar(255) not null check (title <> ''),
    revision   integer      not null default 1,
    created_at timestamptz  not null default now(),
    updated_at timestamptz  not null default now(),
    unique (org_id, id),
    unique (course_id, position) deferrable initially deferred,
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade
);

create table units (
    id         uuid primary key,
    org_id     uuid         not null,
    course_id  uuid         not null,
    module_id  uuid         not null,
    position   integer      not null,
    kind       varchar(20)  not null check (kind in ('text', 'video', 'quiz', 'assignment')),
    title      varchar(255) not null check (title <> ''),
    body       text         not null default '',  -- Markdown
    video_url  varchar(2048),
    quiz       jsonb,       -- with its key; never sent to learners as it is
    assignment jsonb,
    revision   integer      not null default 1,
    created_at timestamptz  not null default now(),
    updated_at timestamptz  not null default now(),
    unique (org_id, id),
    unique (module_id, position) deferrable initially deferred,
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade,
    foreign key (org_id, module_id) references modules (org_id, id) on delete cascade
);
create index units_course on units (org_id, course_id);

-- Modules and units of a version by id, kind and title, without what is in them.
create function course_outline(content jsonb) returns jsonb language sql immutable parallel safe
    return (
        select coalesce(jsonb_agg(jsonb_build_object('id', m -> 'id', 'title', m -> 'title', 'units', (
            select coalesce(jsonb_agg(
                jsonb_build_object('id', u -> 'id', 'kind', u -> 'kind', 'title', u -> 'title') order by at), '[]')
              from jsonb_array_elements(m -> 'units') with ordinality as units (u, at)
        )) order by at), '[]')
          from jsonb_array_elements(content -> 'modules') with ordinality as modules (m, at)
    );

-- What learners see: immutable snapshots of the draft. Units keep their ids from version to version.
create table course_versions (
    id           uuid primary key,
    org_id       uuid        not null,
    course_id    uuid        not null,
    number       integer     not null,
    title        varchar(255) not null,
    content      jsonb       not null,   -- {"modules": [{"id", "title", "units": [...]}]}, quizzes with their keys
    unit_ids     uuid[]      not null,
    outline      jsonb       generated always as (course_outline(content)) stored,
    published_by uuid        not null,
    published_at timestamptz not null default now(),
    unique (org_id, id),
    unique (course_id, number),
    foreign key (org_id, course_id) references courses (org_id, id)
);
alter table courses add foreign key (org_id, published_version_id) references course_versions (org_id, id);

create table course_prerequisites (
    org_id          uuid not null,
    course_id       uuid not null,
    prerequisite_id uuid not null,
    primary key (course_id, prerequisite_id),
    check (course_id <> prerequisite_id),
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade,
    foreign key (org_id, prerequisite_id) references courses (org_id, id) on delete cascade
);
create index course_prerequisites_back on course_prerequisites (prerequisite_id);

create table reviews (
    id         uuid primary key,
    org_id     uuid        not null,
    course_id  uuid        not null,
    user_id    uuid        not null,
    rating     smallint    not null check (rating between 1 and 5),
    body       text        not null default '',
    revision   integer     not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (course_id, user_id),
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade,
    foreign key (org_id, user_id) references users (org_id, id)
);
create index reviews_newest on reviews (course_id, created_at, id);
create index reviews_rating on reviews (course_id, rating, id);

-- Kept beside courses, not in them: a learner's review must not make an instructor's If-Match fail.
create table course_ratings (
    org_id    uuid    not null,
    course_id uuid    primary key,
    count     integer not null check (count >= 0),
    sum       integer not null check (sum >= 0),
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade
);

-- All ratings of an organisation: what the fair average of each course is drawn towards.
create table organisation_ratings (
    org_id uuid   primary key references organisations (id),
    count  bigint not null check (count >= 0),
    sum    bigint not null check (sum >= 0)
);

-- Its mean as it is used: to two decimals, so that it moves seldom where there are many ratings.
create function mean_rating(sum bigint, count bigint) returns numeric language sql immutable parallel safe
    return round(sum::numeric / nullif(count, 0), 2);

-- Figures that follow the reviews, whoever writes them. The organisation's row is locked first, so that writers of
-- many courses' reviews cannot lock each other out.
create function review_counted() returns trigger language plpgsql as $$
declare
    more integer := (tg_op = 'INSERT')::integer - (tg_op = 'DELETE')::integer;
    points integer := coalesce(new.rating, 0) - coalesce(old.rating, 0);
begin
    if tg_op = 'INSERT' then
        insert into organisation_ratings as r values (new.org_id, 1, points)
            on conflict (org_id) do update set count = r.count + 1, sum = r.sum + points;
        insert into course_ratings as r values (new.org_id, new.course_id, 1, points)
            on conflict (course_id) do update set count = r.count + 1, sum = r.sum + points;
    elsif more <> 0 or points <> 0 then
        update organisation_ratings set count = count + more, sum = sum + points where org_id = old.org_id;
        update course_ratings set count = count + more, sum = sum + points where course_id = old.course_id;
    end if;
    return null;
end
$$;
create trigger review_counted after insert or update or delete on reviews
    for each row execute function review_counted();

-- How many have enrolled; counted anew every minute (deployments.courses), so that no enrolment waits for another.
create table course_popularity (
    org_id      uuid   not null,
    course_id   uuid   primary key,
    enrollments bigint not null,
    foreign key (org_id, course_id) references courses (org_id, id) on delete cascade
);

-- Telling every replica, at commit, that what it remembers of a course is out of date. A message on `course_changed`
-- is the id of a course, or `org:` and the id of an organisation all of whose courses are meant.
create function course_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('course_changed', coalesce(new.course_id, old.course_id)::text);
    return null;
end
$$;
create trigger course_changed after insert or update or delete on course_ratings
    for each row execute function course_changed();
create trigger course_changed after insert or update or delete on course_prerequisites
    for each row execute function course_changed();

-- A course shows the titles of its prerequisites, so those that need this one are told too.
create function course_itself_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('course_changed', coalesce(new.id, old.id)::text);
    if tg_op = 'UPDATE' and (new.title, new.status) is distinct from (old.title, old.status) then
        perform pg_notify('course_changed', p.course_id::text) from course_prerequisites p where p.prerequisite_id = new.id;
    end if;
    return null;
end
$$;
create trigger course_changed after insert or update or delete on courses
    for each row execute function course_itself_changed();

-- A course shows its instructor's name.
create function instructor_renamed() returns trigger language plpgsql as $$
begin
    perform pg_notify('course_changed', c.id::text)
       from courses c where c.org_id = new.org_id and c.instructor_id = new.id;
    return null;
end
$$;
create trigger instructor_renamed after update of first_name, last_name on users for each row
    when ((new.first_name, new.last_name) is distinct from (old.first_name, old.last_name))
    execute function instructor_renamed();

-- Every rated course's fair average depends on the organisation's mean.
create function mean_rating_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('course_changed', 'org:' || new.org_id);
    return null;
end
$$;
create trigger mean_rating_changed after update on organisation_ratings for each row
    when (mean_rating(new.sum, new.count) is distinct from mean_rating(old.sum, old.count))
    execute function mean_rating_changed();
create trigger mean_rating_first after insert on organisation_ratings for each row
    execute function mean_rating_changed();

-- Enrolments ---------------------------------------------------------------------------------------------------

create table enrollments (
    id                uuid primary key,
    org_id            uuid         not null,
    user_id           uuid         not null,
    course_id         uuid         not null,
    course_version_id uuid         not null,
    status            varchar(20)  not null default 'active'
                      check (status in ('waitlisted', 'active', 'completed', 'dropped', 'expired')),
    progress          decimal(5,2) not null default 0 check (progress between 0 and 100),
    score             decimal(7,4) check (score between 0 and 100),  -- mean of the scored units, percent
    revision          integer      not null default 1,
    waitlisted_at     timestamptz,
    enrolled_at       timestamptz,
    completed_at      timestamptz,
    dropped_at        timestamptz,
    expires_at        timestamptz,
    created_at        timestamptz  not null default now(),
    updated_at        timestamptz  not null default now(),
    unique (org_id, id),
    unique (course_id, user_id),
    foreign key (org_id, user_id) references users (org_id, id),
    foreign key (org_id, course_id) references courses (org_id, id),
    foreign key (org_id, course_version_id) references course_versions (org_id, id)
);
create index enrollments_user on enrollments (org_id, user_id, created_at, id);
create index enrollments_course on enrollments (org_id, course_id, created_at, id);
create index enrollments_waiting on enrollments (course_id, waitlisted_at, id) where status = 'waitlisted';
create index enrollments_expiring on enrollments (expires_at) where status = 'active' and expires_at is not null;

-- Whether access has ended though nobody has come by to say so yet: readers take it for expired.
create function overdue(e enrollments) returns boolean language sql stable
    return e.status = 'active' and coalesce(e.expires_at <= now(), false);

create view enrollment_views with (security_invoker = true) as
    select e.id, e.user_id, e.course_id, e.course_version_id, e.progress, e.score, e.revision,
           case when overdue(e) then 'expired' else e.status end as status,
           e.enrolled_at, e.completed_at, e.dropped_at, e.expires_at, e.created_at,
           c.title as course_title, c.instructor_id,
           v.number as version_number, coalesce(n.number, v.number) as newest_version_number,
           coalesce(n.number > v.number, false) as newer_version,
           case when e.status = 'waitlisted' then (
               select count(*) from enrollments w
                where w.course_id = e.course_id and w.status = 'waitlisted'
                  and (w.waitlisted_at, w.id) <= (e.waitlisted_at, e.id)
           ) end as waitlist_position
      from enrollments e
      join courses c on c.id = e.course_id
      join course_versions v on v.id = e.course_version_id
      left join course_versions n on n.id = c.published_version_id;

create table unit_progress (
    org_id        uuid        not null,
    enrollment_id uuid        not null,
    unit_id       uuid        not null,
    completed_at  timestamptz,            -- null: scored but not completed yet
    score         decimal(7,4) check (score between 0 and 100),  -- percent: the best attempt's, or the grade's
    primary key (enrollment_id, unit_id),
    foreign key (org_id, enrollment_id) references enrollments (org_id, id) on delete cascade
);

create table quiz_attempts (
    id             uuid primary key,
    org_id         uuid         not null,
    enrollment_id  uuid         not null,
    unit_id        uuid         not null,
    number         integer      not null,
    answers        jsonb        not null,
    result         jsonb        not null,   -- per question: points, correct
    points         decimal(8,2) not null,
    maximum_points decimal(8,2) not null,
    score          decimal(7,4) not null,
    passed         boolean      not null,
    created_at     timestamptz  not null default now(),
    unique (enrollment_id, unit_id, number),
    foreign key (org_id, enrollment_id) references enrollments (org_id, id) on delete cascade
);

create table submissions (
    id             uuid primary key,
    org_id         uuid         not null,
    enrollment_id  uuid         not null,
    unit_id        uuid         not null,
    number         integer      not null,
    body           text         not null,
    points         decimal(8,2),
    maximum_points decimal(8,2) not null,
    feedback       text,
    graded_by      uuid,
    graded_at      timestamptz,
    revision       integer      not null default 1,
    created_at     timestamptz  not null default now(),
    updated_at     timestamptz  not null default now(),
    unique (enrollment_id, unit_id, number),
    unique (org_id, id),
    foreign key (org_id, enrollment_id) references enrollments (org_id, id) on delete cascade,
    foreign key (org_id, graded_by) references users (org_id, id)
);
create index submissions_ungraded on submissions (enrollment_id, created_at, id) where graded_at is null;

create table certificates (
    id            uuid primary key,
    org_id        uuid        not null,
    enrollment_id uuid        not null,
    user_id       uuid        not null,
    course_id     uuid        not null,
    code          varchar(43) not null unique,   -- 256 random bits: the link is the only way to find it
    token         text        not null,          -- JWS over the claims
    issued_at     timestamptz not null default now(),
    revoked_at    timestamptz,
    unique (enrollment_id),
    foreign key (org_id, enrollment_id) references enrollments (org_id, id),
    foreign key (org_id, user_id) references users (org_id, id)
);

-- Machinery ----------------------------------------------------------------------------------------------------

-- Events in the order of their transactions. Readers must stay below pg_snapshot_xmin(pg_current_snapshot()):
-- a row with a smaller seq can still become visible after one with a greater seq.
create table outbox (
    seq        bigint generated always as identity primary key,
    xid        xid8         not null default pg_current_xact_id(),
    id         uuid         not null unique,
    org_id     uuid         not null references organisations (id),
    topic      varchar(64)  not null,
    key        varchar(255) not null,
    event      jsonb        not null,
    created_at timestamptz  not null default now()
);
create index outbox_commit_order on outbox (xid, seq);
create index outbox_key on outbox (org_id, key);  -- what is held on one person

-- Answers to creating requests, kept so that a repetition gets the same answer. Requests without a tenant
-- (registration) belong to the nil organisation.
create table idempotency_keys (
    org_id      uuid         not null,
    actor       varchar(64)  not null,
    key         varchar(255) not null,
    fingerprint bytea        not null,
    status      smallint,
    headers     jsonb,
    body        bytea,
    created_at  timestamptz  not null default now(),
    primary key (org_id, actor, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

create table signing_keys (
    kid            varchar(43) primary key,
    purpose        varchar(20) not null check (purpose in ('access', 'certificate')),
    public_pem     text        not null,
    private_sealed bytea       not null,
    activates_at   timestamptz not null,      -- signs from here on
    expires_at     timestamptz,               -- verifies until here; null: for ever
    created_at     timestamptz not null default now()
);
create index signing_keys_active on signing_keys (purpose, activates_at desc);

do $$
declare name text;
begin
    foreach name in array array['organisations', 'users', 'courses', 'modules', 'units', 'reviews', 'enrollments', 'submissions'] loop
        execute format('create trigger touch before update on %I for each row execute function touch()', name);
    end loop;

    -- Row-level security binds the application's roles; the owner migrates and answers the narrow look-ups.
    foreach name in array array[
        'users', 'invitations', 'password_resets', 'password_reset_requests', 'erasures', 'mails', 'courses', 'modules', 'units',
        'course_versions', 'course_prerequisites', 'reviews', 'course_ratings',
        'organisation_ratings', 'course_popularity', 'enrollments', 'unit_progress', 'quiz_attempts', 'submissions',
        'certificates', 'outbox', 'idempotency_keys'
    ] loop
        execute format('alter table %I enable row level security', name);
        execute format('create policy tenant on %I to azora_app using (org_id = current_org()) with check (org_id = current_org())', name);
        execute format('create policy system on %I to azora_system using (true) with check (true)', name);
    end loop;
end
$$;
alter table organisations enable row level security;
create policy tenant on organisations to azora_app using (id = current_org()) with check (id = current_org());
create policy system on organisations to azora_system using (true) with check (true);

-- The few look-ups that precede a tenant, each as narrow as its use. They run as the owner of the tables.
create function organisation_by_slug(wanted text)
    returns table (id uuid, slug text, name text, registration text, status text)
    language sql stable security definer set search_path = public, pg_temp
    begin atomic
        select o.id, o.slug::text, o.name::text, o.registration::text, o.status::text
          from organisations o where o.slug = wanted;
    end;

create function organisations_page(after_id uuid, page_size integer)
    returns setof organisations
    language sql stable security definer set search_path = public, pg_temp
    begin atomic
        select * from organisations o where after_id is null or o.id > after_id order by o.id limit page_size;
    end;

create function certificate_by_code(wanted text)
    returns table (org_id uuid, token text, issued_at timestamptz, revoked_at timestamptz)
    language sql stable security definer set search_path = public, pg_temp
    begin atomic
        select c.org_id, c.token, c.issued_at, c.revoked_at from certificates c where c.code = wanted;
    end;

-- Attempts are append-only for the application, with one exception: the answers of an erased person go.
create function blank_answers(person uuid) returns bigint
    language sql volatile security definer set search_path = public, pg_temp
    begin atomic
        with blanked as (
            update quiz_attempts a set answers = '{}'
              from enrollments e join users u on u.org_id = e.org_id and u.id = e.user_id
             where a.org_id = current_org() and e.org_id = a.org_id and e.id = a.enrollment_id
               and u.id = person and u.status = 'erased' and a.answers <> '{}'
            returning 1
        )
        select count(*) from blanked;
    end;

-- The present tenant's courses that a web search matches, each course in the configuration of its own language. As
-- the owner, because row-level security keeps what is not leakproof, such as @@, from using an index.
create function courses_matching(wanted text) returns table (id uuid, rank double precision)
    language sql stable security definer set search_path = public, pg_temp rows 1000
    begin atomic
        select c.id, ts_rank(c.heading, words.query)
          from (select config, websearch_to_tsquery(config, wanted) as query
                  from unnest(array[
                      'simple', 'english', 'german', 'french', 'spanish', 'italian', 'portuguese', 'dutch', 'swedish',
                      'danish', 'norwegian', 'finnish', 'russian', 'hungarian', 'romanian', 'turkish'
                  ]::regconfig[]) as config) as words
          join courses c
            on c.search @@ (words.query && quote_literal(courses_lexeme(current_org(), words.config))::tsquery)
         where c.org_id = current_org() and numnode(words.query) > 0;
    end;
revoke execute on function courses_matching(text) from public;
grant execute on function courses_matching(text) to azora_app, azora_system;

grant usage on schema public to azora_app, azora_system;
grant select, insert, update, delete on all tables in schema public to azora_app;
grant select, insert, update, delete on all tables in schema public to azora_system;
revoke update, delete on course_versions, outbox, erasures, quiz_attempts from azora_app;
revoke delete on organisations, users, enrollments, signing_keys from azora_app;
grant usage, select on all sequences in schema public to azora_app, azora_system;
revoke execute on function organisation_by_slug(text), organisations_page(uuid, integer), certificate_by_code(text),
    blank_answers(uuid) from public;
grant execute on function blank_answers(uuid) to azora_app;
grant execute on function organisation_by_slug(text), organisations_page(uuid, integer), certificate_by_code(text)
    to azora_app, azora_system;
grant azora_app, azora_system to current_user;
