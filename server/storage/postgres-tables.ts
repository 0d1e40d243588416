// The tables of `postgres()`, in a schema of their own.
//
// `instances` has a row for each scope instance that is stored, or of which a node has a lease: who may write (`fence`, and `life`, that of a node), and how
// far it is stored. Its record has a number, which is another one after it was saved or deleted; by it stand the head, the commits after it, and the chunks of
// large stores. Ids are bytes: they are compared exactly, and may hold a `NUL`. `nodes` has the living nodes: who finds one whose time is over deletes its
// row, and a life whose row is gone is over. Times are of the server's clock.

/** The version of the tables. */
export const TABLES = 1;

/** The names of the tables. */
export const TABLE_NAMES = ["form", "nodes", "duties", "instances", "heads", "commits", "chunks"] as const;

/** Makes the tables of a schema, whose name is an identifier. */
export const tablesOf = (schema: string): string => `
create schema if not exists "${schema}";
create sequence "${schema}".numbers;
create table "${schema}".nodes (
  node text primary key,
  life uuid not null unique,
  facts text not null,
  server timestamptz not null,
  until timestamptz not null
) with (fillfactor = 50);
create table "${schema}".duties (name text primary key, life uuid not null);
create table "${schema}".instances (
  id bytea primary key,
  fence bigint,
  life uuid,
  record bigint,
  format int,
  incarnation bytea,
  revision bigint,
  sequence bigint,
  base bigint,
  chunk int,
  stores jsonb,
  due float8,
  used float8
) with (fillfactor = 60);
create index on "${schema}".instances (due) where due is not null;
create index on "${schema}".instances (life) where record is null;
create table "${schema}".heads (record bigint primary key, head text not null);
create table "${schema}".commits (
  record bigint,
  sequence bigint,
  revision bigint not null,
  chunk int not null,
  text text not null,
  primary key (record, sequence)
);
create table "${schema}".chunks (record bigint, n int, body text not null, primary key (record, n));
create table "${schema}".form (version int not null);
insert into "${schema}".form values (${TABLES});
`;
