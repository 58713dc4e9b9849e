-- script: create
-- KEYS session, sessions of the person; ARGV sid, now, idle ms, absolute ms, then the session's fields and values.
redis.call('HSET', KEYS[1], unpack(ARGV, 5))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
-- script: rotate
-- KEYS session, spent, revocations; ARGV presented, successor, now, idle ms, sid, until, remember from (ms).
-- Returns 0 unknown, 1 rotated, 2 reused (the session is ended).
local current = redis.call('HGET', KEYS[1], 'refresh')
if not current then return 0 end
local now, expires_at = tonumber(ARGV[3]), tonumber(redis.call('HGET', KEYS[1], 'expires_at'))
if current == ARGV[1] then
    local left = math.min(tonumber(ARGV[4]), math.floor((expires_at - now) * 1000))
    if left <= 0 then return 0 end
    redis.call('HSET', KEYS[1], 'refresh', ARGV[2], 'last_used_at', ARGV[3])
    redis.call('ZADD', KEYS[2], now, ARGV[1])
    redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1001)
    redis.call('PEXPIRE', KEYS[1], left)
    redis.call('PEXPIRE', KEYS[2], left)
    return 1
end
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then
    redis.call('DEL', KEYS[1], KEYS[2])
    redis.call('XADD', KEYS[3], 'MINID', '~', ARGV[7], '*', 'sid', ARGV[5], 'until', ARGV[6])
    return 2
end
return 0
-- script: revoke
-- KEYS session, spent, revocations; ARGV sid, until, remember from (ms). Returns 1 where the session was alive.
if redis.call('DEL', KEYS[1], KEYS[2]) == 0 then return 0 end
redis.call('XADD', KEYS[3], 'MINID', '~', ARGV[3], '*', 'sid', ARGV[1], 'until', ARGV[2])
return 1
