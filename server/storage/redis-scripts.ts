import { createHash } from "node:crypto";
import { nodeScripts } from "./redis-node-scripts.js";
import { COMMON, FOUND } from "./redis-script-parts.js";

// The scripts of `redis()`. Each is one stroke: it checks who may write, and writes, or leaves all as it was.
//
// Keys, behind a prefix: `{id}:h` a hash with the lease of a scope instance and the head of its record, `{id}:c` the list of commits after it,
// `{id}:b` a hash with chunks of large stores; `ids` all ids in order, `due` when schedules are due, `used` when ids were last used; `fence` the counter
// of leases and lives; `nodes` and `node:<id>` the members; `duty:<name>` who has a duty. A lease is the text `<fence> <node>`, a member `<life> <facts>`.
// `server` is the Redis (its replication id) to which all living nodes have said how far they know records to be stored, `noted` which node has said it to
// which.
// Lives and fences come from one counter, so a lease is of the life that goes on if its fence is the higher number.

/**
 * Appends to any number of records, to each of them or not. KEYS h, c, b of each; ARGV prefix, format; and of each how many arguments follow, id, token, due,
 * names of stores that may be new, count; and of each commit incarnation, revision, sequence, whether it may be the first, text, how many chunks, chunks.
 * Gives of each a number, or why it was refused.
 */
const append = `
local prefix, format = ARGV[1], ARGV[2]
local function sentBefore(c, count, at)
  local kept = redis.call('LRANGE', c, -count, -1)
  if #kept ~= count then return false end
  for _, item in ipairs(kept) do
    local sequence, text = string.match(item, '^(%d+) %d+ %d+ (.*)$')
    if sequence ~= ARGV[at + 2] or text ~= ARGV[at + 4] then return false end
    at = at + 6 + tonumber(ARGV[at + 5])
  end
  return true
end
local function append(h, c, b, at)
  local id, token, due, stores, count = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4])
  local m = redis.call('HMGET', h, 'lease', 'inc', 'rev', 'seq', 'chunk', 'fmt')
  if refused(prefix, m[1], token) then return FENCED end
  at = at + 5
  local from, begins = at, not m[2]
  if begins and ARGV[at + 3] ~= '1' then return NOT_NEXT end
  local incarnation, revision, sequence, chunk = m[2], tonumber(m[3]), tonumber(m[4]), tonumber(m[5] or 0)
  if begins then incarnation, revision, sequence = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]) - 1 end
  local last
  local base, first, items, bodies = sequence, chunk, {}, {}
  for i = 1, count do
    local r, s = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    if ARGV[at] ~= incarnation or s ~= sequence + 1 or (r ~= revision and r ~= revision + 1) then
      if i == 1 and sentBefore(c, count, at) then return 0 end
      return NOT_NEXT
    end
    items[i] = table.concat({ ARGV[at + 2], ARGV[at + 1], chunk, ARGV[at + 4] }, ' ')
    for k = 1, tonumber(ARGV[at + 5]) do
      bodies[#bodies + 1] = chunk
      bodies[#bodies + 1] = ARGV[at + 5 + k]
      chunk = chunk + 1
    end
    revision, sequence, last = r, s, at
    at = at + 6 + tonumber(ARGV[at + 5])
  end
  for i = 1, #items, 500 do redis.call('RPUSH', c, unpack(items, i, math.min(i + 499, #items))) end
  setChunks(b, bodies)
  local fields = { 'rev', ARGV[last + 1], 'seq', ARGV[last + 2] }
  local function set(name, value) fields[#fields + 1] = name fields[#fields + 1] = value end
  if chunk ~= first then set('chunk', chunk) end
  if tonumber(m[6] or 0) < tonumber(format) then set('fmt', format) end
  if stores ~= '' then
    local names, has = cjson.decode(redis.call('HGET', h, 'stores') or '[]'), {}
    for _, name in ipairs(names) do has[name] = true end
    for _, name in ipairs(cjson.decode(stores)) do if not has[name] then names[#names + 1] = name end end
    set('stores', cjson.encode(names))
  end
  if begins then
    set('inc', incarnation)
    set('base', base)
    set('head', '{"v":' .. format .. ',"incarnation":' .. cjson.encode(incarnation) .. ',"revision":' .. ARGV[from + 1] .. ',"stores":{},"numbers":{}}')
    redis.call('HDEL', h, 'known')
    redis.call('ZADD', prefix .. 'ids', 0, id)
    redis.call('ZADD', prefix .. 'used', now(), id)
  end
  redis.call('HSET', h, unpack(fields))
  setDue(prefix, id, due)
  return 1
end
local results, at = {}, 3
for n = 1, #KEYS, 3 do
  local _, result = pcall(append, KEYS[n], KEYS[n + 1], KEYS[n + 2], at + 1)
  results[#results + 1] = type(result) == 'table' and result.err or result
  at = at + 1 + tonumber(ARGV[at])
end
return results
`;

/** KEYS h, c, b; ARGV prefix, id, token, format, due, stores, incarnation, revision, sequence, head, chunks. */
const save = `
local prefix, id, token, format, due, stores, incarnation, revision, sequence, head = unpack(ARGV)
local lease = redis.call('HGET', KEYS[1], 'lease')
if refused(prefix, lease, token) then return FENCED end
redis.call('DEL', KEYS[2], KEYS[3])
redis.call('HDEL', KEYS[1], 'known')
redis.call('HSET', KEYS[1], 'fmt', format, 'inc', incarnation, 'rev', revision, 'seq', sequence, 'base', sequence, 'head', head, 'stores', stores, 'chunk', #ARGV - 10)
local bodies = {}
for at = 11, #ARGV do
  bodies[#bodies + 1] = at - 11
  bodies[#bodies + 1] = ARGV[at]
end
setChunks(KEYS[3], bodies)
setDue(prefix, id, due)
redis.call('ZADD', prefix .. 'ids', 0, id)
redis.call('ZADD', prefix .. 'used', now(), id)
return 1
`;

const load = `${FOUND}
local result = found(KEYS, ARGV[3])
if result then redis.call('ZADD', ARGV[1] .. 'used', 'XX', now(), ARGV[2]) end
return result
`;

/** KEYS h, c, b; ARGV format. Like `load`, and notes no use. */
const peek = `${FOUND}
return found(KEYS, ARGV[1])
`;

/** ARGV prefix, and from where to where, and how many. Gives ids with times of use, revisions, sizes in memory, names of stores, and heads. */
const facts = `
local result = {}
for _, id in ipairs(redis.call('ZRANGEBYLEX', ARGV[1] .. 'ids', ARGV[2], ARGV[3], 'LIMIT', 0, ARGV[4])) do
  local h = key(ARGV[1], id, 'h')
  local m = redis.call('HMGET', h, 'rev', 'stores', 'head')
  local size = 0
  for _, suffix in ipairs({ 'h', 'c', 'b' }) do size = size + (redis.call('MEMORY', 'USAGE', key(ARGV[1], id, suffix)) or 0) end
  result[#result + 1] = { id, redis.call('ZSCORE', ARGV[1] .. 'used', id) or '0', m[1] or '0', size, m[2] or '[]', m[3] or '{}' }
end
return result
`;

/** KEYS h, c, b; ARGV prefix, id, token. */
const remove = `
if refused(ARGV[1], redis.call('HGET', KEYS[1], 'lease'), ARGV[3]) then return FENCED end
forget(ARGV[1], ARGV[2], KEYS[1], KEYS[2], KEYS[3])
return 1
`;

/** KEYS h, c, b; ARGV prefix, id, token, and the keys under which it is kept. */
const aside = `
local lease = redis.call('HGET', KEYS[1], 'lease')
if refused(ARGV[1], lease, ARGV[3]) then return FENCED end
for at = 1, 3 do if redis.call('EXISTS', KEYS[at]) == 1 then redis.call('RENAME', KEYS[at], ARGV[at + 3]) end end
redis.call('HDEL', ARGV[4], 'lease')
if lease then redis.call('HSET', KEYS[1], 'lease', lease) end
for _, name in ipairs({ 'ids', 'due', 'used' }) do redis.call('ZREM', ARGV[1] .. name, ARGV[2]) end
return 1
`;

/** ARGV prefix, ids. */
const touch = `
for at = 2, #ARGV do redis.call('ZADD', ARGV[1] .. 'used', 'XX', now(), ARGV[at]) end
return 1
`;

/** ARGV prefix, and from where to where, and how many. Gives ids and the names of their stores. */
const list = `
local result = {}
for _, id in ipairs(redis.call('ZRANGEBYLEX', ARGV[1] .. 'ids', ARGV[2], ARGV[3], 'LIMIT', 0, ARGV[4])) do
  result[#result + 1] = id
  result[#result + 1] = redis.call('HGET', key(ARGV[1], id, 'h'), 'stores') or '[]'
end
return result
`;

/** ARGV prefix, the time before which they were used last, now, ids. Gives those that it forgets. */
const expire = `
local prefix, before, present, gone = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), {}
for at = 4, #ARGV do
  local id = ARGV[at]
  local used, due = redis.call('ZSCORE', prefix .. 'used', id), redis.call('ZSCORE', prefix .. 'due', id)
  local lease = redis.call('HGET', key(prefix, id, 'h'), 'lease')
  if (not used or tonumber(used) < before) and (not due or tonumber(due) > present) and not (lease and living(prefix, lease)) then
    forget(prefix, id, key(prefix, id, 'h'), key(prefix, id, 'c'), key(prefix, id, 'b'))
    gone[#gone + 1] = id
  end
end
return gone
`;

/** ARGV prefix, the time before which they are due, how many, node. It looks at some thousand at most: what is due later is for a later call. */
const due = `
local prefix, before, limit, node, result, from = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], {}, 0
while #result < 2 * limit and from < limit + 5000 do
  local some = redis.call('ZRANGEBYSCORE', prefix .. 'due', '-inf', '(' .. before, 'WITHSCORES', 'LIMIT', from, 500)
  for at = 1, #some, 2 do
    local lease = redis.call('HGET', key(prefix, some[at], 'h'), 'lease')
    local lives, owner = nil, nil
    if lease then lives, owner = living(prefix, lease) end
    if not lives or owner == node then
      result[#result + 1] = some[at]
      result[#result + 1] = some[at + 1]
      if #result == 2 * limit then break end
    end
  end
  if #some < 1000 then break end
  from = from + 500
end
return result
`;

/** KEYS h; ARGV token, count. Gives the number of the first of so many new chunks. */
const reserve = `
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[1] then return FENCED end
return redis.call('HINCRBY', KEYS[1], 'chunk', ARGV[2]) - ARGV[2]
`;

/** KEYS h, b; ARGV token, number of the first, chunks. */
const put = `
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[1] then return FENCED end
local bodies = {}
for at = 3, #ARGV do
  bodies[#bodies + 1] = ARGV[2] + at - 3
  bodies[#bodies + 1] = ARGV[at]
end
setChunks(KEYS[2], bodies)
return 1
`;

/** KEYS h, c, b; ARGV token, base of before, base of now, how many commits are in it, head, numbers of the chunks that are of no use any more. */
const fold = `
local m = redis.call('HMGET', KEYS[1], 'lease', 'base')
if m[1] ~= ARGV[1] then return FENCED end
if m[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'base', ARGV[3], 'head', ARGV[5])
redis.call('LTRIM', KEYS[2], ARGV[4], -1)
for at = 6, #ARGV do redis.call('HDEL', KEYS[3], ARGV[at]) end
return 1
`;

const bodies = {
  ...nodeScripts,
  append,
  save,
  load,
  peek,
  facts,
  remove,
  aside,
  touch,
  list,
  expire,
  due,
  reserve,
  put,
  fold,
};

export type ScriptName = keyof typeof bodies;

/** The scripts that Redis refuses where its memory is full. All others go on: state can be read, given back and deleted. */
const GROWING: readonly string[] = ["append", "save", "put"] satisfies ScriptName[];
const first = (name: string) => (GROWING.includes(name) ? "#!lua" : "#!lua flags=allow-oom");

/** The scripts by name, whole. */
export const scripts = Object.fromEntries(Object.entries(bodies).map(([name, body]) => [name, first(name) + COMMON + body])) as Readonly<
  Record<ScriptName, string>
>;

/** The names by which Redis knows the scripts. */
export const hashes = Object.fromEntries(Object.entries(scripts).map(([name, body]) => [name, createHash("sha1").update(body).digest("hex")])) as Readonly<
  Record<ScriptName, string>
>;
