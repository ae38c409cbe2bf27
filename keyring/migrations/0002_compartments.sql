-- Rotation, shredding, the numbered record of unwraps, budgets, hourly spool keys, and what was signed for the audit log.
-- Lock impact: short exclusive locks on the keyring's own tables; unwrap_log is rewritten.

-- Keys that may be wrapped anew, and old versions that are destroyed once nothing is wrapped by them.
alter table keyring.purpose_key alter column wrapped drop not null;
alter table keyring.purpose_key add column destroyed_at timestamptz;
alter table keyring.purpose_key add check ((wrapped is null) = (destroyed_at is not null));
comment on column keyring.purpose_key.wrapped is 'class: key (sealed). AES-256-GCM under the workspace key, bound to workspace, purpose and versions; null once destroyed.';
comment on column keyring.purpose_key.destroyed_at is 'class: operational. When the key was destroyed.';

alter table keyring.content_key add column spool_hour integer, add column spool_id text;
alter table keyring.content_key add check ((spool_hour is null) = (spool_id is null));
comment on column keyring.content_key.spool_id is 'class: operational. Which spool state: hosts that were given the same file share it.';
comment on column keyring.content_key.spool_hour is 'class: operational. Hours since 1970 of the spool key that wraps this key inside the content purpose key; null for keys that outlive their hour.';
create index content_key_by_purpose_version on keyring.content_key (workspace_id, purpose_version, id) where wrapped is not null;
create index content_key_by_spool_hour on keyring.content_key (spool_hour) where spool_hour is not null and wrapped is not null;

grant update (root_id, wrapped) on keyring.installation_key to bulkhead_keyring;
grant update (root_id, wrapped, destroyed_at) on keyring.workspace_key to bulkhead_keyring;
grant update (workspace_key_version, wrapped, destroyed_at) on keyring.purpose_key to bulkhead_keyring;
grant update (purpose_version) on keyring.content_key to bulkhead_keyring;
grant update (purpose_version, sealed_private, state) on keyring.dkim_key to bulkhead_keyring;

create table keyring.rotation (
  id uuid not null primary key,
  scope text not null check (scope in ('root', 'workspace', 'all')),
  workspace_id uuid,
  requested_by text not null,
  started_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  finished_at timestamptz,
  state text not null default 'running' check (state in ('running', 'done', 'failed')),
  total bigint,
  done bigint not null default 0,
  rate real,
  error text,
  check ((scope = 'workspace') = (workspace_id is not null)),
  check ((state = 'running') = (finished_at is null))
);
-- One at a time: two rotations of the same keys would make two new versions where one is wanted.
create unique index rotation_running on keyring.rotation ((true)) where state = 'running';
comment on table keyring.rotation is 'class: operational. Rotations of keys and how far they are; any keyring process goes on with one that is running.';
comment on column keyring.rotation.id is 'class: identifier.';
comment on column keyring.rotation.scope is 'class: operational. root: wrap anew under the current root; workspace: new keys of one workspace; all: both, for every workspace.';
comment on column keyring.rotation.workspace_id is 'class: identifier. The workspace of scope workspace.';
comment on column keyring.rotation.requested_by is 'class: audit. Who asked, as the api process named them.';
comment on column keyring.rotation.started_at is 'class: operational. Keys that are newer need no rotation.';
comment on column keyring.rotation.updated_at is 'class: operational. When progress was last written.';
comment on column keyring.rotation.finished_at is 'class: operational.';
comment on column keyring.rotation.state is 'class: operational.';
comment on column keyring.rotation.total is 'class: operational. Keys to make or wrap anew, counted at the begin; null until counted.';
comment on column keyring.rotation.done is 'class: operational. Keys made or wrapped anew.';
comment on column keyring.rotation.rate is 'class: operational. Keys a second in the present run.';
comment on column keyring.rotation.error is 'class: operational. Why it failed.';
grant select, insert on keyring.rotation to bulkhead_keyring;
grant update (updated_at, finished_at, state, total, done, rate, error) on keyring.rotation to bulkhead_keyring;

create table keyring.shred (
  workspace_id uuid not null primary key,
  requested_by text not null,
  requested_at timestamptz not null default now(),
  execute_at timestamptz not null,
  state text not null default 'pending' check (state in ('pending', 'cancelled', 'shredding', 'shredded')),
  decided_by text,
  started_at timestamptz,
  finished_at timestamptz,
  check ((state in ('shredding', 'shredded')) = (started_at is not null)),
  check ((state = 'shredded') = (finished_at is not null))
);
create index shred_by_start on keyring.shred (started_at) where started_at is not null;
create index shred_due on keyring.shred (execute_at) where state in ('pending', 'shredding');
comment on table keyring.shred is 'class: audit. Workspaces whose keys are to be destroyed or were.';
comment on column keyring.shred.workspace_id is 'class: identifier.';
comment on column keyring.shred.requested_by is 'class: audit. Who asked, as the api process named them.';
comment on column keyring.shred.requested_at is 'class: audit.';
comment on column keyring.shred.execute_at is 'class: operational. Until then it can be cancelled.';
comment on column keyring.shred.state is 'class: operational.';
comment on column keyring.shred.decided_by is 'class: audit. Who cancelled it.';
comment on column keyring.shred.started_at is 'class: audit. When the workspace key was destroyed: nothing opens from then on.';
comment on column keyring.shred.finished_at is 'class: audit. When the last wrapped key below it was gone too.';
grant select, insert on keyring.shred to bulkhead_keyring;
grant update (requested_by, requested_at, execute_at, state, decided_by, started_at, finished_at) on keyring.shred to bulkhead_keyring;

-- The record of unwraps: numbered without gaps by each keyring process and chained by hashes.
alter table keyring.unwrap_log add column instance uuid, add column number bigint, add column chain bytea;
update keyring.unwrap_log set instance = '00000000-0000-0000-0000-000000000000', number = id, chain = '';
alter table keyring.unwrap_log alter column instance set not null, alter column number set not null, alter column chain set not null;
alter table keyring.unwrap_log drop column id;
alter table keyring.unwrap_log add primary key (instance, number);
alter table keyring.unwrap_log add check (number > 0);
create index unwrap_log_by_time on keyring.unwrap_log (at);
comment on column keyring.unwrap_log.instance is 'class: operational. The keyring process that answered, by a number drawn at its start; the nil UUID before numbers were kept.';
comment on column keyring.unwrap_log.number is 'class: audit. Counted from 1 without gaps by the instance.';
comment on column keyring.unwrap_log.chain is 'class: audit. SHA-256 of the chain of the number before (32 zero bytes at first) and of this row as canonical JSON.';
comment on column keyring.unwrap_log.at is 'class: audit. When, by the clock of the keyring, to the millisecond.';

create table keyring.unwrap_statement (
  instance uuid not null primary key,
  number bigint not null check (number > 0),
  chain bytea not null,
  statement text not null,
  at timestamptz not null
);
comment on table keyring.unwrap_statement is 'class: audit. The last signed statement of each keyring process: how many unwraps it recorded, and the head of their chain.';
comment on column keyring.unwrap_statement.instance is 'class: operational.';
comment on column keyring.unwrap_statement.number is 'class: audit. How many unwraps.';
comment on column keyring.unwrap_statement.chain is 'class: audit. Chain of the last one.';
comment on column keyring.unwrap_statement.statement is 'class: audit. C2SP signed note under the audit key.';
comment on column keyring.unwrap_statement.at is 'class: audit.';
grant select, insert on keyring.unwrap_statement to bulkhead_keyring;
grant update (number, chain, statement, at) on keyring.unwrap_statement to bulkhead_keyring;

create table keyring.refusal_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  instance uuid not null,
  process text not null,
  workspace_id uuid,
  kind text not null check (kind in ('budget', 'access')),
  detail text not null
);
comment on table keyring.refusal_log is 'class: audit. What the keyring refused and somebody should look at: budgets that ran out, requests outside the access matrix. At most one a minute of a kind.';
comment on column keyring.refusal_log.id is 'class: operational.';
comment on column keyring.refusal_log.at is 'class: audit.';
comment on column keyring.refusal_log.instance is 'class: operational. The keyring process.';
comment on column keyring.refusal_log.process is 'class: audit. The kind of process that asked.';
comment on column keyring.refusal_log.workspace_id is 'class: identifier. The workspace asked for, where there is one.';
comment on column keyring.refusal_log.kind is 'class: audit.';
comment on column keyring.refusal_log.detail is 'class: audit. Which limit, or which operation.';
create index refusal_log_by_time on keyring.refusal_log (at);
grant select, insert on keyring.refusal_log to bulkhead_keyring;

create table keyring.usage (
  process text not null,
  hour timestamptz not null,
  instance uuid not null,
  workspaces integer not null,
  keys bigint not null,
  limited boolean not null,
  primary key (process, hour, instance)
);
comment on table keyring.usage is 'class: operational. Per kind of process, hour and keyring: how many workspaces were opened and how many keys. Budgets follow from it; kept for eight days.';
comment on column keyring.usage.process is 'class: operational.';
comment on column keyring.usage.hour is 'class: operational.';
comment on column keyring.usage.instance is 'class: operational.';
comment on column keyring.usage.workspaces is 'class: operational. Distinct workspaces opened.';
comment on column keyring.usage.keys is 'class: operational. Keys and secrets opened.';
comment on column keyring.usage.limited is 'class: operational. A budget ran out in this hour, which therefore says nothing about ordinary use.';
grant select, insert, delete on keyring.usage to bulkhead_keyring;
grant update (workspaces, keys, limited) on keyring.usage to bulkhead_keyring;

create table keyring.checkpoint (
  origin text not null primary key,
  size bigint not null check (size >= 0),
  root bytea not null check (length(root) = 32),
  signed_at timestamptz not null
);
comment on table keyring.checkpoint is 'class: audit. The last checkpoint signed for the audit log: no smaller or other one is ever signed.';
comment on column keyring.checkpoint.origin is 'class: public.';
comment on column keyring.checkpoint.size is 'class: public.';
comment on column keyring.checkpoint.root is 'class: public.';
comment on column keyring.checkpoint.signed_at is 'class: operational.';
grant select, insert on keyring.checkpoint to bulkhead_keyring;
grant update (size, root, signed_at) on keyring.checkpoint to bulkhead_keyring;

-- The record is append-only for the keyring too; what is older than 400 days goes, and nothing younger can.
create function keyring.trim_unwraps(p_limit integer) returns bigint
language plpgsql security definer set search_path = keyring, pg_temp as $$
declare v_rows bigint;
begin
  delete from keyring.unwrap_log u
  using (
    select instance, number from keyring.unwrap_log
    where at < now() - interval '400 days'
    order by at
    limit p_limit
  ) o
  where u.instance = o.instance and u.number = o.number;
  get diagnostics v_rows = row_count;
  delete from keyring.refusal_log where at < now() - interval '400 days';
  return v_rows;
end $$;

create function keyring.unwraps_after(p_instance uuid, p_number bigint, p_limit integer)
returns table (instance uuid, number bigint, chain bytea, at timestamptz, process text, workspace_id uuid, purpose text, key_count integer, reason text)
language sql stable security definer set search_path = keyring, pg_temp as $$
  select u.instance, u.number, u.chain, u.at, u.process, u.workspace_id, u.purpose, u.key_count, u.reason
  from keyring.unwrap_log u
  where u.instance = p_instance and u.number > p_number
  order by u.number
  limit least(greatest(p_limit, 0), 10000)
$$;

-- Also while the keyring is down.
create function keyring.unwrap_statements()
returns table (instance uuid, number bigint, chain bytea, statement text, at timestamptz)
language sql stable security definer set search_path = keyring, pg_temp as $$
  select s.instance, s.number, s.chain, s.statement, s.at from keyring.unwrap_statement s order by s.at
$$;

create function keyring.refusals_after(p_id bigint, p_limit integer)
returns table (id bigint, at timestamptz, instance uuid, process text, workspace_id uuid, kind text, detail text)
language sql stable security definer set search_path = keyring, pg_temp as $$
  select r.id, r.at, r.instance, r.process, r.workspace_id, r.kind, r.detail
  from keyring.refusal_log r
  where r.id > p_id
  order by r.id
  limit least(greatest(p_limit, 0), 10000)
$$;

revoke execute on function keyring.trim_unwraps, keyring.unwraps_after, keyring.unwrap_statements, keyring.refusals_after from public;
grant execute on function keyring.trim_unwraps to bulkhead_keyring;
grant usage on schema keyring to bulkhead_audit;
grant execute on function keyring.unwraps_after, keyring.unwrap_statements, keyring.refusals_after to bulkhead_audit;
