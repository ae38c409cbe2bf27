-- The keyring's own schema. Only the role bulkhead_keyring may enter it; every other process asks over the keyring's socket.
-- Lock impact: creates new objects only, no lock on existing tables.

create schema keyring;

comment on schema keyring is 'Wrapped keys and the record of what was unwrapped. Nothing here opens without the root key, which is not in the database.';

create table keyring.installation_key (
  name text not null,
  version integer not null check (version > 0),
  root_id text not null,
  wrapped bytea not null,
  created_at timestamptz not null default now(),
  primary key (name, version)
);

comment on table keyring.installation_key is 'class: key. Keys of the whole installation, wrapped by the root.';
comment on column keyring.installation_key.name is 'class: operational. What the key is for.';
comment on column keyring.installation_key.version is 'class: operational. Key version, counted from 1.';
comment on column keyring.installation_key.root_id is 'class: operational. Fingerprint of the root that wraps this key.';
comment on column keyring.installation_key.wrapped is 'class: key (sealed). AES-256-GCM under the root, bound to name and version.';
comment on column keyring.installation_key.created_at is 'class: operational.';

create table keyring.workspace_key (
  workspace_id uuid not null,
  version integer not null check (version > 0),
  root_id text not null,
  wrapped bytea,
  created_at timestamptz not null default now(),
  destroyed_at timestamptz,
  primary key (workspace_id, version),
  check ((wrapped is null) = (destroyed_at is not null))
);

comment on table keyring.workspace_key is 'class: key. One key per workspace and version, wrapped by the root. Destroying it shreds the workspace.';
comment on column keyring.workspace_key.workspace_id is 'class: identifier.';
comment on column keyring.workspace_key.version is 'class: operational. Key version, counted from 1.';
comment on column keyring.workspace_key.root_id is 'class: operational. Fingerprint of the root that wraps this key.';
comment on column keyring.workspace_key.wrapped is 'class: key (sealed). AES-256-GCM under the root, bound to workspace and version; null once destroyed.';
comment on column keyring.workspace_key.created_at is 'class: operational.';
comment on column keyring.workspace_key.destroyed_at is 'class: operational. When the key was destroyed.';

create table keyring.purpose_key (
  workspace_id uuid not null,
  purpose text not null check (purpose in ('content', 'contact', 'webhook', 'connector', 'totp', 'blind', 'dkim')),
  version integer not null check (version > 0),
  workspace_key_version integer not null,
  wrapped bytea not null,
  created_at timestamptz not null default now(),
  primary key (workspace_id, purpose, version),
  foreign key (workspace_id, workspace_key_version) references keyring.workspace_key (workspace_id, version)
);

comment on table keyring.purpose_key is 'class: key. One key per workspace, purpose and version, wrapped by the workspace key.';
comment on column keyring.purpose_key.workspace_id is 'class: identifier.';
comment on column keyring.purpose_key.purpose is 'class: operational. What the key may be used for.';
comment on column keyring.purpose_key.version is 'class: operational. Key version, counted from 1.';
comment on column keyring.purpose_key.workspace_key_version is 'class: operational. Version of the workspace key that wraps this key.';
comment on column keyring.purpose_key.wrapped is 'class: key (sealed). AES-256-GCM under the workspace key, bound to workspace, purpose and versions.';
comment on column keyring.purpose_key.created_at is 'class: operational.';

create table keyring.content_key (
  id uuid not null primary key,
  workspace_id uuid not null,
  purpose_version integer not null,
  single_use boolean not null,
  wrapped bytea,
  created_at timestamptz not null default now(),
  destroyed_at timestamptz,
  check ((wrapped is null) = (destroyed_at is not null))
);

comment on table keyring.content_key is 'class: key. Keys that seal message content; a destroyed key keeps its row so that "destroyed" and "unknown" differ.';
comment on column keyring.content_key.id is 'class: identifier. The key id that sealed values carry.';
comment on column keyring.content_key.workspace_id is 'class: identifier.';
comment on column keyring.content_key.purpose_version is 'class: operational. Version of the content purpose key that wraps this key.';
comment on column keyring.content_key.single_use is 'class: operational. True: made for one sensitive message and destroyed after it.';
comment on column keyring.content_key.wrapped is 'class: key (sealed). AES-256-GCM under the content purpose key, bound to workspace, id and version; null once destroyed.';
comment on column keyring.content_key.created_at is 'class: operational.';
comment on column keyring.content_key.destroyed_at is 'class: operational. When the key was destroyed.';

create table keyring.dkim_key (
  id uuid not null primary key,
  workspace_id uuid not null,
  domain text not null,
  selector text not null,
  algorithm text not null check (algorithm in ('rsa', 'ed25519')),
  purpose_version integer not null,
  sealed_private bytea,
  public_key text not null,
  state text not null default 'active' check (state in ('active', 'destroyed')),
  created_at timestamptz not null default now(),
  -- A selector is never used for a second key: receivers may hold the first one's public half in their caches.
  unique (workspace_id, domain, selector),
  check ((sealed_private is null) = (state = 'destroyed'))
);

comment on table keyring.dkim_key is 'class: key. DKIM key pairs; the private half leaves neither sealed nor open.';
comment on column keyring.dkim_key.id is 'class: identifier.';
comment on column keyring.dkim_key.workspace_id is 'class: identifier.';
comment on column keyring.dkim_key.domain is 'class: operational. The d= that this key may sign for, lower-case A-labels.';
comment on column keyring.dkim_key.selector is 'class: operational. The s= that this key may sign with.';
comment on column keyring.dkim_key.algorithm is 'class: operational.';
comment on column keyring.dkim_key.purpose_version is 'class: operational. Version of the dkim purpose key that seals the private half.';
comment on column keyring.dkim_key.sealed_private is 'class: key (sealed). PKCS#8 under the dkim purpose key, bound to id, domain, selector and algorithm; null once destroyed.';
comment on column keyring.dkim_key.public_key is 'class: public. What DNS publishes as p= (RSA: SubjectPublicKeyInfo, Ed25519: the raw 32 bytes; base64).';
comment on column keyring.dkim_key.state is 'class: operational.';
comment on column keyring.dkim_key.created_at is 'class: operational.';

create table keyring.unwrap_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  process text not null,
  workspace_id uuid not null,
  purpose text not null,
  key_count integer not null,
  reason text not null
);

create index unwrap_log_by_workspace on keyring.unwrap_log (workspace_id, at);

comment on table keyring.unwrap_log is 'class: audit. Append-only. One row per answered unwrap, committed before the answer leaves.';
comment on column keyring.unwrap_log.id is 'class: operational.';
comment on column keyring.unwrap_log.at is 'class: audit.';
comment on column keyring.unwrap_log.process is 'class: audit. The kind of process that asked.';
comment on column keyring.unwrap_log.workspace_id is 'class: identifier.';
comment on column keyring.unwrap_log.purpose is 'class: audit.';
comment on column keyring.unwrap_log.key_count is 'class: audit. How many keys or secrets were asked for.';
comment on column keyring.unwrap_log.reason is 'class: audit. The reason that the asking process gave.';

revoke all on schema keyring from public;
grant usage on schema keyring to bulkhead_keyring;
grant select, insert on keyring.installation_key, keyring.purpose_key to bulkhead_keyring;
grant select, insert on keyring.workspace_key, keyring.content_key, keyring.dkim_key, keyring.unwrap_log to bulkhead_keyring;
grant update (wrapped, destroyed_at) on keyring.content_key to bulkhead_keyring;
