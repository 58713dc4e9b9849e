-- What the sentences of a passage mean, so that nobody who asks waits until they are embedded: eight-bit vectors one after
-- the other (learning.retrieval.sentence_vectors), made once all passages have their embeddings. In a table of their own,
-- since a passage that changes is put into all of its indexes anew, and the one by meaning takes milliseconds.
create table passage_sentences (
    passage_id bigint   not null references content_passages on delete cascade,
    org_id     uuid     not null,
    vectors    bytea    not null,
    format     smallint not null generated always as (get_byte(vectors, 0)) stored,
    primary key (passage_id) include (format)
);
-- Numbers as good as random become no smaller.
alter table passage_sentences alter column vectors set storage external;

-- Those that are still to be made are looked for without reading any passage.
create index content_passages_embedded on content_passages (id) where embedding is not null;

alter table passage_sentences enable row level security;
create policy tenant on passage_sentences to azora_app using (org_id = current_org()) with check (org_id = current_org());
create policy system on passage_sentences to azora_system using (true) with check (true);
grant select on passage_sentences to azora_app;
grant select, insert, update, delete on passage_sentences to azora_system;
