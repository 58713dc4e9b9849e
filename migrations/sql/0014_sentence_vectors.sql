-- What the sentences of a passage mean, so that nobody who asks waits until they are embedded: eight-bit vectors one after
-- the other (learning.retrieval.sentence_vectors), made once all passages have their embeddings. Null: still to be made.
alter table content_passages add column sentences bytea;
create index content_passages_without_sentences on content_passages (id)
    where sentences is null and embedding is not null;
