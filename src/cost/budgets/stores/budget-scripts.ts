import { redisScript } from '../../../storage/redis-connection.js';

/*
 * The steps of the budget store as Lua scripts, which Redis runs one at a time. All keys share the hash tag {budgets}, so
 * that one script may touch every scope of a call on a Redis Cluster too:
 *
 *   c:<counter>  hash   spent, reserved, and the part of each ledger in spent; without its part a ledger has to seed it
 *   h:<id>       hash   counter → amount of a hold
 *   s:<id>       hash   counters that the id was booked in; it exists from the first settle on
 *   leases       zset   id of a hold → when it lets go, by the clock of Redis
 *   alerts       hash   alerts that are raised
 *   epoch        string a word of its own since the store began; another one tells that everything was lost
 *
 * Amounts are integers below 2^53, which Lua's numbers hold exactly.
 */

/** Leases that one step ends at most, so that no step lasts long. */
const reapedAtOnce = 64;
/** How long it is remembered that an id was booked: longer than any booking may be on its way. */
export const bookedForMs = 2 * 86_400_000;

const prelude = `
local base = ARGV[1]
local part = 'ledger:' .. ARGV[2]
table.remove(ARGV, 2)
local leases = KEYS[1]
local moment = redis.call('TIME')
local now = moment[1] * 1000 + math.floor(moment[2] / 1000)
local function whole(number) return string.format('%.0f', number) end
local function release(id)
  local hold = base .. 'h:' .. id
  local parts = redis.call('HGETALL', hold)
  for i = 1, #parts, 2 do
    local counter = base .. 'c:' .. parts[i]
    if redis.call('EXISTS', counter) == 1 then
      redis.call('HINCRBY', counter, 'reserved', '-' .. parts[i + 1])
    end
  end
  redis.call('DEL', hold)
  redis.call('ZREM', leases, id)
end
local function reap()
  local over = redis.call('ZRANGEBYSCORE', leases, '-inf', whole(now), 'LIMIT', 0, ${reapedAtOnce})
  for _, id in ipairs(over) do release(id) end
end
local function unseeded(first, step)
  local missing = {}
  for i = first, #ARGV, step do
    if redis.call('HEXISTS', base .. 'c:' .. ARGV[i], part) == 0 then missing[#missing + 1] = ARGV[i] end
  end
  return missing
end
local function state(counter)
  local found = redis.call('HMGET', base .. 'c:' .. counter, 'spent', 'reserved', part)
  return found[1] or '0', found[2] or '0', found[3] or ''
end
local function states(head, first, step)
  for i = first, #ARGV, step do
    local spent, reserved, own = state(ARGV[i])
    head[#head + 1] = spent
    head[#head + 1] = reserved
    head[#head + 1] = own
  end
  return head
end
`;

/* Their arguments begin with the prefix of keys and the id of the ledger; the latter is gone when their own part begins. */

/** base, id, lease, then counter, amount, limit or nothing for each line. */
export const holdScript = redisScript(`${prelude}
local id, lease = ARGV[2], tonumber(ARGV[3])
if redis.call('EXISTS', base .. 's:' .. id) == 1 then return {'settled'} end
local missing = unseeded(4, 3)
if #missing > 0 then return {'unseeded', unpack(missing)} end
reap()
if redis.call('EXISTS', base .. 'h:' .. id) == 0 then
  local refused = ''
  for i = 4, #ARGV, 3 do
    if ARGV[i + 2] ~= '' then
      local spent, reserved = state(ARGV[i])
      if tonumber(spent) + tonumber(reserved) + tonumber(ARGV[i + 1]) > tonumber(ARGV[i + 2]) then
        refused = refused .. whole((i - 4) / 3) .. ','
      end
    end
  end
  if refused ~= '' then return states({'refused', refused}, 4, 3) end
  for i = 4, #ARGV, 3 do
    redis.call('HINCRBY', base .. 'c:' .. ARGV[i], 'reserved', ARGV[i + 1])
    redis.call('HSET', base .. 'h:' .. id, ARGV[i], ARGV[i + 1])
  end
  redis.call('ZADD', leases, whole(now + lease), id)
end
return states({'admitted', ''}, 4, 3)
`);

/** base, id, lease, then counter, amount for each line. */
export const renewScript = redisScript(`${prelude}
local id, lease = ARGV[2], tonumber(ARGV[3])
if redis.call('EXISTS', base .. 's:' .. id) == 1 then return {} end
for i = 4, #ARGV, 2 do
  if redis.call('HSETNX', base .. 'h:' .. id, ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('HINCRBY', base .. 'c:' .. ARGV[i], 'reserved', ARGV[i + 1])
    -- A counter that is not seeded yet has no end of its own.
    if redis.call('PTTL', base .. 'c:' .. ARGV[i]) == -1 then
      redis.call('PEXPIRE', base .. 'c:' .. ARGV[i], ${bookedForMs})
    end
  end
end
redis.call('ZADD', leases, whole(now + lease), id)
return {}
`);

/** base, id, then counter, amount for each line. */
export const settleScript = redisScript(`${prelude}
local id = ARGV[2]
local missing = unseeded(3, 2)
if #missing > 0 then return {'unseeded', unpack(missing)} end
release(id)
local booked = base .. 's:' .. id
redis.call('HSET', booked, '', '1')
redis.call('PEXPIRE', booked, ${bookedForMs})
for i = 3, #ARGV, 2 do
  if redis.call('HSETNX', booked, ARGV[i], '1') == 1 then
    redis.call('HINCRBY', base .. 'c:' .. ARGV[i], 'spent', ARGV[i + 1])
    redis.call('HINCRBY', base .. 'c:' .. ARGV[i], part, ARGV[i + 1])
  end
end
return states({'booked'}, 3, 2)
`);

/** base, counter, expiry, spent, number of booked ids, these ids, then id, amount, lease for each open attempt. */
export const seedScript = redisScript(`${prelude}
local name = ARGV[2]
local counter = base .. 'c:' .. name
if redis.call('HSETNX', counter, part, ARGV[4]) == 0 then return {} end
redis.call('HINCRBY', counter, 'spent', ARGV[4])
redis.call('PEXPIREAT', counter, ARGV[3])
local last = 5 + tonumber(ARGV[5])
for i = 6, last do
  local booked = base .. 's:' .. ARGV[i]
  redis.call('HSETNX', booked, name, '1')
  redis.call('PEXPIRE', booked, ${bookedForMs})
end
for i = last + 1, #ARGV, 3 do
  local id = ARGV[i]
  if redis.call('EXISTS', base .. 's:' .. id) == 0
    and redis.call('HSETNX', base .. 'h:' .. id, name, ARGV[i + 1]) == 1 then
    redis.call('HINCRBY', counter, 'reserved', ARGV[i + 1])
    redis.call('ZADD', leases, 'NX', whole(now + tonumber(ARGV[i + 2])), id)
  end
end
return {}
`);

/** base, counter, the part of the ledger. */
export const unseedScript = redisScript(`${prelude}
local counter = base .. 'c:' .. ARGV[2]
if redis.call('HGET', counter, part) == ARGV[3] then
  redis.call('HDEL', counter, part)
  redis.call('HINCRBY', counter, 'spent', '-' .. ARGV[3])
end
return {}
`);

/** base, then the counters. */
export const statesScript = redisScript(`${prelude}
reap()
return states({}, 2, 1)
`);

export const epochScript = redisScript(`
local key = ARGV[1] .. 'epoch'
local moment = redis.call('TIME')
redis.call('SET', key, moment[1] .. '.' .. moment[2], 'NX')
return {redis.call('GET', key)}
`);
