-- Messages, their bodies, recipients, queue, events, outcomes, idempotency, leases, webhooks, capture.
-- Lock impact: none, new tables.
--
-- Ids are UUIDv7, so the big tables are partitioned by id range per week and dropped by week. The queue is one hot table per
-- lane (partitions by list): narrow rows, deleted on settling, vacuumed tightly (PlanetScale and brandur.org on queues in
-- PostgreSQL: dead tuples are the enemy).

create table message (
  id uuid not null,
  workspace_id uuid not null,
  lane lane not null,
  source text not null,
  sensitive boolean not null default false,
  from_domain text not null,
  tags text[] not null default '{}',
  size_bytes integer not null,
  recipient_count integer not null,
  send_at timestamptz,
  expires_at timestamptz not null,
  actor text not null,
  summary bytea not null,
  created_at timestamptz not null default now(),
  commit_xid xid8 not null default pg_current_xact_id(),
  primary key (id)
) partition by range (id);
create index message_listing on message (workspace_id, id);
create index message_feed on message (workspace_id, commit_xid, id);
alter table message alter column summary set storage external;
comment on table message is 'class: personal. One accepted request.';
comment on column message.summary is 'class: personal, sealed. JSON: from, to, cc, replyTo, subject, metadata, context, messageId, envelopeFrom.';
comment on column message.commit_xid is 'class: operational. Orders the feed by commit: a reader takes rows below its snapshot''s xmin and misses none.';

create table body (
  message_id uuid not null primary key,
  workspace_id uuid not null,
  sealed bytea not null
) partition by range (message_id);
alter table body alter column sealed set storage external;
comment on table body is 'class: personal. The MIME message as it will be signed and sent.';
comment on column body.sealed is 'class: personal, sealed. Raw MIME; a sensitive message''s row goes when its last recipient is settled.';

create table recipient (
  message_id uuid not null,
  number integer not null,
  workspace_id uuid not null,
  kind text not null check (kind in ('to', 'cc', 'bcc', 'envelope')),
  address bytea not null,
  address_index bytea not null,
  destination bigint not null,
  primary key (message_id, number)
) partition by range (message_id);
create index recipient_address on recipient (workspace_id, address_index);
comment on table recipient is 'class: personal. One address of a message.';
comment on column recipient.address is 'class: personal, sealed. The address as written.';
comment on column recipient.address_index is 'class: blind index.';
comment on column recipient.destination is 'class: pseudonymous. Keyed hash of the domain, for fairness and back-off per destination.';

create table outcome (
  message_id uuid not null,
  number integer not null,
  workspace_id uuid not null,
  event_id uuid not null,
  state final_state not null,
  at timestamptz not null default now(),
  attempts integer not null,
  detail jsonb not null default '{}',
  commit_xid xid8 not null default pg_current_xact_id(),
  primary key (message_id, number)
) partition by range (message_id);
create index outcome_feed on outcome (workspace_id, commit_xid, event_id);
comment on table outcome is 'class: operational. The ledger: the one final state of each recipient. The primary key makes a second impossible.';
comment on column outcome.detail is 'class: operational. Reply, host, TLS, duration; addresses are taken out before it is written.';

create table event (
  id uuid not null,
  message_id uuid not null,
  number integer,
  workspace_id uuid not null,
  type text not null,
  at timestamptz not null default now(),
  detail jsonb not null default '{}',
  commit_xid xid8 not null default pg_current_xact_id(),
  primary key (message_id, id)
) partition by range (message_id);
create index event_feed on event (workspace_id, commit_xid, id);
comment on table event is 'class: operational. What happened to a recipient before its outcome: deferred, held, released, rescheduled, late replies.';
comment on column event.detail is 'class: operational. As outcome.detail.';

create table queue (
  lane lane not null,
  message_id uuid not null,
  number integer not null,
  workspace_id uuid not null,
  destination bigint not null,
  due timestamptz not null,
  expires_at timestamptz not null,
  lease bigint,
  attempts integer not null default 0,
  held boolean not null default false
) partition by list (lane);
comment on table queue is 'class: operational. One narrow row per recipient that waits; deleted on settling. lease points to worker_lease.';
create table queue_critical partition of queue for values in ('critical');
create table queue_transactional partition of queue for values in ('transactional');
create table queue_bulk partition of queue for values in ('bulk');
create table queue_internal partition of queue for values in ('internal');
-- Unique per lane, and not a primary key of the whole: that would have to hold the lane, and a plan made while a lane was empty
-- could then find its rows by the lane alone, which is a scan of everything (measured: 40,000 messages read 119 million entries).
create unique index queue_critical_key on queue_critical (message_id, number);
create unique index queue_transactional_key on queue_transactional (message_id, number);
create unique index queue_bulk_key on queue_bulk (message_id, number);
create unique index queue_internal_key on queue_internal (message_id, number);
-- Claims read only rows that are free; a leased row leaves this index.
create index queue_ready on queue (workspace_id, due) where lease is null and not held;
do $$
declare part text;
begin
  foreach part in array array['queue_critical', 'queue_transactional', 'queue_bulk', 'queue_internal'] loop
    execute format(
      'alter table %I set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000,
       autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_insert_threshold = 100000)', part);
  end loop;
end $$;

create table worker_lease (
  id bigint generated always as identity primary key,
  process_id uuid not null,
  expires_at timestamptz not null
);
comment on table worker_lease is 'class: operational. A sender''s right to its claimed rows. Ids are never reused, so a lease id is also the fencing epoch.';

create table idempotency (
  workspace_id uuid not null,
  key_hash bytea not null,
  body_hash bytea not null,
  message_id uuid not null,
  suppressed integer[] not null default '{}',
  expires_at timestamptz not null,
  primary key (workspace_id, key_hash)
);
create index idempotency_expiry on idempotency (expires_at);
comment on table idempotency is 'class: operational. Idempotency keys (hashed), written in the transaction that accepts the message.';

create table webhook_endpoint (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  url text not null,
  description text,
  event_types text[] not null default '{}',
  secret bytea not null,
  previous_secret bytea,
  previous_secret_expires_at timestamptz,
  state text not null default 'enabled' check (state in ('enabled', 'disabled')),
  disabled_reason text,
  failing_since timestamptz,
  created_at timestamptz not null default now()
);
create index webhook_endpoint_workspace on webhook_endpoint (workspace_id, id);
comment on table webhook_endpoint is 'class: business. Where a workspace wants its events. Empty event_types means all.';
comment on column webhook_endpoint.secret is 'class: credential, sealed. Current signing secret (Standard Webhooks).';
comment on column webhook_endpoint.previous_secret is 'class: credential, sealed. The one before, signed with as well until it expires.';

create table webhook_delivery (
  id uuid primary key default gen_random_uuid(),
  sequence bigint generated always as identity,
  endpoint_id uuid not null references webhook_endpoint on delete cascade,
  workspace_id uuid not null,
  event_id uuid not null,
  message_id uuid,
  number integer,
  type text not null,
  state text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
  attempts integer not null default 0,
  due timestamptz not null default now(),
  lease_until timestamptz,
  last_status integer,
  last_error text,
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  commit_xid xid8 not null default pg_current_xact_id()
);
create index webhook_delivery_ready on webhook_delivery (due) where state = 'pending';
create index webhook_delivery_endpoint on webhook_delivery (workspace_id, endpoint_id, sequence);
create index webhook_delivery_age on webhook_delivery (created_at);
comment on table webhook_delivery is 'class: operational. One event for one endpoint; the payload is built from the event when it is sent.';

create table captured (
  id uuid primary key,
  workspace_id uuid not null,
  message_id uuid,
  received_at timestamptz not null default now(),
  size_bytes integer not null,
  envelope bytea not null,
  sealed bytea not null
);
alter table captured alter column sealed set storage external;
create index captured_listing on captured (workspace_id, id);
comment on table captured is 'class: personal. The local inbox of development: mail that BULKHEAD_OUTBOUND=capture kept from leaving.';
comment on column captured.envelope is 'class: personal, sealed. JSON: from, to, subject and the header From.';
comment on column captured.sealed is 'class: personal, sealed. Raw MIME as it would have left.';

do $$
declare target text;
begin
  foreach target in array array['message', 'body', 'recipient', 'outcome', 'event', 'queue', 'idempotency',
                                'webhook_endpoint', 'webhook_delivery', 'captured'] loop
    perform engine.protect(target::regclass);
    execute format('grant select, insert, update, delete on %I to bulkhead_engine', target);
  end loop;
end $$;

grant select on message, body, recipient, outcome, event, queue, captured to bulkhead_api;
grant delete on captured to bulkhead_api;
grant select, insert, update, delete on webhook_endpoint to bulkhead_api;
grant select, update on webhook_delivery to bulkhead_api;
grant insert on captured to bulkhead_smtp;
grant select on message, recipient, outcome, event, webhook_endpoint to bulkhead_worker;
grant select, insert, update, delete on worker_lease to bulkhead_engine;

-- Partitions by week of the id's time (UUIDv7 begins with 48 bits of milliseconds). Weeks and not days: every statement over
-- these tables pays for each partition at its start, about 40 µs (PostgreSQL 18).
create function engine.time_bound(day date) returns uuid
language sql immutable parallel safe
return (lpad(to_hex((extract(epoch from day::timestamp at time zone 'UTC') * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid;

-- Makes the partitions from this week to the week of today + days_ahead; answers how many were missing.
create function engine.ensure_partitions(days_ahead integer) returns integer
language plpgsql security definer set search_path = public, engine as $$
declare
  target text;
  week date;
  name text;
  made integer := 0;
begin
  foreach target in array array['message', 'body', 'recipient', 'outcome', 'event'] loop
    week := date_trunc('week', now() at time zone 'UTC')::date;
    while week <= (now() at time zone 'UTC')::date + days_ahead loop
      name := target || '_' || to_char(week, 'YYYYMMDD');
      if to_regclass(name) is null then
        execute format('create table %I partition of %I for values from (%L) to (%L)',
          name, target, engine.time_bound(week), engine.time_bound(week + 7));
        -- Usual bodies (up to 8 kB) stay in the heap: cut into TOAST chunks, one would be four rows and three index entries more.
        if target = 'body' then
          execute format('alter table %I set (toast_tuple_target = 8160)', name);
        end if;
        made := made + 1;
      end if;
      week := week + 7;
    end loop;
  end loop;
  return made;
end $$;
revoke execute on function engine.ensure_partitions(integer) from public;
grant execute on function engine.ensure_partitions(integer) to bulkhead_worker;

-- Catches rows whose id lies outside every week (a clock that jumped); the ledger still counts them.
create table message_other partition of message default;
create table body_other partition of body default;
create table recipient_other partition of recipient default;
create table outcome_other partition of outcome default;
create table event_other partition of event default;
select engine.ensure_partitions(7);
