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
 * Appends to any number of records, to each of them or not. KEYS h of each; ARGV prefix, format; and of each how many arguments follow, token, incarnation,
 * more, of each commit its place (sequence and revision) and its text, and all chunks. The commits of one record follow one another. More: empty, or a list of
 * id, whether the first commit may begin a record, due, names of stores that may be new, how many chunks each commit has.
 * Gives of each a number, or why it was refused.
 */
const append = `
local prefix, format = ARGV[1], ARGV[2]
local function add(list, name, value) list[#list + 1] = name list[#list + 1] = value end
local function sentBefore(c, count, at)
  local kept = redis.call('LRANGE', c, -count, -1)
  if #kept ~= count then return false end
  for i, item in ipairs(kept) do
    local sequence, text = string.match(item, '^(%d+) %d+ %d+ (.*)$')
    if sequence ~= string.match(ARGV[at + 2 * i - 2], '^%d+') or text ~= ARGV[at + 2 * i - 1] then return false end
  end
  return true
end
local function begin(h, id, incarnation, place, fields)
  local sequence, revision = string.match(place, '^(%d+) (%d+)$')
  add(fields, 'inc', incarnation)
  add(fields, 'base', sequence - 1)
  add(fields, 'head', '{"v":' .. format .. ',"incarnation":' .. cjson.encode(incarnation) .. ',"revision":' .. revision .. ',"stores":{},"numbers":{}}')
  redis.call('HDEL', h, 'known')
  redis.call('ZADD', prefix .. 'ids', 0, id)
  redis.call('ZADD', prefix .. 'used', now(), id)
end
local function addNames(h, names, fields)
  local all, has = cjson.decode(redis.call('HGET', h, 'stores') or '[]'), {}
  for _, name in ipairs(all) do has[name] = true end
  for _, name in ipairs(names) do if not has[name] then all[#all + 1] = name end end
  add(fields, 'stores', cjson.encode(all))
end
local function append(h, at, length)
  local token, incarnation, more = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local m = redis.call('HMGET', h, 'lease', 'inc', 'rev', 'seq', 'chunk', 'fmt')
  if refused(prefix, m[1], token) then return FENCED end
  local id, may, due, names, counts
  if more ~= '' then id, may, due, names, counts = unpack(cjson.decode(more)) end
  local from, count, tag, begins = at + 3, counts and #counts or (length - 3) / 2, string.sub(h, 1, -2), not m[2]
  if begins and may ~= 1 then return NOT_NEXT end
  local sequence, revision = string.match(ARGV[from], '^(%d+) (%d+)$')
  local s, r = tonumber(sequence) - tonumber(m[4] or 0), tonumber(revision) - tonumber(m[3] or 0)
  if not begins and (m[2] ~= incarnation or s ~= 1 or (r ~= 0 and r ~= 1)) then return sentBefore(tag .. 'c', count, from) and 0 or NOT_NEXT end
  local first = tonumber(m[5] or 0)
  local chunk, items, bodies = first, {}, {}
  for i = 1, count do
    items[i] = ARGV[from + 2 * i - 2] .. ' ' .. chunk .. ' ' .. ARGV[from + 2 * i - 1]
    for _ = 1, counts and counts[i] or 0 do
      add(bodies, chunk, ARGV[from + 2 * count + chunk - first])
      chunk = chunk + 1
    end
  end
  for i = 1, count, 500 do redis.call('RPUSH', tag .. 'c', unpack(items, i, math.min(i + 499, count))) end
  setChunks(tag .. 'b', bodies)
  if count > 1 then sequence, revision = string.match(ARGV[from + 2 * count - 2], '^(%d+) (%d+)$') end
  local fields = { 'rev', revision, 'seq', sequence }
  if chunk ~= first then add(fields, 'chunk', chunk) end
  if tonumber(m[6] or 0) < tonumber(format) then add(fields, 'fmt', format) end
  if names and #names > 0 then addNames(h, names, fields) end
  if begins then begin(h, id, incarnation, ARGV[from], fields) end
  redis.call('HSET', h, unpack(fields))
  if due then setDue(prefix, id, due) end
  return 1
end
local results, at = {}, 3
for n = 1, #KEYS do
  local length = tonumber(ARGV[at])
  local _, result = pcall(append, KEYS[n], at + 1, length)
  results[n] = type(result) == 'table' and result.err or result
  at = at + 1 + length
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
