-- What the sentences of a passage mean, made together with its embedding, so that nobody who asks waits for it: eight-bit
-- vectors one after the other (learning.retrieval.sentence_vectors). Null where it was embedded before there were any:
-- then they are made when they are needed, until the course is published again.
alter table content_passages add column sentences bytea;
