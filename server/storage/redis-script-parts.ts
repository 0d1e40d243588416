// Lua that several scripts of `redis()` begin with.

/** The functions that all scripts know. */
export const COMMON = `
local function split(lease) return string.match(lease, '^(%d+) (.*)$') end
local function living(prefix, lease)
  local fence, node = split(lease)
  local member = redis.call('GET', prefix .. 'node:' .. node)
  return member and tonumber(string.match(member, '^%d+')) < tonumber(fence), node
end
local function refused(prefix, lease, token)
  if token ~= '' then return lease ~= token end
  return lease and living(prefix, lease)
end
local escapes = { ['%'] = '%25', ['{'] = '%7B', ['}'] = '%7D' }
local function key(prefix, id, suffix) return prefix .. '{' .. string.gsub(id, '[%%{}]', escapes) .. '}:' .. suffix end
local function now() local time = redis.call('TIME') return time[1] * 1000 + math.floor(time[2] / 1000) end
local function server() return string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') end
local function setDue(prefix, id, due)
  if due == '-' then redis.call('ZREM', prefix .. 'due', id) elseif due ~= '' then redis.call('ZADD', prefix .. 'due', due, id) end
end
local function setChunks(key, pairs)
  for at = 1, #pairs, 200 do redis.call('HSET', key, unpack(pairs, at, math.min(at + 199, #pairs))) end
end
local function forget(prefix, id, h, c, b)
  local lease = redis.call('HGET', h, 'lease')
  redis.call('DEL', h, c, b)
  if lease then redis.call('HSET', h, 'lease', lease) end
  for _, name in ipairs({ 'ids', 'due', 'used' }) do redis.call('ZREM', prefix .. name, id) end
end
local FENCED, NOT_NEXT = redis.error_reply('FENCED the lease is over'), redis.error_reply('NOTNEXT it does not follow')
`;

/** Gives what is stored: `base` of the head, head, names of stores, commits, chunks, incarnation, sequence; or the format, where it is a later one. */
export const FOUND = `
local function found(keys, format)
  local m = redis.call('HMGET', keys[1], 'fmt', 'base', 'head', 'stores', 'inc', 'seq')
  if not m[1] then return nil end
  if tonumber(m[1]) > tonumber(format) then return m[1] end
  return { m[2], m[3], m[4], redis.call('LRANGE', keys[2], 0, -1), redis.call('HGETALL', keys[3]), m[5], m[6] }
end
`;
