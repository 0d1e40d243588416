// The statements of `postgres()`. Each is one stroke, and no transaction is open between two of them: a process that stands still holds no lock.
//
// In each of them `$1` to `$n` are the parameters; what is written in the text itself are names and constants alone.

/** Now, as ms since 1970. */
const NOW = "extract(epoch from clock_timestamp()) * 1000";
/** Ends the lives whose time is over. A node that renews at the same moment comes first, or is over. */
const DEAD = "dead as (delete from nodes where until <= clock_timestamp() returning life)";
/** The lives that go on. */
const LIVING = "select life from nodes";
const ALIVE = "select life from nodes where life not in (select life from dead)";
/** Whether who brings a fence and a life, or none, may write what stands in a row. */
const may = (row: string, fence: string, life: string) =>
  `case when ${fence} is null then ${row}.life is null or ${row}.life not in (${LIVING}) else ${row}.fence = ${fence} and ${row}.life = ${life} end`;
const NOTHING = "record = null, format = null, incarnation = null, revision = null, sequence = null, base = null, chunk = null, stores = null, due = null";
/** Removes what stands by the numbers of records that a part of the statement gives. */
const removed = (from: string) => `
  no_heads as (delete from heads using ${from} where heads.record = ${from}.record),
  no_commits as (delete from commits using ${from} where commits.record = ${from}.record),
  no_chunks as (delete from chunks using ${from} where chunks.record = ${from}.record)`;

/**
 * $1 life; $2 to $14 of each append: id, fence, incarnation, whether it may be the first, sequence before, revision of its first commit, sequence, revision,
 * count of chunks, names of stores that may be new, whether it says when something is due, that time, head of a record that it begins; $15 format; $16 to $20
 * of each commit: id, sequence, revision, chunks before it, text; $21 to $23 of each chunk: id, chunks before it, body. Gives the ids of what is written.
 */
const append = `
with given as (
  select * from unnest($2::bytea[], $3::bigint[], $4::bytea[], $5::bool[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::int[], $11::text[],
    $12::bool[], $13::float8[], $14::text[])
    as g (id, fence, incarnation, begins, before, first_revision, sequence, revision, chunks, stores, says_due, due, head)
), moved as (
  update instances i set
    record = coalesce(i.record, nextval('numbers')),
    format = greatest(i.format, $15::int),
    incarnation = g.incarnation, revision = g.revision, sequence = g.sequence,
    base = coalesce(i.base, g.before),
    chunk = coalesce(i.chunk, 0) + g.chunks,
    stores = case when g.stores is null then i.stores
      else (select jsonb_agg(distinct name) from jsonb_array_elements(coalesce(i.stores, '[]') || g.stores::jsonb) name) end,
    due = case when g.says_due then g.due else i.due end,
    used = coalesce(i.used, ${NOW})
  from given g
  where i.id = g.id
    and ${may("i", "g.fence", "$1::uuid")}
    and case when i.record is null then g.begins
      else i.incarnation = g.incarnation and i.sequence = g.before and g.first_revision in (i.revision, i.revision + 1) end
  returning i.id, i.record, i.chunk - g.chunks as chunk, i.base = g.before as fresh, g.head
), begun as (
  insert into heads (record, head) select record, head from moved where fresh and head is not null on conflict do nothing
), added as (
  insert into commits (record, sequence, revision, chunk, text)
  select m.record, c.sequence, c.revision, m.chunk + c.before, c.text
  from unnest($16::bytea[], $17::bigint[], $18::bigint[], $19::int[], $20::text[]) as c (id, sequence, revision, before, text) join moved m on m.id = c.id
), stored as (
  insert into chunks (record, n, body)
  select m.record, m.chunk + b.before, b.body from unnest($21::bytea[], $22::int[], $23::text[]) as b (id, before, body) join moved m on m.id = b.id
)
select id from moved`;

/** $1 id, $2 fence, $3 life, $4 sequence before. Gives whether it may be written, its incarnation, its sequence, and the commits after that one. */
const look = `
select ${may("i", "$2::bigint", "$3::uuid")}, i.incarnation, i.sequence,
  (select json_agg(c.text order by c.sequence) from commits c where c.record = i.record and c.sequence > $4)
from instances i where i.id = $1`;

/** $1 ids: makes rows of those that have none, and ends the lives that are over. For who writes without a lease. */
const prepare = `
with ${DEAD}
insert into instances (id) select * from unnest($1::bytea[]) on conflict do nothing`;

/**
 * $1 id, $2 fence, $3 life, $4 format, $5 incarnation, $6 revision, $7 sequence, $8 due, $9 names of stores, $10 head, $11 chunks. Gives whether it is
 * written.
 */
const save = `
with old as (
  select record from instances i where id = $1 and ${may("i", "$2::bigint", "$3::uuid")} for update
), allowed as (
  select count(*) as count from old
), written as (
  update instances set record = nextval('numbers'), format = $4, incarnation = $5, revision = $6, sequence = $7, base = $7, chunk = cardinality($11::text[]),
    stores = $9::jsonb, due = $8, used = ${NOW}
  from allowed where id = $1 and allowed.count = 1 returning record
), head as (
  insert into heads (record, head) select record, $10 from written
), bodies as (
  insert into chunks (record, n, body) select record, b.n - 1, b.body from written, unnest($11::text[]) with ordinality as b (body, n)
), ${removed("old")}
select count(*) from written`;

/** $1 id, $2 fence, $3 life. Gives whether it may be deleted, and whether there is a row. */
const remove = `
with old as (
  select record from instances i where id = $1 and ${may("i", "$2::bigint", "$3::uuid")} for update
), allowed as (
  select count(*) as count from old
), emptied as (
  update instances set ${NOTHING} from allowed where id = $1 and allowed.count = 1 and life is not null
), gone as (
  delete from instances using allowed where id = $1 and allowed.count = 1 and life is null
), ${removed("old")}
select (select count from allowed), (select count(*) from instances where id = $1)`;

/** $1 id, $2 fence, $3 life, $4 the id under which it is kept. */
const aside = `
with old as (
  select * from instances i where id = $1 and ${may("i", "$2::bigint", "$3::uuid")} for update
), allowed as (
  select count(*) as count from old
), kept as (
  insert into instances (id, record, format, incarnation, revision, sequence, base, chunk, stores, used)
  select $4, record, format, incarnation, revision, sequence, base, chunk, stores, used from old where record is not null
), emptied as (
  update instances set ${NOTHING} from allowed where id = $1 and allowed.count = 1
)
select count from allowed`;

/**
 * $1 id, $2 format, $3 fence; without one whatever its lease is. Gives rows of a kind: 0 the head with format, sequence, base and count of chunks, 1 the
 * names of stores, 2 commits with sequence, revision and first chunk, 3 chunks with their numbers. Of a later format there is no more than the first.
 */
const peek = `
with r as (
  select record, format, sequence, base, chunk, stores from instances where id = $1 and record is not null and ($3::bigint is null or fence = $3)
)
select 0, r.format::bigint, r.sequence, r.base, r.chunk, (select head from heads where heads.record = r.record) from r
union all select 1, null, null, null, null, r.stores::text from r
union all select 2, c.sequence, c.revision, c.chunk, null, c.text from r join commits c on c.record = r.record where r.format <= $2::int
union all select 3, b.n, null, null, null, b.body from r join chunks b on b.record = r.record where r.format <= $2::int`;

/** $1 ids. */
const touch = `update instances set used = ${NOW} where id = any($1::bytea[]) and record is not null`;

/** $1 the first id, $2 the one after the last, $3 how many. Gives ids and the names of their stores. */
const list = `select id, stores::text from instances where id >= $1 and id < $2 and record is not null order by id limit $3::int`;

/** $1 the first id, $2 the one after the last, $3 how many. Gives ids, times of use, revisions, names of stores, heads, and sizes. */
const facts = `
select i.id, i.used, i.revision, i.stores::text, h.head,
  coalesce(length(h.head), 0) + (select coalesce(sum(length(text)), 0) from commits c where c.record = i.record)
    + (select coalesce(sum(length(body)), 0) from chunks b where b.record = i.record)
from instances i left join heads h on h.record = i.record
where i.id >= $1 and i.id < $2 and i.record is not null order by i.id limit $3::int`;

/** $1 the first id, $2 the one after the last, $3 how many, $4 for how long it was not used, in ms. Gives ids. */
const unused = `
select id from instances where id >= $1 and id < $2 and record is not null and used < ${NOW} - $4::float8 order by id limit $3::int`;

/** $1 ids, $2 for how long they were not used, in ms. Gives those that it forgets. */
const expire = `
with ${DEAD}, gone as (
  delete from instances where id = any($1::bytea[]) and used < ${NOW} - $2::float8 and (due is null or due > ${NOW})
    and (life is null or life not in (${ALIVE}))
  returning id, record
), ${removed("gone")}
select id from gone`;

/** $1 the time before which they are due, $2 life, $3 how many. Gives ids and times. */
const due = `
with ${DEAD}
select id, due from instances
where due < $1::float8 and (life is null or life = $2::uuid or life not in (${ALIVE})) order by due limit $3::int`;

// --- making one of a record and the commits after it ---

/** $1 id, $2 fence, $3 life, $4 count. Gives the number of the first of so many new chunks. */
const reserve = "update instances set chunk = chunk + $4::int where id = $1 and fence = $2 and life = $3 returning chunk - $4::int";

/** $1 id, $2 fence, $3 life, $4 number of the first, $5 chunks. */
const put = `
insert into chunks (record, n, body)
select i.record, $4::int + b.n - 1, b.body from instances i, unnest($5::text[]) with ordinality as b (body, n)
where i.id = $1 and i.fence = $2 and i.life = $3 and i.record is not null`;

/** $1 id, $2 fence, $3 life, $4 base of before, $5 base of now, $6 head, $7 the number below which chunks are of no use any more. Gives whether it is done. */
const fold = `
with old as (
  select record from instances where id = $1 and fence = $2 and life = $3 and base = $4 for update
), allowed as (
  select count(*) as count from old
), head as (
  insert into heads (record, head) select record, $6 from old on conflict (record) do update set head = excluded.head
), no_commits as (
  delete from commits using old where commits.record = old.record and sequence <= $5
), no_chunks as (
  delete from chunks using old where chunks.record = old.record and n < $7::int
), moved as (
  update instances set base = $5 from allowed where id = $1 and allowed.count = 1 returning 1
)
select count(*) from moved`;

// --- nodes ---

/** $1 node, $2 life, $3 facts, $4 lease time in ms. */
const join = `
insert into nodes (node, life, facts, server, until)
values ($1, $2, $3, pg_postmaster_start_time(), clock_timestamp() + $4::float8 * interval '1 ms')
on conflict (node) do update set life = excluded.life, facts = excluded.facts, server = excluded.server, until = excluded.until`;

/** Removes the rows of leases that are over, of what is not stored. Those that `prepare` has made have no life. */
const sweep = `delete from instances where record is null and life is not null and life not in (${LIVING})`;

/** $1 life, $2 lease time in ms. Gives a row where it goes on. Another server in the place of the one before, or the same after a restart, knows no life. */
const renew = `
update nodes set until = clock_timestamp() + $2::float8 * interval '1 ms'
where life = $1 and until > clock_timestamp() and server = pg_postmaster_start_time() returning 1`;

/** $1 life. */
const leave = "delete from nodes where life = $1";

/** Gives nodes, how long each lives on in ms, and their facts. */
const alive = `
with ${DEAD}
select node, extract(epoch from until - clock_timestamp()) * 1000, facts from nodes where life not in (select life from dead)`;

/** $1 id, $2 life, $3 format. Gives whether the life goes on, the fence, the owner, and the format of what is stored. */
const claim = `
with ${DEAD}, me as (
  select life from (${ALIVE}) lives where life = $2::uuid
), taken as (
  insert into instances as i (id, fence, life, used) select $1, nextval('numbers'), me.life, ${NOW} from me
  on conflict (id) do update set fence = nextval('numbers'), life = excluded.life, used = excluded.used
  where coalesce(i.format, 0) <= $3::int and (i.life is null or i.life = excluded.life or i.life not in (${ALIVE}))
  returning fence
)
select (select count(*) from me), (select fence from taken), (select n.node from instances i join nodes n on n.life = i.life where i.id = $1),
  (select format from instances where id = $1)`;

/** $1 life, $2 ids, $3 fences. */
const release = `
with given as (
  select * from unnest($2::bytea[], $3::bigint[]) as g (id, fence)
), emptied as (
  delete from instances i using given g where i.id = g.id and i.fence = g.fence and i.life = $1 and i.record is null
)
update instances i set fence = null, life = null from given g where i.id = g.id and i.fence = g.fence and i.life = $1 and i.record is not null`;

/** $1 name, $2 life. Gives a row where the life has the duty. */
const duty = `
with ${DEAD}, me as (
  select life from (${ALIVE}) lives where life = $2::uuid
)
insert into duties as d (name, life) select $1, life from me
on conflict (name) do update set life = excluded.life where d.life = excluded.life or d.life not in (${ALIVE})
returning 1`;

const texts = {
  append,
  look,
  prepare,
  save,
  remove,
  aside,
  peek,
  touch,
  list,
  facts,
  unused,
  expire,
  due,
  reserve,
  put,
  fold,
  join,
  sweep,
  renew,
  leave,
  alive,
  claim,
  release,
  duty,
};

export type StatementName = keyof typeof texts;

/** The statements for the tables of a schema, whose name is an identifier. */
export const statementsOf = (schema: string): Readonly<Record<StatementName, string>> =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, qualified(text, schema)])) as Record<StatementName, string>;

const NAMES = /\b(from|join|into|using|update) (nodes|duties|instances|heads|commits|chunks)\b/g;
const qualified = (text: string, schema: string) =>
  text.replace(NAMES, (_, before, table) => `${before} "${schema}".${table}`).replaceAll("nextval('numbers')", `nextval('"${schema}".numbers')`);
