-- What was personal and still readable is sealed: senders and the notes of suppressions. Every column says its class.
-- Lock impact: sender and suppression are locked for a moment (columns without a default, constraints that are not validated, indexes
-- on few rows). The values themselves are sealed by the api process before it listens, row by row: the database has no key.
--
-- The readable columns stay, null from now on, until a later migration drops them: a constraint that is not validated refuses new
-- values and lets the old ones be until they are sealed. Their former bytes leave the files with the next vacuum, and the WAL and
-- backups as these grow old.

alter table sender
  add column email_index bytea,
  add column sealed_email bytea,
  add column sealed_name bytea,
  add column sealed_reply_to bytea,
  alter column email drop not null,
  add constraint sender_readable check (email is null and name is null and reply_to is null) not valid,
  add constraint sender_sealed check (
    sealed_email is not null and email_index is not null
    and get_byte(sealed_email, 0) = 1 and length(sealed_email) >= 45 and length(email_index) = 32
    and (sealed_name is null or get_byte(sealed_name, 0) = 1 and length(sealed_name) >= 45)
    and (sealed_reply_to is null or get_byte(sealed_reply_to, 0) = 1 and length(sealed_reply_to) >= 45)) not valid;
create unique index sender_email on sender (workspace_id, email_index);
create index sender_unsealed on sender (workspace_id) where email is not null;

alter table suppression
  add column sealed_note bytea,
  add constraint suppression_readable check (note is null) not valid,
  add constraint suppression_sealed check (sealed_note is null or get_byte(sealed_note, 0) = 1 and length(sealed_note) >= 45) not valid;
create index suppression_unsealed on suppression (workspace_id) where note is not null;

-- The classes. A closed list; a test refuses every other, and every column without one.
do $$
declare item text[];
begin
  foreach item slice 1 in array array[
    ['process', 'id', 'identifier.'],
    ['process', 'kind', 'operational.'],
    ['process', 'host', 'operational. Name of the host it runs on.'],
    ['process', 'pid', 'operational.'],
    ['process', 'started_at', 'operational.'],
    ['process', 'heartbeat_at', 'operational.'],
    ['process', 'ready', 'operational.'],
    ['workspace', 'id', 'identifier.'],
    ['workspace', 'name', 'business. What the tenant is called; the operator sees it.'],
    ['workspace', 'created_at', 'operational.'],
    ['api_key', 'id', 'identifier.'],
    ['api_key', 'workspace_id', 'identifier.'],
    ['api_key', 'name', 'business. A label.'],
    ['api_key', 'prefix', 'public. The beginning of the key, by which people tell keys apart; it is not secret.'],
    ['api_key', 'scopes', 'operational.'],
    ['api_key', 'created_at', 'operational.'],
    ['api_key', 'expires_at', 'operational.'],
    ['api_key', 'revoked_at', 'operational.'],
    ['api_key', 'last_used_at', 'operational.'],
    ['smtp_credential', 'id', 'identifier.'],
    ['smtp_credential', 'workspace_id', 'identifier.'],
    ['smtp_credential', 'name', 'business. A label.'],
    ['smtp_credential', 'username', 'identifier. Generated, without a person in it.'],
    ['smtp_credential', 'created_at', 'operational.'],
    ['smtp_credential', 'revoked_at', 'operational.'],
    ['smtp_credential', 'last_used_at', 'operational.'],
    ['sending_domain', 'id', 'identifier.'],
    ['sending_domain', 'workspace_id', 'identifier.'],
    ['sending_domain', 'name', 'public. A name in DNS.'],
    ['sending_domain', 'state', 'operational.'],
    ['sending_domain', 'created_at', 'operational.'],
    ['sending_domain', 'verified_at', 'operational.'],
    ['sending_domain', 'checked_at', 'operational.'],
    ['sending_domain', 'next_check_at', 'operational.'],
    ['dkim_selector', 'domain_id', 'identifier.'],
    ['dkim_selector', 'workspace_id', 'identifier.'],
    ['dkim_selector', 'selector', 'public.'],
    ['dkim_selector', 'algorithm', 'public.'],
    ['dkim_selector', 'role', 'operational.'],
    ['dkim_selector', 'key_id', 'identifier. Of the private half, which only the keyring has.'],
    ['dkim_selector', 'public_key', 'public.'],
    ['dkim_selector', 'published', 'operational.'],
    ['sender', 'id', 'identifier.'],
    ['sender', 'workspace_id', 'identifier.'],
    ['sender', 'email', 'retired. Null; sealed_email has it.'],
    ['sender', 'name', 'retired. Null; sealed_name has it.'],
    ['sender', 'reply_to', 'retired. Null; sealed_reply_to has it.'],
    ['sender', 'created_at', 'operational.'],
    ['sender', 'email_index', 'blind index. Of the normalised address; unique in the workspace.'],
    ['sender', 'sealed_email', 'personal, sealed (content). The address as written.'],
    ['sender', 'sealed_name', 'personal, sealed (content). The display name.'],
    ['sender', 'sealed_reply_to', 'personal, sealed (content). The address for replies.'],
    ['suppression', 'id', 'identifier.'],
    ['suppression', 'workspace_id', 'identifier.'],
    ['suppression', 'address', 'personal, sealed (content). The address.'],
    ['suppression', 'reason', 'operational.'],
    ['suppression', 'note', 'retired. Null; sealed_note has it.'],
    ['suppression', 'sealed_note', 'personal, sealed (content). What a person wrote about the entry.'],
    ['suppression', 'message_id', 'identifier.'],
    ['suppression', 'created_at', 'operational.'],
    ['audit_outbox', 'id', 'identifier.'],
    ['audit_outbox', 'at', 'audit.'],
    ['audit_outbox', 'workspace_id', 'identifier.'],
    ['audit_outbox', 'process', 'audit. The database role that wrote the record.'],
    ['audit_outbox', 'actor', 'audit. Who, by id.'],
    ['audit_outbox', 'action', 'audit.'],
    ['audit_outbox', 'target', 'audit. What was touched, by id.'],
    ['message', 'id', 'identifier.'],
    ['message', 'workspace_id', 'identifier.'],
    ['message', 'lane', 'operational.'],
    ['message', 'source', 'operational.'],
    ['message', 'sensitive', 'operational.'],
    ['message', 'from_domain', 'public. A name in DNS.'],
    ['message', 'tags', 'business. Labels of the customer, for filters; the API says that no person belongs in them.'],
    ['message', 'size_bytes', 'operational.'],
    ['message', 'recipient_count', 'operational.'],
    ['message', 'send_at', 'operational.'],
    ['message', 'expires_at', 'operational.'],
    ['message', 'actor', 'identifier. Of the credential that sent it.'],
    ['message', 'summary', 'personal, sealed (content). JSON: from, to, replyTo, subject, metadata, context, messageId, envelopeFrom.'],
    ['message', 'created_at', 'operational.'],
    ['body', 'message_id', 'identifier.'],
    ['body', 'workspace_id', 'identifier.'],
    ['body', 'sealed', 'personal, sealed (content). Raw MIME; a sensitive message''s row goes when its last recipient is settled.'],
    ['recipient', 'message_id', 'identifier.'],
    ['recipient', 'number', 'identifier.'],
    ['recipient', 'workspace_id', 'identifier.'],
    ['recipient', 'kind', 'operational.'],
    ['recipient', 'address', 'personal, sealed (content). The address as written.'],
    ['outcome', 'message_id', 'identifier.'],
    ['outcome', 'number', 'identifier.'],
    ['outcome', 'workspace_id', 'identifier.'],
    ['outcome', 'event_id', 'identifier.'],
    ['outcome', 'state', 'operational.'],
    ['outcome', 'at', 'operational.'],
    ['outcome', 'attempts', 'operational.'],
    ['outcome', 'commit_xid', 'operational.'],
    ['event', 'id', 'identifier.'],
    ['event', 'message_id', 'identifier.'],
    ['event', 'number', 'identifier.'],
    ['event', 'workspace_id', 'identifier.'],
    ['event', 'type', 'operational.'],
    ['event', 'at', 'operational.'],
    ['event', 'commit_xid', 'operational.'],
    ['queue', 'lane', 'operational.'],
    ['queue', 'message_id', 'identifier.'],
    ['queue', 'number', 'identifier.'],
    ['queue', 'workspace_id', 'identifier.'],
    ['queue', 'destination', 'pseudonymous. Keyed hash of the domain.'],
    ['queue', 'due', 'operational.'],
    ['queue', 'expires_at', 'operational.'],
    ['queue', 'lease', 'operational.'],
    ['queue', 'attempts', 'operational.'],
    ['queue', 'held', 'operational.'],
    ['worker_lease', 'id', 'identifier.'],
    ['worker_lease', 'process_id', 'identifier.'],
    ['worker_lease', 'expires_at', 'operational.'],
    ['idempotency', 'workspace_id', 'identifier.'],
    ['idempotency', 'suppressed', 'operational. Numbers of the recipients that were suppressed when it was accepted.'],
    ['idempotency', 'message_id', 'identifier.'],
    ['idempotency', 'expires_at', 'operational.'],
    ['webhook_endpoint', 'id', 'identifier.'],
    ['webhook_endpoint', 'workspace_id', 'identifier.'],
    ['webhook_endpoint', 'url', 'business. Shown to everybody who may list endpoints; a user name or password in it is refused.'],
    ['webhook_endpoint', 'description', 'business. A label.'],
    ['webhook_endpoint', 'event_types', 'operational.'],
    ['webhook_endpoint', 'secret', 'credential, sealed (webhook). Current signing secret (Standard Webhooks).'],
    ['webhook_endpoint', 'previous_secret', 'credential, sealed (webhook). The one before, signed with as well until it expires.'],
    ['webhook_endpoint', 'previous_secret_expires_at', 'operational.'],
    ['webhook_endpoint', 'state', 'operational.'],
    ['webhook_endpoint', 'disabled_reason', 'operational.'],
    ['webhook_endpoint', 'failing_since', 'operational.'],
    ['webhook_endpoint', 'created_at', 'operational.'],
    ['webhook_delivery', 'id', 'identifier.'],
    ['webhook_delivery', 'sequence', 'operational.'],
    ['webhook_delivery', 'endpoint_id', 'identifier.'],
    ['webhook_delivery', 'workspace_id', 'identifier.'],
    ['webhook_delivery', 'event_id', 'identifier.'],
    ['webhook_delivery', 'message_id', 'identifier.'],
    ['webhook_delivery', 'number', 'identifier.'],
    ['webhook_delivery', 'type', 'operational.'],
    ['webhook_delivery', 'state', 'operational.'],
    ['webhook_delivery', 'attempts', 'operational.'],
    ['webhook_delivery', 'due', 'operational.'],
    ['webhook_delivery', 'lease_until', 'operational.'],
    ['webhook_delivery', 'last_status', 'operational.'],
    ['webhook_delivery', 'last_error', 'operational. What the connection failed of; not what the endpoint said.'],
    ['webhook_delivery', 'created_at', 'operational.'],
    ['webhook_delivery', 'settled_at', 'operational.'],
    ['webhook_delivery', 'commit_xid', 'operational.'],
    ['captured', 'id', 'identifier.'],
    ['captured', 'workspace_id', 'identifier.'],
    ['captured', 'message_id', 'identifier.'],
    ['captured', 'received_at', 'operational.'],
    ['captured', 'size_bytes', 'operational.'],
    ['captured', 'envelope', 'personal, sealed (content). JSON: from, to, subject and the header From.'],
    ['captured', 'sealed', 'personal, sealed (content). Raw MIME as it would have left.']
  ] loop
    execute format('comment on column %I.%I is %L', item[1], item[2], 'class: ' || item[3]);
  end loop;

  -- How long rows live, for the inventory.
  foreach item slice 1 in array array[
    ['process', 'seconds after its end'],
    ['workspace', 'until removed'],
    ['api_key', 'until removed'],
    ['smtp_credential', 'until removed'],
    ['sending_domain', 'until removed'],
    ['dkim_selector', 'until removed'],
    ['sender', 'until removed'],
    ['suppression', 'until removed'],
    ['audit_outbox', 'seconds, until it is in the log'],
    ['message', 'BULKHEAD_RETENTION_DAYS, by whole weeks'],
    ['body', 'BULKHEAD_RETENTION_DAYS, by whole weeks; of sensitive messages until settled'],
    ['recipient', 'BULKHEAD_RETENTION_DAYS, by whole weeks'],
    ['outcome', 'BULKHEAD_RETENTION_DAYS, by whole weeks'],
    ['event', 'BULKHEAD_RETENTION_DAYS, by whole weeks'],
    ['queue', 'until settled'],
    ['worker_lease', 'until its process ends'],
    ['idempotency', '24 hours'],
    ['webhook_endpoint', 'until removed'],
    ['webhook_delivery', '7 days'],
    ['captured', 'the newest 10,000 of a workspace']
  ] loop
    execute format('comment on table %I is %L', item[1],
      obj_description(item[1]::regclass, 'pg_class') || ' Kept: ' || item[2] || '.');
  end loop;
end $$;

comment on table migration.applied is 'class: operational. Which migrations were applied. Kept: until removed.';
comment on column migration.applied.id is 'class: identifier.';
comment on column migration.applied.checksum is 'class: operational.';
comment on column migration.applied.applied_at is 'class: operational.';
comment on column migration.applied.took_ms is 'class: operational.';

-- Workspaces that still have a readable sender or note. The engine looks at no sender otherwise.
grant select (workspace_id, email) on sender to bulkhead_engine;
create function engine.unsealed_workspaces(p_limit integer) returns table (workspace_id uuid)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select s.workspace_id from sender s where s.email is not null
  union
  select p.workspace_id from suppression p where p.note is not null
  limit p_limit
$$;

-- What an earlier request with an idempotency key had made, asked before a key is made for a sensitive message.
create function engine.find_accepted(p_workspace uuid, p_key bytea)
returns table (message_id uuid, body_hash bytea, suppressed integer[])
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select i.message_id, i.body_hash, i.suppressed from idempotency i where i.workspace_id = p_workspace and i.key_hash = p_key
$$;

-- The data inventory as the catalog has it: every column, what its comment says of it, and which processes may select it themselves.
-- What they get through functions of this schema is not in here.
create function engine.data_inventory() returns table (
  schema_name text, table_name text, column_name text, type_name text, table_comment text, column_comment text, row_estimate bigint,
  readers text[]
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select n.nspname::text, c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod),
         coalesce(obj_description(c.oid, 'pg_class'), ''), coalesce(col_description(c.oid, a.attnum), ''),
         -- Estimates of the planner; -1 means that nobody has counted yet.
         (select coalesce(sum(greatest(p.reltuples, 0)), 0)::bigint from pg_class p
          where p.oid = c.oid and c.relkind = 'r'
             or p.oid in (select t.relid from pg_partition_tree(c.oid) t where t.isleaf)),
         array(select r.rolname::text from pg_roles r
               where r.rolname like 'bulkhead\_%' and r.rolcanlogin
                 and has_schema_privilege(r.oid, n.oid, 'usage') and has_column_privilege(r.oid, c.oid, a.attnum, 'select')
                 and r.oid <> c.relowner
               order by 1)
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid
  where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname !~ '^pg_'
    and c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
  order by 1, 2, a.attnum
$$;

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;
alter function engine.unsealed_workspaces(integer) owner to bulkhead_engine;
alter function engine.data_inventory() owner to bulkhead_engine;
alter function engine.find_accepted(uuid, bytea) owner to bulkhead_engine;
revoke create on schema engine from bulkhead_engine;
revoke execute on function engine.unsealed_workspaces(integer), engine.data_inventory(), engine.find_accepted(uuid, bytea) from public;
grant execute on function engine.unsealed_workspaces(integer), engine.data_inventory(), engine.find_accepted(uuid, bytea) to bulkhead_api;
grant execute on function engine.find_accepted(uuid, bytea) to bulkhead_smtp;
