// What Redis does in one step, in Lua. Each touches keys of one slot only. Change numbers are times of this Redis in microseconds, and never the same
// twice in a bucket: what is committed after a moment has a number above that moment's. While its clock is behind the last number they rise by steps that are drawn, so that
// they don't come again where it went on from an older copy, too.

const seqLua = `
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000000 + tonumber(t[2])
`;

/** Change numbers of a bucket that are kept, the last ones: by them a node sees after a loss of connection whether what it knows of is there still. */
export const logKept = 4096;

/** KEYS record, due, seq, due of the app, log. ARGV version, status, rows or '', due or '', member, channel or '', 1 if there is a clock, step. */
export const casLua: string = `
if (redis.call('HGET', KEYS[1], 'v') or '0') ~= ARGV[1] then return false end
${seqLua}
local seq = string.format('%.0f', math.max(tonumber(redis.call('GET', KEYS[3]) or '0') + tonumber(ARGV[8]), now))
redis.call('SET', KEYS[3], seq)
if redis.call('RPUSH', KEYS[5], seq) > ${logKept + logKept / 8} then redis.call('LTRIM', KEYS[5], -${logKept}, -1) end
local status = string.gsub(ARGV[2], 'Seq":%-1', 'Seq":' .. seq)
redis.call('HSET', KEYS[1], 'v', seq, 's', status)
if ARGV[3] ~= '' then
  local rows = string.gsub(ARGV[3], '"seq":%-1', '"seq":' .. seq)
  redis.call('HSET', KEYS[1], 'r', rows, 'rv', seq)
end
if ARGV[4] ~= '' then
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[5])
  if ARGV[7] == '1' then redis.call('ZADD', KEYS[4], ARGV[4], ARGV[5]) end
else
  redis.call('ZREM', KEYS[2], ARGV[5])
  if ARGV[7] == '1' then redis.call('ZREM', KEYS[4], ARGV[5]) end
end
if ARGV[6] ~= '' then redis.call('SPUBLISH', ARGV[6], seq .. ' ' .. status) end
return seq
`;

/** KEYS record. ARGV version of the rows that are known. */
export const loadLua: string = `
local found = redis.call('HMGET', KEYS[1], 'v', 's', 'rv')
if found[3] and found[3] ~= ARGV[1] then found[4] = redis.call('HGET', KEYS[1], 'r') end
return found
`;

/** KEYS app. ARGV state before or '', after, channel, least change number. */
export const casAppLua: string = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return false end
${seqLua}
local seq = string.format('%.0f', math.max(tonumber(ARGV[4]) + 1, now))
local state = string.gsub(ARGV[2], 'Seq":%-1', 'Seq":' .. seq)
redis.call('SET', KEYS[1], state)
redis.call('SPUBLISH', ARGV[3], state)
return state
`;

/** KEYS due. ARGV now, end of the lease, most. */
export const claimLua: string = `
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, member in ipairs(due) do redis.call('ZADD', KEYS[1], ARGV[2], member) end
return due
`;

/** KEYS calls. ARGV now or '' for the time of Redis, window, most, kept for so long. The log of core/rates.ts. Answers now, and of a refusal the call that has to leave first. */
export const chargeLua: string = `
local now = tonumber(ARGV[1])
if not now then
  local t = redis.call('TIME')
  now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
local text = string.format('%.0f', now)
local oldest = now - tonumber(ARGV[2])
local first = redis.call('LINDEX', KEYS[1], 0)
while first and tonumber(first) <= oldest do
  redis.call('LPOP', KEYS[1])
  first = redis.call('LINDEX', KEYS[1], 0)
end
local count = redis.call('LLEN', KEYS[1])
if count >= tonumber(ARGV[3]) then return {text, redis.call('LINDEX', KEYS[1], count - tonumber(ARGV[3]))} end
redis.call('RPUSH', KEYS[1], text)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {text}
`;
