-- Roles' reach, workspaces, credentials, domains, senders, suppressions, processes.
-- Lock impact: none, these are the first tables.
--
-- The process is the database role (design: compartments). Tenant tables have row-level security forced: a role sees only rows
-- of the workspace named by the setting `bulkhead.workspace`, which every transaction of a surface sets first. What must cross
-- workspaces (accepting, claiming, settling) lives in functions owned by bulkhead_engine, a role nobody can log in as.

grant bulkhead_engine to current_user;

create schema engine;
grant usage, create on schema engine to bulkhead_engine;
grant usage on schema engine to bulkhead_api, bulkhead_smtp, bulkhead_sender, bulkhead_worker;
grant usage on schema public to
  bulkhead_engine, bulkhead_api, bulkhead_smtp, bulkhead_sender, bulkhead_worker, bulkhead_staff, bulkhead_audit;

create type lane as enum ('critical', 'transactional', 'bulk', 'internal');
create type final_state as enum ('delivered', 'bounced', 'expired', 'suppressed', 'cancelled', 'uncertain');

create function engine.current_workspace() returns uuid
language sql stable parallel safe
return nullif(current_setting('bulkhead.workspace', true), '')::uuid;
grant execute on function engine.current_workspace() to public;

-- Forces row-level security on a tenant table; every tenant table is passed through here (a catalog test checks it).
create function engine.protect(target regclass, workspace_column name default 'workspace_id') returns void
language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format(
    'create policy tenant on %s using (%I = engine.current_workspace()) with check (%I = engine.current_workspace())',
    target, workspace_column, workspace_column);
  execute format('create policy engine on %s to bulkhead_engine using (true) with check (true)', target);
end $$;

create table process (
  id uuid primary key,
  kind text not null,
  host text not null,
  pid integer not null,
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now(),
  ready boolean not null default false,
  detail jsonb not null default '{}'
);
comment on table process is 'class: operational. One row per running process; a heartbeat every 2 s; the source of /readyz.';
grant select, insert, update, delete on process to
  bulkhead_api, bulkhead_smtp, bulkhead_sender, bulkhead_worker, bulkhead_audit, bulkhead_staff, bulkhead_engine;

create table workspace (
  id uuid primary key,
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null default now()
);
comment on table workspace is 'class: operational. A tenant.';
select engine.protect('workspace', 'id');
grant select, insert, update on workspace to bulkhead_api;
grant select on workspace to bulkhead_worker;
grant select, insert on workspace to bulkhead_engine;

create table api_key (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  name text not null check (length(name) between 1 and 200),
  prefix text not null,
  secret_hash bytea not null unique,
  scopes text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);
create index api_key_workspace on api_key (workspace_id, id);
comment on table api_key is 'class: credential. API keys; the secret is shown once and kept as SHA-256 (256 bits of entropy).';
comment on column api_key.secret_hash is 'class: credential hash. SHA-256 of the whole key.';
select engine.protect('api_key');
grant select, insert, update on api_key to bulkhead_api;
grant select, update on api_key to bulkhead_engine;

create table smtp_credential (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  name text not null check (length(name) between 1 and 200),
  username text not null unique,
  secret_hash bytea not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  last_used_at timestamptz
);
create index smtp_credential_workspace on smtp_credential (workspace_id, id);
comment on table smtp_credential is 'class: credential. User name and hashed password for submission; the password is generated and shown once.';
comment on column smtp_credential.secret_hash is 'class: credential hash. SHA-256 of a generated password (256 bits of entropy).';
select engine.protect('smtp_credential');
grant select, insert, update on smtp_credential to bulkhead_api;
grant select, update on smtp_credential to bulkhead_engine;

create table sending_domain (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  name text not null check (length(name) <= 253 and name = lower(name)),
  state text not null default 'pending' check (state in ('pending', 'verified', 'failing')),
  created_at timestamptz not null default now(),
  verified_at timestamptz,
  checked_at timestamptz,
  next_check_at timestamptz not null default now(),
  checks jsonb not null default '[]',
  unique (workspace_id, name)
);
comment on table sending_domain is 'class: business. Domains a workspace may send from, once their DNS shows it.';
select engine.protect('sending_domain');
grant select, insert, update, delete on sending_domain to bulkhead_api, bulkhead_worker;
grant select on sending_domain to bulkhead_smtp, bulkhead_engine;

create table dkim_selector (
  domain_id uuid not null references sending_domain on delete cascade,
  workspace_id uuid not null references workspace,
  selector text not null,
  algorithm text not null check (algorithm in ('rsa', 'ed25519')),
  role text not null check (role in ('active', 'standby')),
  key_id uuid not null,
  public_key text not null,
  published boolean not null default false,
  primary key (domain_id, selector)
);
create index dkim_selector_workspace on dkim_selector (workspace_id, domain_id);
comment on table dkim_selector is 'class: public. DKIM selectors of a domain; the private keys live in the keyring and nowhere else.';
select engine.protect('dkim_selector');
grant select, insert, update, delete on dkim_selector to bulkhead_api, bulkhead_worker;
grant select on dkim_selector to bulkhead_engine;

create table sender (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  email text not null,
  name text,
  reply_to text,
  created_at timestamptz not null default now(),
  unique (workspace_id, email)
);
comment on table sender is 'class: business. Named From addresses of a workspace.';
select engine.protect('sender');
grant select, insert, update, delete on sender to bulkhead_api;

create table suppression (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  address_index bytea not null,
  address bytea not null,
  reason text not null check (reason in ('hard_bounce', 'complaint', 'unsubscribe', 'manual')),
  note text,
  message_id uuid,
  evidence jsonb,
  created_at timestamptz not null default now(),
  unique (workspace_id, address_index)
);
create index suppression_listing on suppression (workspace_id, id);
comment on table suppression is 'class: personal. Addresses a workspace must not mail, with the evidence; found by blind index.';
comment on column suppression.address is 'class: personal, sealed. The address.';
comment on column suppression.address_index is 'class: blind index. HMAC-SHA256 of the normalised address under the workspace''s key.';
comment on column suppression.evidence is 'class: operational. The reply that caused it, without addresses.';
select engine.protect('suppression');
grant select, insert, update, delete on suppression to bulkhead_api;
grant select on suppression to bulkhead_worker;
grant select, insert on suppression to bulkhead_engine;

create table audit_outbox (
  id uuid primary key,
  at timestamptz not null default now(),
  workspace_id uuid,
  process text not null default session_user,
  actor text not null,
  action text not null,
  target text,
  detail jsonb not null default '{}'
);
comment on table audit_outbox is 'class: audit. Who did what, written in the transaction of the act, without personal data.';
create index audit_outbox_workspace on audit_outbox (workspace_id, id);
alter table audit_outbox enable row level security;
alter table audit_outbox force row level security;
create policy tenant_reads on audit_outbox for select using (workspace_id = engine.current_workspace());
create policy append on audit_outbox for insert
  with check (workspace_id is null or workspace_id = engine.current_workspace());
create policy engine on audit_outbox to bulkhead_engine using (true) with check (true);
create policy audit_reads on audit_outbox for select to bulkhead_audit using (true);
grant select, insert on audit_outbox to bulkhead_api;
grant insert on audit_outbox to bulkhead_worker, bulkhead_engine;
grant select on audit_outbox to bulkhead_audit;
