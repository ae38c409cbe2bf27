-- Broadcasts: one mail to everybody on a list, each member in exactly one state.
-- Lock impact: none on existing tables but the foreign key to workspace.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table broadcast (
  workspace_id uuid not null references workspace,
  id uuid not null,
  list_id uuid not null,
  topic_id uuid,
  dialect text not null check (length(dialect) between 1 and 40),
  state text not null default 'draft'
    check (state in ('draft', 'scheduled', 'queued', 'sending', 'sent', 'cancelled', 'failed')),
  sealed_head bytea not null check (get_byte(sealed_head, 0) = 1 and length(sealed_head) >= 45),
  sealed_body bytea not null check (get_byte(sealed_body, 0) = 1 and length(sealed_body) >= 45),
  version integer not null default 1,
  created_at timestamptz not null default now(),
  created_by text not null,
  updated_at timestamptz not null default now(),
  scheduled_at timestamptz,
  sent_by text,
  queued_at timestamptz,
  frozen_to uuid,
  frozen_at timestamptz,
  finished_at timestamptz,
  deleted_at timestamptz,
  problem text check (length(problem) <= 500),
  total integer not null default 0,
  sent integer not null default 0,
  skipped integer not null default 0,
  suppressed integer not null default 0,
  failed integer not null default 0,
  cancelled integer not null default 0,
  primary key (workspace_id, id),
  check (sent + skipped + suppressed + failed + cancelled <= total),
  check (state in ('draft', 'scheduled') or state = 'cancelled' or queued_at is not null)
);
alter table broadcast alter column sealed_body set storage external;
comment on table broadcast is 'class: business. One mail to everybody on a list: what it says, when, and how far it is.';
comment on column broadcast.workspace_id is 'class: identifier.';
comment on column broadcast.id is 'class: identifier.';
comment on column broadcast.list_id is 'class: identifier. The list may be gone since.';
comment on column broadcast.topic_id is 'class: identifier. Who has left it gets nothing.';
comment on column broadcast.dialect is 'class: operational. The language in which subject, HTML and text are written.';
comment on column broadcast.state is 'class: operational. queued: its audience is being frozen.';
comment on column broadcast.sealed_head is 'class: personal, sealed (content). JSON: name, From, Reply-To, subject, preview text.';
comment on column broadcast.sealed_body is 'class: personal, sealed (content). JSON: HTML and text. Sealed for its row: who writes to the database cannot put other words into the mail of a workspace.';
comment on column broadcast.version is 'class: operational. Counts changes of a draft, so that of two at a time one is refused.';
comment on column broadcast.created_at is 'class: operational.';
comment on column broadcast.created_by is 'class: audit. The actor.';
comment on column broadcast.updated_at is 'class: operational. When its draft was last changed.';
comment on column broadcast.scheduled_at is 'class: operational. When it begins; null: at once.';
comment on column broadcast.sent_by is 'class: audit. The actor who had it sent; its mail counts as his.';
comment on column broadcast.queued_at is 'class: operational. When it began. Who is put on the list later is not in it.';
comment on column broadcast.frozen_to is 'class: identifier. The last contact of the list that is in the audience; null: none yet.';
comment on column broadcast.frozen_at is 'class: operational. When the audience was whole.';
comment on column broadcast.finished_at is 'class: operational. When every member had a last state.';
comment on column broadcast.deleted_at is 'class: operational. Since then it is gone for everybody; its audience goes in the background.';
comment on column broadcast.problem is 'class: operational. Why it failed, in our words.';
comment on column broadcast.total is 'class: operational. Members of the audience, as far as it is frozen.';
comment on column broadcast.sent is 'class: operational. Members for whom a message was accepted.';
comment on column broadcast.skipped is 'class: operational. Members who had unsubscribed.';
comment on column broadcast.suppressed is 'class: operational. Members whose address is suppressed.';
comment on column broadcast.failed is 'class: operational. Members to whom nothing could be written.';
comment on column broadcast.cancelled is 'class: operational. Members who were left when it was cancelled.';
select engine.protect('broadcast');
select engine.guard('broadcast', 'write');
grant select, insert, update, delete on broadcast to bulkhead_api;

create table broadcast_recipient (
  workspace_id uuid not null,
  broadcast_id uuid not null,
  contact_id uuid not null,
  state text not null check (state in ('pending', 'sent', 'skipped', 'suppressed', 'failed', 'cancelled')),
  reason text check (length(reason) <= 60),
  message_id uuid,
  at timestamptz not null default now(),
  primary key (workspace_id, broadcast_id, contact_id)
);
create index broadcast_recipient_pending on broadcast_recipient (workspace_id, broadcast_id, contact_id) where state = 'pending';
comment on table broadcast_recipient is 'class: pseudonymous. The audience of a broadcast: what became of each member. Kept: with the broadcast.';
comment on column broadcast_recipient.workspace_id is 'class: identifier.';
comment on column broadcast_recipient.broadcast_id is 'class: identifier.';
comment on column broadcast_recipient.contact_id is 'class: identifier. Stands for nobody once the contact is deleted.';
comment on column broadcast_recipient.state is 'class: operational. pending: not yet; every other one is the last.';
comment on column broadcast_recipient.reason is 'class: operational. Why, in a word.';
comment on column broadcast_recipient.message_id is 'class: identifier. Of the message, fixed before it is written: it is accepted once at most, whoever dies in between.';
comment on column broadcast_recipient.at is 'class: operational. Since when it is in this state.';
select engine.protect('broadcast_recipient');
select engine.guard('broadcast_recipient', 'write');
grant select, insert, update, delete on broadcast_recipient to bulkhead_api;

create table broadcast_run (
  workspace_id uuid not null,
  broadcast_id uuid not null,
  next_at timestamptz not null,
  runner uuid,
  waits_for text check (length(waits_for) <= 60),
  primary key (workspace_id, broadcast_id)
);
create index broadcast_run_next on broadcast_run (next_at);
comment on table broadcast_run is 'class: operational. Broadcasts with something to do: when, and who is at it. Gone when they are finished.';
comment on column broadcast_run.workspace_id is 'class: identifier.';
comment on column broadcast_run.broadcast_id is 'class: identifier.';
comment on column broadcast_run.next_at is 'class: operational. When somebody takes it up; until then it is with the one who has it.';
comment on column broadcast_run.runner is 'class: identifier. Who took it up last; another takes nothing of it until next_at.';
comment on column broadcast_run.waits_for is 'class: operational. Why it does not go on: a containment, a limit.';
select engine.protect('broadcast_run');
-- Says only who is at work. What a runner does is looked at where it does it: at the broadcast, its recipients and the messages.
select engine.guard('broadcast_run', 'write', p_open => array['bulkhead_api']);
grant select, insert, update, delete on broadcast_run to bulkhead_api;
grant select, update on broadcast_run to bulkhead_engine;

-- Takes up the broadcast that waits longest, for a time; it is nobody else's until then. sent_by: as whom it is sent.
create function engine.claim_broadcast(p_runner uuid, p_hold_seconds double precision) returns table (workspace_id uuid, broadcast_id uuid, sent_by text)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  with next as (
    select r.workspace_id, r.broadcast_id from broadcast_run r
    where r.next_at <= clock_timestamp() order by r.next_at limit 1 for update skip locked
  ), taken as (
    update broadcast_run r set runner = p_runner, next_at = clock_timestamp() + make_interval(secs => p_hold_seconds)
    from next n
    where r.workspace_id = n.workspace_id and r.broadcast_id = n.broadcast_id
    returning r.workspace_id, r.broadcast_id
  )
  select t.workspace_id, t.broadcast_id, coalesce(b.sent_by, b.created_by)
  from taken t join broadcast b on b.workspace_id = t.workspace_id and b.id = t.broadcast_id;
end $$;
grant select on broadcast to bulkhead_engine;

-- As in 0055; an entry keeps every reason that was told for an address (0050), so an unsubscribe is heard too where the address is
-- suppressed already.
create or replace function engine.opt_out_contacts() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    update contact c set opted_out_at = null, opted_out_by = null, updated_at = now()
    from gone g
    where g.reason = 'unsubscribe' and c.workspace_id = g.workspace_id and c.address_index = g.address_index and c.opted_out_by = g.id;
  else
    update contact c set opted_out_at = now(), opted_out_by = f.id, updated_at = now()
    from fresh f
    where (f.reason = 'unsubscribe' or 'unsubscribe' = any(f.reasons))
      and c.workspace_id = f.workspace_id and c.address_index = f.address_index and c.opted_out_at is null;
  end if;
  return null;
end $$;

alter function engine.claim_broadcast(uuid, double precision) owner to bulkhead_engine;
revoke execute on function engine.claim_broadcast(uuid, double precision) from public;
grant execute on function engine.claim_broadcast(uuid, double precision) to bulkhead_api;
alter function engine.opt_out_contacts() owner to bulkhead_engine;
revoke create on schema engine from bulkhead_engine;
