-- The audit log: sequenced entries, the tiles of the tree over them, and acts that fail closed when nobody sequences.
-- Lock impact: a short exclusive lock on audit_outbox; the other tables are new.

-- The oldest waiting row is asked for with every act.
create index audit_outbox_by_time on audit_outbox (at, id);

create table audit_entry (
  index bigint not null primary key check (index >= 0),
  workspace_id uuid,
  at timestamptz not null,
  actor text not null,
  action text not null,
  target text,
  record text,
  salt bytea check (length(salt) = 32),
  commitment bytea not null check (length(commitment) = 32),
  check ((record is null) = (salt is null))
);
comment on table audit_entry is 'class: audit. The log in its order; append-only. The public half is the commitment, the rest is the workspace''s.';
comment on column audit_entry.index is 'class: public. Place in the log, from 0.';
comment on column audit_entry.workspace_id is 'class: identifier. Null for an act of the installation.';
comment on column audit_entry.at is 'class: audit. When the act happened.';
comment on column audit_entry.actor is 'class: audit. Who, by id.';
comment on column audit_entry.action is 'class: audit.';
comment on column audit_entry.target is 'class: audit. What was touched, by id.';
comment on column audit_entry.record is 'class: audit. The canonical JSON that is committed to; null once erased.';
comment on column audit_entry.salt is 'class: audit. 32 random bytes; without them the commitment tells nothing.';
comment on column audit_entry.commitment is 'class: public. SHA-256(salt, record).';
create index audit_entry_of_workspace on audit_entry (workspace_id, index);
create index audit_entry_by_action on audit_entry (workspace_id, action, index);
select engine.protect('audit_entry');
create policy audit_reads on audit_entry for select to bulkhead_audit using (true);
grant select on audit_entry to bulkhead_api, bulkhead_audit;
grant select, insert on audit_entry to bulkhead_engine;

create table audit_tile (
  level smallint not null check (level between 0 and 7),
  index bigint not null check (index >= 0),
  hashes bytea not null check (length(hashes) between 32 and 8192 and length(hashes) % 32 = 0),
  primary key (level, index)
);
comment on table audit_tile is 'class: public. Tiles of the Merkle tree (C2SP tlog-tiles); the last of each level grows.';
comment on column audit_tile.level is 'class: public.';
comment on column audit_tile.index is 'class: public. Place within the level.';
comment on column audit_tile.hashes is 'class: public. Up to 256 SHA-256 hashes.';
grant select on audit_tile to bulkhead_audit;
grant select, insert, update on audit_tile to bulkhead_engine;

create table audit_state (
  single boolean not null primary key default true check (single),
  size bigint not null default 0,
  root bytea not null default sha256(''),
  sequenced_at timestamptz,
  checkpoint_size bigint not null default 0,
  checkpoint text,
  checkpoint_at timestamptz,
  vkey text,
  witnesses jsonb not null default '[]',
  statements jsonb not null default '[]',
  problem text,
  check (checkpoint_size <= size)
);
comment on table audit_state is 'class: operational. How far the log is: sequenced, signed, cosigned.';
comment on column audit_state.single is 'class: operational. There is one row.';
comment on column audit_state.size is 'class: public. Entries in the log.';
comment on column audit_state.root is 'class: public. Root of the tree over them.';
comment on column audit_state.sequenced_at is 'class: operational.';
comment on column audit_state.checkpoint_size is 'class: public. Entries under the last checkpoint.';
comment on column audit_state.checkpoint is 'class: public. The last checkpoint as a signed note.';
comment on column audit_state.checkpoint_at is 'class: operational.';
comment on column audit_state.vkey is 'class: public. Verifier key of the log (C2SP signed-note).';
comment on column audit_state.witnesses is 'class: operational. What each witness last answered.';
comment on column audit_state.statements is 'class: audit. The keyrings'' signed statements of how many unwraps they recorded.';
comment on column audit_state.problem is 'class: operational. Why checkpoints wait; null while all is well.';
insert into audit_state default values;
grant select on audit_state to bulkhead_audit;
grant select, update on audit_state to bulkhead_engine;

create table audit_stream (
  stream uuid not null primary key,
  number bigint not null check (number > 0)
);
comment on table audit_stream is 'class: operational. The number of the last record of each workspace; the nil UUID stands for the installation.';
comment on column audit_stream.stream is 'class: identifier.';
comment on column audit_stream.number is 'class: audit. Counted from 1 without gaps, so that a record that is left out of an export is missed.';
grant select on audit_stream to bulkhead_audit;
grant select, insert, update on audit_stream to bulkhead_engine;

create table audit_unwrap (
  instance uuid not null primary key,
  number bigint not null check (number > 0),
  chain bytea not null check (length(chain) = 32)
);
comment on table audit_unwrap is 'class: operational. How far the record of unwraps of each keyring process is in the log.';
comment on column audit_unwrap.instance is 'class: operational. The keyring process.';
comment on column audit_unwrap.number is 'class: audit. Its last unwrap in the log.';
comment on column audit_unwrap.chain is 'class: audit. The chain of that unwrap.';
grant select on audit_unwrap to bulkhead_audit;
grant select, insert, update on audit_unwrap to bulkhead_engine;

grant usage on schema engine to bulkhead_audit;
grant delete on audit_outbox to bulkhead_engine;
grant select on audit_outbox to bulkhead_engine;

-- An act that cannot be logged does not happen (X-08): BH503 when nobody sequences. Sending writes no row here and goes on.
-- Process and time are not what the process says of itself. A row that the sequencer could not write down word for word is refused: it
-- would stop the log, and with it the acts of everybody.
create function engine.audit_must_flow() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_oldest timestamptz;
begin
  if session_user in ('bulkhead_api', 'bulkhead_smtp', 'bulkhead_sender', 'bulkhead_worker', 'bulkhead_staff', 'bulkhead_audit') then
    new.at := clock_timestamp();
    new.process := session_user;
  end if;
  if length(new.actor) > 200 or length(new.action) > 100 or length(new.target) > 500 or octet_length(new.detail::text) > 65536
    or not isfinite(new.at) or new.at not between '2000-01-01' and '9999-01-01'
    or jsonb_path_exists(new.detail, '$.**{16 to last}')
    or jsonb_path_exists(new.detail, '$.** ? (@.type() == "number" && (@.abs() > 9007199254740991 || @.floor() != @))') then
    raise exception 'the audit log takes whole numbers, short names and at most 64 kB' using errcode = '22023';
  end if;
  -- What only takes away must work when nothing else does.
  if new.action in ('containment.contained', 'epoch.bumped') or new.action like '%.revoked' then return new; end if;
  select o.at into v_oldest from audit_outbox o order by o.at, o.id limit 1;
  if v_oldest < clock_timestamp() - interval '2 minutes' then
    raise exception 'the audit log is not being written' using errcode = 'BH503',
      detail = format('Acts wait to be sequenced since %s.', v_oldest);
  end if;
  -- No 100,000 rows came within a second; the count is made only where it can matter.
  if v_oldest < clock_timestamp() - interval '1 second'
    and exists (select 1 from audit_outbox order by at, id offset 100000 limit 1) then
    raise exception 'the audit log is not being written' using errcode = 'BH503',
      detail = 'More than 100,000 acts wait to be sequenced.';
  end if;
  return new;
end $$;
revoke execute on function engine.audit_must_flow from public;
create trigger must_flow before insert on audit_outbox for each row execute function engine.audit_must_flow();

-- Appends records and what follows from them in one transaction: entries, tiles, counters; the outbox rows they came from go.
-- The caller names the size it built on: of two sequencers one is refused, so that the log cannot fork. An outbox row leaves only
-- for a record that says the same.
create function engine.audit_append(
  p_size bigint, p_records text[], p_salts bytea[], p_commitments bytea[],
  p_levels smallint[], p_indexes bigint[], p_hashes bytea[], p_root bytea
) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_tiles bigint;
begin
  update audit_state set size = p_size + cardinality(p_records), root = p_root, sequenced_at = clock_timestamp()
  where size = p_size;
  if not found then raise exception 'the log does not have % entries', p_size using errcode = '40001'; end if;
  if exists (
    select 1 from unnest(p_records, p_salts, p_commitments) r(record, salt, commitment)
    where r.commitment is distinct from sha256(r.salt || convert_to(r.record, 'UTF8'))
  ) then
    raise exception 'a commitment is not that of its record' using errcode = '22000';
  end if;
  insert into audit_entry (index, workspace_id, at, actor, action, target, record, salt, commitment)
  select p_size + r.place - 1, (r.json ->> 'workspace')::uuid, (r.json ->> 'at')::timestamptz,
         r.json ->> 'actor', r.json ->> 'action', r.json ->> 'target', r.record, r.salt, r.commitment
  from (select u.record, u.salt, u.commitment, u.place, u.record::jsonb as json
        from unnest(p_records, p_salts, p_commitments) with ordinality u(record, salt, commitment, place)) r;
  insert into audit_tile (level, index, hashes)
  select * from unnest(p_levels, p_indexes, p_hashes)
  on conflict (level, index) do update set hashes = excluded.hashes
    where substring(excluded.hashes for length(audit_tile.hashes)) = audit_tile.hashes;
  get diagnostics v_tiles = row_count;
  if v_tiles <> cardinality(p_levels) then
    raise exception 'a tile does not continue the one before' using errcode = '22000';
  end if;
  insert into audit_stream as s (stream, number)
  select coalesce((u.record::jsonb ->> 'workspace')::uuid, '00000000-0000-0000-0000-000000000000'),
         max((u.record::jsonb ->> 'number')::bigint)
  from unnest(p_records) u(record) group by 1
  on conflict (stream) do update set number = excluded.number where excluded.number > s.number;
  insert into audit_unwrap as a (instance, number, chain)
  select distinct on (1) (u.json -> 'detail' ->> 'instance')::uuid, (u.json -> 'detail' ->> 'number')::bigint,
         decode(u.json -> 'detail' ->> 'chain', 'base64')
  from (select record::jsonb as json from unnest(p_records) r(record)) u
  where u.json ->> 'action' = 'keyring.unwrapped'
  order by 1, 2 desc
  on conflict (instance) do update set number = excluded.number, chain = excluded.chain where excluded.number > a.number;
  -- Webhooks of endpoints that name audit.recorded. The event's id is a UUIDv8 with the index in its last 48 bits.
  insert into webhook_delivery (endpoint_id, workspace_id, event_id, type)
  select e.id, e.workspace_id, ('00000000-0000-8000-8000-' || lpad(to_hex(p_size + u.place - 1), 12, '0'))::uuid, 'audit.recorded'
  from (select (x.record::jsonb ->> 'workspace')::uuid as workspace_id, x.place
        from unnest(p_records) with ordinality x(record, place)) u
  join webhook_endpoint e
    on e.workspace_id = u.workspace_id and e.state = 'enabled' and 'audit.recorded' = any(e.event_types)
  order by u.place;
  -- The time of a record is in whole milliseconds.
  if exists (
    select from (select record::jsonb as json from unnest(p_records) r(record)) u
    join audit_outbox o on o.id = (u.json ->> 'id')::uuid
    where (o.actor, o.action, o.target, o.workspace_id, o.detail, regexp_replace(o.process, '^bulkhead_', '')) is distinct from
      (u.json ->> 'actor', u.json ->> 'action', u.json ->> 'target', (u.json ->> 'workspace')::uuid, u.json -> 'detail', u.json ->> 'process')
      or abs(extract(epoch from o.at - (u.json ->> 'at')::timestamptz)) > 0.002
  ) then
    raise exception 'a record is not that of the act that waits' using errcode = '22000';
  end if;
  delete from audit_outbox o
  using (select record::jsonb as json from unnest(p_records) r(record)) u
  where o.id = (u.json ->> 'id')::uuid;
end $$;

-- One process sequences: it holds the lock of this table to the end of a transaction that it leaves open. Nobody else has a right on the
-- table; an advisory lock any process could take, and keep the log from being written.
grant create on schema engine to bulkhead_engine;
create table engine.audit_seat (single boolean not null primary key default true check (single));
comment on table engine.audit_seat is 'class: operational. Empty; its lock belongs to the audit process that sequences. Kept: until removed.';
comment on column engine.audit_seat.single is 'class: operational.';
alter table engine.audit_seat owner to bulkhead_engine;

-- True where the caller leads from now on.
create function engine.audit_lead() returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  lock table engine.audit_seat in exclusive mode nowait;
  return true;
exception when lock_not_available then
  return false;
end $$;

-- Publishes a checkpoint, or again with the witnesses' signatures under it; never an older one.
create function engine.audit_publish(
  p_size bigint, p_checkpoint text, p_vkey text, p_witnesses jsonb, p_statements jsonb
) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  update audit_state
  set checkpoint_size = p_size, checkpoint = p_checkpoint, vkey = p_vkey, witnesses = p_witnesses,
      statements = p_statements, checkpoint_at = clock_timestamp(), problem = null
  where checkpoint_size <= p_size and size >= p_size
$$;

-- Says why checkpoints wait.
create function engine.audit_trouble(p_problem text) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  update audit_state set problem = p_problem where problem is distinct from p_problem
$$;

-- What everybody may know: the head, the tiles, the commitments. Nothing past the signed checkpoint is shown.
create function engine.audit_head() returns table (
  size bigint, checkpoint_size bigint, checkpoint text, checkpoint_at timestamptz, vkey text, witnesses jsonb, statements jsonb,
  problem text, waiting_since timestamptz
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select s.size, s.checkpoint_size, s.checkpoint, s.checkpoint_at, s.vkey, s.witnesses, s.statements, s.problem,
         (select o.at from audit_outbox o order by o.at, o.id limit 1)
  from audit_state s
$$;

create function engine.audit_tiles(p_levels smallint[], p_indexes bigint[])
returns table (level smallint, index bigint, hashes bytea)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select t.level, t.index, t.hashes
  from unnest(p_levels, p_indexes) w(level, index) join audit_tile t on t.level = w.level and t.index = w.index
  limit 1000
$$;

create function engine.audit_commitments(p_from bigint, p_count integer) returns setof bytea
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select e.commitment from audit_entry e
  where e.index >= p_from and e.index < p_from + least(p_count, 256)
  order by e.index
$$;

grant create on schema engine to bulkhead_engine;
do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname like 'audit\_%'
  loop
    execute format('revoke execute on function %s from public', signature);
    execute format('alter function %s owner to bulkhead_engine', signature);
  end loop;
end $$;
grant execute on function engine.audit_append, engine.audit_publish, engine.audit_trouble, engine.audit_lead to bulkhead_audit;
grant execute on function engine.audit_head, engine.audit_tiles, engine.audit_commitments to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
