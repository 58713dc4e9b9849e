-- Keys of requests that wait for a model: reserved in a transaction of their own, so that none is open meanwhile. Null for
-- keys whose row is written in the transaction of the effect.
alter table idempotency_keys
    add column reservation    uuid,
    add column reserved_until timestamptz;
