-- Takes up to `want` hits of a sliding window for one key.
-- KEYS[1] the key's stem; ARGV limit, window (ms), want.
-- Returns {granted, remaining after, ms until hits come free}.
local limit, window, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local index = math.floor(now / window)
local elapsed = now - index * window
local current_key = KEYS[1] .. ':' .. index
local current = tonumber(redis.call('GET', current_key) or '0')
local previous = tonumber(redis.call('GET', KEYS[1] .. ':' .. (index - 1)) or '0')
local used = current + previous * (1 - elapsed / window)
local free = math.floor(limit - used)
if free < 1 then
    -- Hits of the previous window leave the view evenly; those of the current one only from the next window on.
    local wait = window - elapsed
    if current < limit and previous > 0 then
        wait = math.min(wait, math.ceil((used + 1 - limit) * window / previous))
    end
    return {0, 0, wait}
end
-- Only in memory: a count need not outlive the store, and no request waits until it is on the disk.
redis.set_repl(redis.REPL_NONE)
local granted = math.min(want, math.max(1, math.floor(free / 4)))
redis.call('INCRBY', current_key, granted)
redis.call('PEXPIRE', current_key, 2 * window)
return {granted, free - granted, window - elapsed}
