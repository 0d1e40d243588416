import { FOUND } from "./redis-script-parts.js";

// The scripts of `redis()` about nodes: who lives, who has which lease, and what a failover has lost.

/**
 * KEYS h, c, b; ARGV prefix, id, format, node, life. Gives the fence, what is stored, and how many commits of it are lost, as nodes have noted; or who has it;
 * or that this is another Redis than the one before, and not all living nodes have noted what they know.
 */
const claim = `${FOUND}
local prefix, id, format, node, life = unpack(ARGV)
local member = redis.call('GET', prefix .. 'node:' .. node)
if not member or string.match(member, '^%d+') ~= life then return FENCED end
local before = redis.call('GET', prefix .. 'server')
if before ~= server() then return { 'changed', server(), before and 0 or 1 } end
local lease = redis.call('HGET', KEYS[1], 'lease')
if lease then
  local lives, owner = living(prefix, lease)
  if lives and owner ~= node then return { 'owner', owner } end
end
local stored = found(KEYS, format)
if type(stored) == 'string' then
  redis.call('HDEL', KEYS[1], 'lease')
  return { 'newer', stored }
end
local fence = redis.call('INCR', prefix .. 'fence')
redis.call('HSET', KEYS[1], 'lease', fence .. ' ' .. node)
if stored then redis.call('ZADD', prefix .. 'used', 'XX', now(), id) end
local known = redis.call('HMGET', KEYS[1], 'known', 'seq')
return { fence, stored or false, math.max(0, tonumber(known[1] or 0) - tonumber(known[2] or 0)) }
`;

/** ARGV prefix, node, and of each lease id and fence. */
const release = `
for at = 3, #ARGV, 2 do
  local h = key(ARGV[1], ARGV[at], 'h')
  if redis.call('HGET', h, 'lease') == ARGV[at + 1] .. ' ' .. ARGV[2] then redis.call('HDEL', h, 'lease') end
end
return 1
`;

/** ARGV prefix, node, facts, lease time. Gives the number of the life, and which Redis this is. */
const join = `
local life = redis.call('INCR', ARGV[1] .. 'fence')
redis.call('SET', ARGV[1] .. 'node:' .. ARGV[2], life .. ' ' .. ARGV[3], 'PX', ARGV[4])
redis.call('SADD', ARGV[1] .. 'nodes', ARGV[2])
return { tostring(life), server() }
`;

/** ARGV prefix, node, life, lease time; without that the node leaves. Gives whether it was living, and which Redis this is. */
const renew = `
local name = ARGV[1] .. 'node:' .. ARGV[2]
local member = redis.call('GET', name)
if not member or string.match(member, '^%d+') ~= ARGV[3] then return { 0, server() } end
if ARGV[4] then return { redis.call('PEXPIRE', name, ARGV[4]), server() } end
redis.call('SREM', ARGV[1] .. 'nodes', ARGV[2])
return { redis.call('DEL', name), server() }
`;

/** ARGV prefix. Gives nodes, how long each lives on, and their facts. */
const alive = `
local result = {}
for _, node in ipairs(redis.call('SMEMBERS', ARGV[1] .. 'nodes')) do
  local name = ARGV[1] .. 'node:' .. node
  local member = redis.call('GET', name)
  if member then
    result[#result + 1] = node
    result[#result + 1] = redis.call('PTTL', name) .. ' ' .. string.match(member, '^%d+ (.*)$')
  else
    redis.call('SREM', ARGV[1] .. 'nodes', node)
  end
end
return result
`;

/** ARGV prefix, name, node, life. */
const duty = `
local prefix, name, node = ARGV[1], ARGV[1] .. 'duty:' .. ARGV[2], ARGV[3]
local member = redis.call('GET', prefix .. 'node:' .. node)
if not member or string.match(member, '^%d+') ~= ARGV[4] then return 0 end
local had = redis.call('GET', name)
if had then
  local lives, owner = living(prefix, had)
  if lives then return owner == node and 1 or 0 end
end
redis.call('SET', name, redis.call('INCR', prefix .. 'fence') .. ' ' .. node)
return 1
`;

/**
 * ARGV prefix, whether Redis has forgotten everything, and of each record id, incarnation, sequence up to which the node knows it to be stored, and its token,
 * if it has a lease. Notes what is missing, and gives the ids whose lease is lost, or which are behind.
 */
const note = `
local prefix, lost = ARGV[1], {}
for at = 3, #ARGV, 4 do
  local h, sequence, token = key(prefix, ARGV[at], 'h'), tonumber(ARGV[at + 2]), ARGV[at + 3]
  local m = redis.call('HMGET', h, 'inc', 'seq', 'known', 'lease')
  local behind = m[1] == ARGV[at + 1] and tonumber(m[2]) < sequence
  -- What this node had no living lease of may have been deleted.
  local leased = token ~= '' and (not m[4] or m[4] == token) and living(prefix, token)
  if not m[1] and (ARGV[2] == '1' or leased) then behind = true end
  if behind and tonumber(m[3] or 0) < sequence then redis.call('HSET', h, 'known', ARGV[at + 2]) end
  if token ~= '' and (behind or m[4] ~= token) then lost[#lost + 1] = ARGV[at] end
end
return lost
`;

/** ARGV prefix, node, life, which Redis it has noted what it knows at. Gives whether all living nodes have. */
const noted = `
local prefix, node, this = ARGV[1], ARGV[2], server()
local member = redis.call('GET', prefix .. 'node:' .. node)
if not member or string.match(member, '^%d+') ~= ARGV[3] then return FENCED end
if ARGV[4] ~= this then return 0 end
redis.call('HSET', prefix .. 'noted', node, this)
for _, other in ipairs(redis.call('SMEMBERS', prefix .. 'nodes')) do
  local lives = redis.call('EXISTS', prefix .. 'node:' .. other) == 1
  if lives and redis.call('HGET', prefix .. 'noted', other) ~= this then return 0 end
  if not lives then redis.call('HDEL', prefix .. 'noted', other) end
end
redis.call('SET', prefix .. 'server', this)
return 1
`;

export const nodeScripts = { claim, release, join, renew, alive, duty, note, noted };
