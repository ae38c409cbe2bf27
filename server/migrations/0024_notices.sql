-- Mail of the installation itself; notices of what changes in a workspace's profile, and the time for which what is new is inert (M-06).
-- Lock impact: short exclusive locks on api_key, smtp_credential, webhook_endpoint, member, suppression, containment while triggers are made.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

-- Nobody is a member of the installation's workspace and no credential opens it, whoever writes to the database: what opened it would
-- read and send the mail that resets passwords.
create function engine.keep_installation_closed() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  raise exception 'the workspace of the installation has no %', tg_table_name using errcode = '23514';
end $$;
create trigger closed before insert or update of workspace_id on api_key for each row
  when (new.workspace_id = '00000000-0000-7000-8000-000000000001') execute function engine.keep_installation_closed();
create trigger closed before insert or update of workspace_id on smtp_credential for each row
  when (new.workspace_id = '00000000-0000-7000-8000-000000000001') execute function engine.keep_installation_closed();
create trigger closed before insert or update of workspace_id on webhook_endpoint for each row
  when (new.workspace_id = '00000000-0000-7000-8000-000000000001') execute function engine.keep_installation_closed();
create trigger closed before insert or update of workspace_id on member for each row
  when (new.workspace_id = '00000000-0000-7000-8000-000000000001') execute function engine.keep_installation_closed();
-- Only staff cut it off.
create trigger closed before insert on containment for each row
  when (new.workspace_id = '00000000-0000-7000-8000-000000000001' and new.origin = 'workspace')
  execute function engine.keep_installation_closed();

-- An address that once bounced must still get its reset and its notices: a hijacked sender that reports bounces would silence whom it
-- likes. What it costs is bounded by what asks for such mail.
create function engine.keep_installation_heard() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  return null;
end $$;
create trigger heard before insert or update of workspace_id on suppression for each row
  when (new.workspace_id = '00000000-0000-7000-8000-000000000001') execute function engine.keep_installation_heard();

-- It is no tenant: lists of workspaces do not have it.
create or replace function engine.list_workspaces(p_after uuid, p_limit integer)
returns table (id uuid, name text, created_at timestamptz)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select w.id, w.name, w.created_at from workspace w
  where w.id > p_after and w.id <> '00000000-0000-7000-8000-000000000001'
  order by w.id limit p_limit
$$;

create or replace function engine.staff_workspaces(p_after uuid, p_limit integer) returns table (
  id uuid, name text, created_at timestamptz, api_keys bigint, smtp_credentials bigint, domains_verified bigint,
  domains_other bigint, webhooks_enabled bigint, webhooks_disabled bigint, waiting bigint, oldest_due timestamptz, contained bigint
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select w.id, w.name, w.created_at,
         (select count(*) from api_key k where k.workspace_id = w.id and k.revoked_at is null),
         (select count(*) from smtp_credential c where c.workspace_id = w.id and c.revoked_at is null),
         (select count(*) from sending_domain d where d.workspace_id = w.id and d.state = 'verified'),
         (select count(*) from sending_domain d where d.workspace_id = w.id and d.state <> 'verified'),
         (select count(*) from webhook_endpoint e where e.workspace_id = w.id and e.state = 'enabled'),
         (select count(*) from webhook_endpoint e where e.workspace_id = w.id and e.state <> 'enabled'),
         (select count(*) from (select 1 from queue q where q.workspace_id = w.id and q.lease is null and not q.held limit 10000) x),
         (select q.due from queue q where q.workspace_id = w.id and q.lease is null and not q.held order by q.due limit 1),
         (select count(*) from containment c where c.workspace_id = w.id and c.state in ('active', 'lift_requested') and c.until > now())
  from workspace w
  where w.id > p_after and w.id <> '00000000-0000-7000-8000-000000000001'
  order by w.id
  limit least(p_limit, 1000)
$$;

-- Development: where the developer sees what the installation wrote. The oldest workspace; null where there is none.
create function engine.capture_home() returns uuid
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select w.id from workspace w
  where w.id <> '00000000-0000-7000-8000-000000000001'
    and not exists (select from shredded_workspace x where x.workspace_id = w.id)
  order by w.id limit 1
$$;


-- M-06. What is new in the profile of a workspace (who may stand in From, who owns it, where its events go) is told to all who were told of
-- such things before, and does nothing for 24 hours. All of it happens in the transaction of the change and by the clock of the
-- database: a hijacked process has no right on these tables and no way around the triggers. What goes around the triggers is found by comparing.
create schema notices;
grant usage on schema notices to bulkhead_engine;

create table notices.contact (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null,
  kind text not null check (kind in ('person', 'webhook')),
  row_id uuid not null,
  person_id uuid,
  role text,
  sealed_email bytea,
  url text,
  secret bytea,
  previous_secret bytea,
  joined_at timestamptz not null,
  since timestamptz not null,
  until timestamptz,
  check ((kind = 'person') = (sealed_email is not null) and (kind = 'webhook') = (url is not null and secret is not null))
);
create index contact_workspace on notices.contact (workspace_id);
create index contact_row on notices.contact (row_id) where until is null;
create index contact_person on notices.contact (person_id);
create index contact_until on notices.contact (until) where until is not null;
comment on table notices.contact is 'class: personal. Who is told of security matters of a workspace: owners, admins, webhooks. One that is removed is told for 24 hours more, a new one after 24 hours. Kept: a day after the end.';
comment on column notices.contact.id is 'class: identifier.';
comment on column notices.contact.workspace_id is 'class: identifier.';
comment on column notices.contact.kind is 'class: operational.';
comment on column notices.contact.row_id is 'class: identifier. The membership or the endpoint.';
comment on column notices.contact.person_id is 'class: identifier.';
comment on column notices.contact.role is 'class: operational. owner or admin.';
comment on column notices.contact.sealed_email is 'class: personal, sealed (content). As in account.person when it was taken: a changed address is a new contact.';
comment on column notices.contact.url is 'class: business. Where the endpoint was: a changed one is a new contact.';
comment on column notices.contact.secret is 'class: credential, sealed (webhook). Signing secret of the endpoint.';
comment on column notices.contact.previous_secret is 'class: credential, sealed (webhook). The one before.';
comment on column notices.contact.joined_at is 'class: operational. When it was added.';
comment on column notices.contact.since is 'class: operational. From when on it is told.';
comment on column notices.contact.until is 'class: operational. Until when; null while it is there.';

create table notices.change (
  id uuid primary key,
  workspace_id uuid not null,
  kind text not null,
  subject text not null check (subject in ('sender', 'sending_domain', 'webhook_endpoint', 'member')),
  row_id uuid not null,
  at timestamptz not null,
  actor text,
  process text not null,
  inert_until timestamptz,
  state text not null default 'open' check (state in ('open', 'approved', 'rejected')),
  decided_by text,
  decided_at timestamptz,
  explained_by uuid unique,
  judged_at timestamptz,
  is_unexplained boolean not null default false,
  label text check (length(label) <= 300),
  sealed_subject bytea
);
create index change_workspace on notices.change (workspace_id, id desc);
create index change_row on notices.change (row_id, at);
create index change_unjudged on notices.change (at) where judged_at is null;
create index change_inert on notices.change (inert_until) where inert_until is not null;
comment on table notices.change is 'class: operational. Changes of the profile of a workspace. Kept: 400 days.';
comment on column notices.change.id is 'class: identifier.';
comment on column notices.change.workspace_id is 'class: identifier.';
comment on column notices.change.kind is 'class: operational. sender.added, domain.removed, …';
comment on column notices.change.subject is 'class: operational. The table.';
comment on column notices.change.row_id is 'class: identifier. The row.';
comment on column notices.change.at is 'class: operational. By the clock of the database.';
comment on column notices.change.actor is 'class: operational. As in the audit log; null for what came past every process.';
comment on column notices.change.process is 'class: operational. The database role that wrote it.';
comment on column notices.change.inert_until is 'class: operational. Until then it does nothing; null where it counts at once.';
comment on column notices.change.state is 'class: operational.';
comment on column notices.change.decided_by is 'class: operational. Actor: an owner who was there before and did not make the change.';
comment on column notices.change.decided_at is 'class: operational.';
comment on column notices.change.explained_by is 'class: identifier. The audit record of the act; one explains one change.';
comment on column notices.change.judged_at is 'class: operational. When the audit log was asked for the act.';
comment on column notices.change.is_unexplained is 'class: operational. The audit log knows of no act.';
comment on column notices.change.label is 'class: business. Name of the domain, host of the webhook, role.';
comment on column notices.change.sealed_subject is 'class: personal, sealed (content). Address of a sender, as in its row.';

create table notices.profile_row (
  workspace_id uuid not null,
  row_id uuid not null,
  subject text not null,
  digest bytea not null,
  primary key (workspace_id, row_id)
);
comment on table notices.profile_row is 'class: operational. The profile of each workspace as the triggers saw it change; compared with the rows themselves.';
comment on column notices.profile_row.workspace_id is 'class: identifier.';
comment on column notices.profile_row.row_id is 'class: identifier.';
comment on column notices.profile_row.subject is 'class: operational. The table.';
comment on column notices.profile_row.digest is 'class: operational. SHA-256 of what counts of the row; of sealed values their ciphertext.';

create table notices.recorded_row (
  workspace_id uuid not null,
  row_id uuid not null,
  subject text not null,
  digest bytea not null,
  at timestamptz not null,
  primary key (workspace_id, row_id)
);
comment on table notices.recorded_row is 'class: operational. The profile of each workspace row by row, as it was when it was last compared: what is another since then needs a change that says so.';
comment on column notices.recorded_row.workspace_id is 'class: identifier.';
comment on column notices.recorded_row.row_id is 'class: identifier.';
comment on column notices.recorded_row.subject is 'class: operational. The table.';
comment on column notices.recorded_row.digest is 'class: operational. As in profile_row.';
comment on column notices.recorded_row.at is 'class: operational. When it was taken over.';

create table notices.profile (
  workspace_id uuid primary key,
  digest bytea not null,
  rows integer not null,
  looked_at timestamptz not null
);
comment on table notices.profile is 'class: operational. The profile of each workspace in one digest, as it stands in the audit log.';
comment on column notices.profile.workspace_id is 'class: identifier.';
comment on column notices.profile.digest is 'class: operational. SHA-256 over the digests of its rows.';
comment on column notices.profile.rows is 'class: operational. How many.';
comment on column notices.profile.looked_at is 'class: operational. When it was last compared.';

create table notices.inert_domain (
  row_id uuid primary key,
  workspace_id uuid not null,
  domain text not null,
  until timestamptz not null
);
create index inert_domain_of on notices.inert_domain (workspace_id, domain);
comment on table notices.inert_domain is 'class: business. Domains whose mail is held now: few, so that accepting looks into a table that is nearly always empty.';
comment on column notices.inert_domain.row_id is 'class: identifier. The sending domain.';
comment on column notices.inert_domain.workspace_id is 'class: identifier.';
comment on column notices.inert_domain.domain is 'class: business. In DNS.';
comment on column notices.inert_domain.until is 'class: operational.';

create table notices.hold (
  message_id uuid primary key,
  workspace_id uuid not null,
  row_id uuid not null,
  cause text not null check (cause in ('domain', 'sender')),
  until timestamptz not null,
  made_at timestamptz not null default clock_timestamp()
);
create index hold_row on notices.hold (row_id);
create index hold_until on notices.hold (until);
comment on table notices.hold is 'class: operational. Messages that are held because what they are sent from is new. Kept: until released or cancelled.';
comment on column notices.hold.message_id is 'class: identifier.';
comment on column notices.hold.workspace_id is 'class: identifier.';
comment on column notices.hold.row_id is 'class: identifier. The sender or sending domain that is new.';
comment on column notices.hold.cause is 'class: operational.';
comment on column notices.hold.until is 'class: operational.';
comment on column notices.hold.made_at is 'class: operational.';

create table notices.notice (
  id uuid primary key,
  alert_id uuid not null references security_alert on delete cascade,
  workspace_id uuid,
  person_id uuid,
  channel text not null check (channel in ('mail', 'webhook')),
  sealed_email bytea,
  endpoint_id uuid,
  url text,
  secret bytea,
  previous_secret bytea,
  state text not null default 'pending' check (state in ('pending', 'digest', 'sent', 'failed')),
  due timestamptz not null default clock_timestamp(),
  lease_until timestamptz,
  attempts integer not null default 0,
  last_status integer,
  last_error text check (length(last_error) <= 500),
  made_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz
);
create index notice_alert on notices.notice (alert_id);
create index notice_due on notices.notice (channel, due) where state in ('pending', 'digest');
create index notice_sent on notices.notice (person_id, settled_at) where state = 'sent';
comment on table notices.notice is 'class: personal. Who has to be told of which alert, and whether they were. Kept: with the alert.';
comment on column notices.notice.id is 'class: identifier. Of a webhook: the header webhook-id.';
comment on column notices.notice.alert_id is 'class: identifier.';
comment on column notices.notice.workspace_id is 'class: identifier.';
comment on column notices.notice.person_id is 'class: identifier.';
comment on column notices.notice.channel is 'class: operational.';
comment on column notices.notice.sealed_email is 'class: personal, sealed (content). Of the contact at the time of the alert; null once it is settled.';
comment on column notices.notice.endpoint_id is 'class: identifier.';
comment on column notices.notice.url is 'class: business. Of the contact at the time of the alert, whatever became of the endpoint.';
comment on column notices.notice.secret is 'class: credential, sealed (webhook). As url.';
comment on column notices.notice.previous_secret is 'class: credential, sealed (webhook). As url.';
comment on column notices.notice.state is 'class: operational. digest: mailed with others of the hour.';
comment on column notices.notice.due is 'class: operational.';
comment on column notices.notice.lease_until is 'class: operational.';
comment on column notices.notice.attempts is 'class: operational.';
comment on column notices.notice.last_status is 'class: operational. HTTP status of the last try.';
comment on column notices.notice.last_error is 'class: operational. Without addresses.';
comment on column notices.notice.made_at is 'class: operational.';
comment on column notices.notice.settled_at is 'class: operational. Mail: when it was accepted for delivery.';

grant select, insert, update, delete on all tables in schema notices to bulkhead_engine;

alter table sender add column inert_until timestamptz;
alter table sending_domain add column inert_until timestamptz;
alter table webhook_endpoint add column inert_until timestamptz;
alter table member add column inert_until timestamptz;
comment on column sender.inert_until is 'class: operational. Mail from it is held until then (M-06); set by the database.';
comment on column sending_domain.inert_until is 'class: operational. Mail from it is held until then (M-06); set by the database.';
comment on column webhook_endpoint.inert_until is 'class: operational. It is told of no security alert until then (M-06); set by the database.';
comment on column member.inert_until is 'class: operational. An owner or admin who is told of no security alert and approves nothing until then (M-06); set by the database.';
create index sender_inert on sender (workspace_id) where inert_until is not null;
grant select, update, delete on sender to bulkhead_engine;
grant delete on sending_domain to bulkhead_engine;
grant select, update, delete on webhook_endpoint to bulkhead_engine;

-- An id as the API writes it: Crockford base32 of 130 bits. The audit log names rows like this.
create function engine.public_id(p_prefix text, p_id uuid) returns text
language sql immutable security definer set search_path = public, engine, pg_temp as $$
  select p_prefix || '_' || string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz',
    1 + substring(b.bits from 5 * i + 1 for 5)::bit(5)::integer, 1), '' order by i)
  from (select B'00' || ('x' || replace(p_id::text, '-', ''))::bit(128) as bits) b, generate_series(0, 25) i
$$;

-- Null where something new counts at once: in a workspace that is set up just now there is nobody whom waiting would protect. Established is
-- one that is older than 24 hours and has an owner or admin who has been there, and told of things, for as long (docs/decisions/0018).
-- Admins too: a new owner who turns the old ones into admins must not make the workspace one that is being set up.
create function engine.inert_from_now(p_workspace uuid) returns timestamptz
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select clock_timestamp() + interval '24 hours'
  where exists (select from workspace w where w.id = p_workspace and w.created_at < clock_timestamp() - interval '24 hours')
    and exists (
      select from notices.contact c
      where c.workspace_id = p_workspace and c.kind = 'person' and c.joined_at < clock_timestamp() - interval '24 hours'
        and c.since <= clock_timestamp() and (c.until is null or c.until > clock_timestamp()))
$$;

-- The age of a workspace decides whether what is new waits: a process does not choose it.
create function engine.stamp_workspace() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if session_user like 'bulkhead\_%' then
    new.created_at := case tg_op when 'INSERT' then clock_timestamp() else old.created_at end;
  end if;
  return new;
end $$;
create trigger stamp before insert or update of created_at on workspace for each row execute function engine.stamp_workspace();

-- Sets inert_until: of what is new or changed 24 hours, else what the open changes of the row say, whatever the statement says.
create function engine.stamp_inert() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_fresh boolean := tg_op = 'INSERT';
begin
  if tg_table_name = 'member' then
    if new.role not in ('owner', 'admin') or new.revoked_at is not null then
      new.inert_until := null;
      return new;
    end if;
    if tg_op = 'UPDATE' then v_fresh := new.role <> old.role and not (old.role = 'owner' and new.role = 'admin'); end if;
  elsif tg_op = 'UPDATE' then
    if new.workspace_id <> old.workspace_id or new.id <> old.id then
      v_fresh := true;
    elsif tg_table_name = 'sender' then
      -- What 0009 seals is not new.
      v_fresh := old.email is null and (new.email_index, new.sealed_email, new.sealed_name, new.sealed_reply_to)
        is distinct from (old.email_index, old.sealed_email, old.sealed_name, old.sealed_reply_to);
    elsif tg_table_name = 'sending_domain' then v_fresh := new.name <> old.name;
    else v_fresh := new.url <> old.url;
    end if;
  end if;
  new.inert_until := case
    when v_fresh then engine.inert_from_now(new.workspace_id)
    else (select max(c.inert_until) from notices.change c
          where c.workspace_id = new.workspace_id and c.row_id = new.id and c.state = 'open' and c.inert_until > clock_timestamp()) end;
  return new;
end $$;
create trigger inert before insert or update of id, workspace_id, email, email_index, sealed_email, sealed_name, sealed_reply_to, inert_until
  on sender for each row execute function engine.stamp_inert();
create trigger inert before insert or update of id, workspace_id, name, inert_until
  on sending_domain for each row execute function engine.stamp_inert();
create trigger inert before insert or update of id, workspace_id, url, inert_until
  on webhook_endpoint for each row execute function engine.stamp_inert();
create trigger inert before insert or update of id, workspace_id, role, revoked_at, inert_until
  on member for each row execute function engine.stamp_inert();

-- What counts of the profile: all rows of some workspaces, or one of them.
create function engine.profile_rows(p_workspaces uuid[], p_row uuid)
returns table (workspace_id uuid, row_id uuid, subject text, digest bytea)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select s.workspace_id, s.id, 'sender', sha256(convert_to(concat_ws('|', 'sender', s.id, encode(s.email_index, 'hex'), encode(sha256(s.sealed_email), 'hex'),
         encode(sha256(s.sealed_name), 'hex'), encode(sha256(s.sealed_reply_to), 'hex'), extract(epoch from s.inert_until)), 'UTF8'))
  from sender s where s.workspace_id = any(p_workspaces) and (p_row is null or s.id = p_row)
  union all
  select d.workspace_id, d.id, 'sending_domain', sha256(convert_to(concat_ws('|', 'domain', d.id, d.name, extract(epoch from d.inert_until)), 'UTF8'))
  from sending_domain d where d.workspace_id = any(p_workspaces) and (p_row is null or d.id = p_row)
  union all
  select e.workspace_id, e.id, 'webhook_endpoint', sha256(convert_to(concat_ws('|', 'webhook', e.id, e.url, e.event_types::text, e.state,
         encode(sha256(e.secret), 'hex'), extract(epoch from e.inert_until)), 'UTF8'))
  from webhook_endpoint e where e.workspace_id = any(p_workspaces) and (p_row is null or e.id = p_row)
  union all
  select m.workspace_id, m.id, 'member', sha256(convert_to(concat_ws('|', 'member', m.id, m.person_id, m.role, m.revoked_at is null,
         extract(epoch from m.inert_until)), 'UTF8'))
  from member m where m.workspace_id = any(p_workspaces) and (p_row is null or m.id = p_row)
    and m.role in ('owner', 'admin') and m.revoked_at is null
$$;

-- Tells of a change: one row here, one alert, and by spread_alert one notice for each contact. Before the contacts are changed.
create function engine.note_change(
  p_workspace uuid, p_kind text, p_subject text, p_row uuid, p_inert timestamptz, p_label text, p_sealed bytea, p_process text
) returns uuid
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_id uuid := engine.new_event_id(gen_random_uuid());
  v_now timestamptz := clock_timestamp();
begin
  insert into notices.change (id, workspace_id, kind, subject, row_id, at, actor, process, inert_until, label, sealed_subject)
  values (v_id, p_workspace, p_kind, p_subject, p_row, v_now, nullif(current_setting('bulkhead.actor', true), ''), p_process, p_inert,
          left(p_label, 300), p_sealed);
  -- The act has an audit record of its own.
  insert into security_alert (id, kind, severity, workspace_id, about, detail, created_at, last_at, recorded_at)
  values (engine.new_event_id(gen_random_uuid()), 'profile.changed', 'medium', p_workspace, v_id::text,
          jsonb_build_object('change', v_id, 'what', p_kind), v_now, v_now, v_now);
  return v_id;
end $$;

-- Keeps contacts in step with one row.
create function engine.sync_contact(p_subject text, p_row uuid) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_now timestamptz := clock_timestamp();
begin
  if p_subject = 'webhook_endpoint' then
    -- Same place and same right to hear: the secret follows. Else the contact ends, a day late if anybody heard of it.
    update notices.contact c set secret = e.secret, previous_secret = e.previous_secret,
      since = case when c.since <= v_now then c.since else greatest(c.joined_at, coalesce(e.inert_until, c.joined_at)) end
    from webhook_endpoint e
    where c.row_id = p_row and c.until is null and e.id = p_row and e.url = c.url and e.state = 'enabled'
      and (e.event_types = '{}' or 'security.alert' = any(e.event_types));
    if found then return; end if;
  elsif p_subject = 'member' then
    update notices.contact c set role = m.role,
      -- Who is told already stays so: else a promotion would silence.
      since = case when c.since <= v_now then c.since else greatest(c.joined_at, coalesce(m.inert_until, c.joined_at)) end
    from member m
    where c.row_id = p_row and c.until is null and m.id = p_row and m.revoked_at is null and m.role in ('owner', 'admin');
    if found then return; end if;
  else
    return;
  end if;
  delete from notices.contact c where c.row_id = p_row and c.until is null and c.since > v_now;
  update notices.contact c set until = v_now + interval '24 hours' where c.row_id = p_row and c.until is null;
  insert into notices.contact (workspace_id, kind, row_id, url, secret, previous_secret, joined_at, since)
  select e.workspace_id, 'webhook', e.id, e.url, e.secret, e.previous_secret, v_now, coalesce(e.inert_until, v_now)
  from webhook_endpoint e
  where p_subject = 'webhook_endpoint' and e.id = p_row and e.state = 'enabled' and (e.event_types = '{}' or 'security.alert' = any(e.event_types));
  insert into notices.contact (workspace_id, kind, row_id, person_id, role, sealed_email, joined_at, since)
  select m.workspace_id, 'person', m.id, m.person_id, m.role, p.sealed_email, v_now, coalesce(m.inert_until, v_now)
  from member m join account.person p on p.id = m.person_id
  where p_subject = 'member' and m.id = p_row and m.revoked_at is null and m.role in ('owner', 'admin');
end $$;

create function engine.refresh_profile_row(p_workspace uuid, p_row uuid) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  delete from notices.profile_row r where r.workspace_id = p_workspace and r.row_id = p_row;
  insert into notices.profile_row (workspace_id, row_id, subject, digest)
  select x.workspace_id, x.row_id, x.subject, x.digest from engine.profile_rows(array[p_workspace], p_row) x
$$;

create function engine.profile_changed() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_noun text := case tg_table_name when 'sending_domain' then 'domain' when 'webhook_endpoint' then 'webhook' else tg_table_name end;
  v_workspace uuid;
  v_row uuid;
  v_kind text;
  v_inert timestamptz;
  v_label text;
  v_sealed bytea;
begin
  if tg_op = 'DELETE' then
    v_workspace := old.workspace_id; v_row := old.id; v_kind := v_noun || '.removed';
  else
    v_workspace := new.workspace_id; v_row := new.id; v_inert := new.inert_until;
    v_kind := case tg_op when 'INSERT' then v_noun || '.added' end;
  end if;
  if v_workspace = '00000000-0000-7000-8000-000000000001' then return null; end if;
  if tg_table_name = 'sender' then
    if tg_op = 'DELETE' then v_sealed := old.sealed_email; else v_sealed := new.sealed_email; end if;
    if tg_op = 'UPDATE' then
      if old.email is null and (new.email_index, new.sealed_email, new.sealed_name, new.sealed_reply_to)
        is distinct from (old.email_index, old.sealed_email, old.sealed_name, old.sealed_reply_to) then v_kind := 'sender.changed'; end if;
    end if;
  elsif tg_table_name = 'sending_domain' then
    if tg_op = 'DELETE' then v_label := old.name; else v_label := new.name; end if;
    if tg_op = 'UPDATE' then
      if new.name <> old.name then v_kind := 'domain.changed'; end if;
    end if;
  elsif tg_table_name = 'webhook_endpoint' then
    if tg_op = 'DELETE' then v_label := old.url; else v_label := new.url; end if;
    -- The host; the path may hold a secret of the receiver.
    v_label := substring(v_label from '^[a-z]+://([^/?#]*)');
    if tg_op = 'UPDATE' then
      if (new.url, new.event_types, new.secret) is distinct from (old.url, old.event_types, old.secret)
        or new.state <> old.state and session_user <> 'bulkhead_worker' then v_kind := 'webhook.changed'; end if;
    end if;
  else
    if tg_op = 'INSERT' then
      v_label := new.role;
      v_kind := case when new.role in ('owner', 'admin') and new.revoked_at is null then new.role || '.added' end;
    elsif tg_op = 'DELETE' then
      v_label := old.role;
      v_kind := case when old.role in ('owner', 'admin') and old.revoked_at is null then old.role || '.removed' end;
    else
      v_label := new.role;
      v_kind := case
        when old.role in ('owner', 'admin') and old.revoked_at is null and (new.revoked_at is not null or new.role not in ('owner', 'admin')) then old.role || '.removed'
        when new.revoked_at is null and new.role in ('owner', 'admin') and new.role <> old.role then new.role || '.added' end;
    end if;
    if v_kind is null and v_label not in ('owner', 'admin') then return null; end if;
  end if;
  if v_kind is not null then
    perform engine.note_change(v_workspace, v_kind, tg_table_name, v_row, v_inert, v_label, v_sealed, session_user);
  end if;
  perform engine.sync_contact(tg_table_name, v_row);
  perform engine.refresh_profile_row(v_workspace, v_row);
  if v_kind is null and tg_op = 'UPDATE' and (session_user = 'bulkhead_worker' or tg_table_name = 'sender' and session_user = 'bulkhead_api') then
    -- What the product does by itself: seals senders of an older version, switches off a webhook that fails, says that something is inert.
    update notices.recorded_row r set digest = x.digest from notices.profile_row x
    where r.workspace_id = v_workspace and r.row_id = v_row and x.workspace_id = v_workspace and x.row_id = v_row;
  end if;
  if tg_table_name = 'sending_domain' then
    delete from notices.inert_domain i where i.row_id = v_row;
    if v_inert is not null then
      insert into notices.inert_domain (row_id, workspace_id, domain, until) values (v_row, v_workspace, v_label, v_inert);
    end if;
  end if;
  return null;
end $$;
create trigger profile after insert or delete or update of id, workspace_id, email_index, sealed_email, sealed_name, sealed_reply_to, inert_until
  on sender for each row execute function engine.profile_changed();
create trigger profile after insert or delete or update of id, workspace_id, name, inert_until
  on sending_domain for each row execute function engine.profile_changed();
create trigger profile after insert or delete or update of id, workspace_id, url, event_types, secret, state, inert_until
  on webhook_endpoint for each row execute function engine.profile_changed();
create trigger profile after insert or delete or update of id, workspace_id, role, revoked_at, inert_until
  on member for each row execute function engine.profile_changed();
do $$
declare t text;
begin
  foreach t in array array['sender', 'sending_domain', 'webhook_endpoint', 'member'] loop
    execute format('alter table %I enable always trigger inert', t);
    execute format('alter table %I enable always trigger profile', t);
  end loop;
end $$;

-- The address of an owner is where notices go: a new one is told after 24 hours, the old one for 24 hours more.
create function engine.contact_moved() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_contact record; v_now timestamptz := clock_timestamp();
begin
  for v_contact in
    select c.* from notices.contact c where c.person_id = new.id and c.until is null order by c.id for update
  loop
    delete from notices.contact c where c.id = v_contact.id and v_contact.since > v_now;
    update notices.contact c set until = v_now + interval '24 hours' where c.id = v_contact.id;
    insert into notices.contact (workspace_id, kind, row_id, person_id, role, sealed_email, joined_at, since)
    values (v_contact.workspace_id, 'person', v_contact.row_id, new.id, v_contact.role, new.sealed_email, v_contact.joined_at,
            greatest(v_contact.since, coalesce(engine.inert_from_now(v_contact.workspace_id), v_now)));
  end loop;
  return null;
end $$;
create trigger contact after update of sealed_email, email_index on account.person for each row
  when (old.email_index is distinct from new.email_index) execute function engine.contact_moved();
alter table account.person enable always trigger contact;

-- One notice for each whom an alert concerns: the contacts of its workspace; or the person, and with what is grave the owners where he is a
-- member. What concerns the installation is in the operator's list.
create function engine.spread_alert() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_now timestamptz := clock_timestamp();
begin
  insert into notices.notice (id, alert_id, workspace_id, person_id, channel, sealed_email, endpoint_id, url, secret, previous_secret)
  select engine.new_event_id(gen_random_uuid()), new.id, x.workspace_id, x.person_id,
         case x.kind when 'person' then 'mail' else 'webhook' end,
         x.sealed_email, case when x.kind = 'webhook' then x.row_id end, x.url, x.secret, x.previous_secret
  from (
    select distinct on (coalesce(c.sealed_email, convert_to(c.url, 'UTF8'))) c.*
    from notices.contact c
    where c.since <= v_now and (c.until is null or c.until > v_now)
      and (c.workspace_id = new.workspace_id
        or new.workspace_id is null and new.person_id is not null and new.severity <> 'medium' and c.role = 'owner'
          and c.person_id <> new.person_id
          and c.workspace_id in (select m.workspace_id from member m where m.person_id = new.person_id and m.revoked_at is null))
    order by coalesce(c.sealed_email, convert_to(c.url, 'UTF8')), c.id
  ) x;
  if new.person_id is not null then
    insert into notices.notice (id, alert_id, person_id, channel, sealed_email)
    select engine.new_event_id(gen_random_uuid()), new.id, p.id, 'mail', p.sealed_email
    from account.person p
    where p.id = new.person_id and not p.honey and octet_length(p.sealed_email) >= 45
      -- Of these the person has a letter of its own, with what happened and from where.
      and new.kind not in ('second_factor.abandoned', 'recovery.started')
      and not exists (select from notices.notice n where n.alert_id = new.id and n.person_id = p.id);
  end if;
  if not exists (select from notices.notice n where n.alert_id = new.id) then
    update security_alert set notified_at = v_now where id = new.id;
  end if;
  return null;
end $$;
create trigger spread after insert on security_alert for each row execute function engine.spread_alert();
alter table security_alert enable always trigger spread;

-- Mail of what is new is accepted and held. A trigger on the queue and not a line of engine.accept, because it must hold whoever writes there.
-- Nearly always both tables are empty, and that is all it looks at.
create function engine.hold_new() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if not exists (select from notices.inert_domain) and not exists (select from notices.hold) then return null; end if;
  insert into notices.hold (message_id, workspace_id, row_id, cause, until)
  select distinct on (f.message_id) f.message_id, f.workspace_id, i.row_id, 'domain', i.until
  from fresh f
  join message m on m.id = f.message_id
  join notices.inert_domain i on i.workspace_id = f.workspace_id and i.domain = m.from_domain and i.until > clock_timestamp()
  order by f.message_id, i.until desc
  on conflict (message_id) do nothing;
  update queue q set held = true
  from fresh f join notices.hold h on h.message_id = f.message_id
  where q.lane = f.lane and q.message_id = f.message_id and q.number = f.number;
  if not found then return null; end if;
  insert into event (id, message_id, number, workspace_id, type, detail)
  select engine.new_event_id(gen_random_uuid()), f.message_id, f.number, f.workspace_id, 'message.held', jsonb_build_object(
    'reason', 'the ' || h.cause || ' is new in this workspace', h.cause, h.row_id,
    'until', to_char(h.until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
  from fresh f join notices.hold h on h.message_id = f.message_id;
  return null;
end $$;
create trigger hold after insert on queue referencing new table as fresh for each statement execute function engine.hold_new();
-- As the hot functions of 0003: a plan made while a table was empty must not scan it when it is full.
alter function engine.hold_new set plan_cache_mode = force_generic_plan;
alter function engine.hold_new set enable_seqscan = off;
alter function engine.hold_new set enable_bitmapscan = off;
alter function engine.hold_new set enable_hashjoin = off;
alter function engine.hold_new set enable_mergejoin = off;
alter function engine.hold_new set max_parallel_workers_per_gather = 0;

-- A message from a sender that is new: written before it is accepted, because the From address is sealed here.
create function engine.hold_message(p_workspace uuid, p_message uuid, p_sender uuid) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  insert into notices.hold (message_id, workspace_id, row_id, cause, until)
  select p_message, s.workspace_id, s.id, 'sender', s.inert_until
  from sender s where s.workspace_id = p_workspace and s.id = p_sender and s.inert_until > clock_timestamp()
  on conflict (message_id) do nothing
$$;

drop function engine.find_sending_domain(uuid, text);
create function engine.find_sending_domain(p_workspace uuid, p_name text)
returns table (state text, inert boolean, inert_senders uuid[], inert_indexes bytea[])
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select d.state, coalesce(d.inert_until > clock_timestamp(), false), x.ids, x.indexes
  from sending_domain d
  left join lateral (
    select array_agg(s.id order by s.id) as ids, array_agg(s.email_index order by s.id) as indexes
    from (select s.id, s.email_index from sender s
          where s.workspace_id = p_workspace and s.inert_until is not null and s.inert_until > clock_timestamp() limit 1000) s
  ) x on true
  where d.workspace_id = p_workspace and d.name = p_name;
end $$;

-- Releases what is new no more, and cancels what was sent from something that is gone. Under a containment it waits. Answers how many.
create function engine.release_new(p_limit integer) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_hold record;
  v_done integer := 0;
  v_is_there boolean;
begin
  delete from notices.inert_domain i where i.until <= clock_timestamp();
  for v_hold in
    select h.*, case h.cause when 'domain' then d.id is not null else s.id is not null end as is_there
    from notices.hold h
    left join sending_domain d on d.id = h.row_id and d.workspace_id = h.workspace_id
    left join sender s on s.id = h.row_id and s.workspace_id = h.workspace_id
    where h.made_at < clock_timestamp() - interval '1 minute' and not exists (select from queue q where q.message_id = h.message_id)
       or coalesce(d.inert_until, s.inert_until) is null or coalesce(d.inert_until, s.inert_until) <= clock_timestamp()
    order by h.until limit p_limit
    for update of h skip locked
  loop
    begin
      v_is_there := v_hold.is_there;
      if not v_is_there then
        perform engine.cancel(v_hold.workspace_id, v_hold.message_id);
      else
        with freed as (
          update queue q set held = false, due = greatest(q.due, now())
          where q.message_id = v_hold.message_id and q.held and q.lease is null
          returning q.message_id, q.number, q.workspace_id
        )
        insert into event (id, message_id, number, workspace_id, type, detail)
        select engine.new_event_id(gen_random_uuid()), f.message_id, f.number, f.workspace_id, 'message.released',
               jsonb_build_object('reason', 'the ' || v_hold.cause || ' is new no more')
        from freed f;
      end if;
      delete from notices.hold h where h.message_id = v_hold.message_id;
      v_done := v_done + 1;
    exception when sqlstate 'BH423' then
      null;
    end;
  end loop;
  if v_done > 0 then perform pg_notify('bulkhead_queue', 'critical,transactional,bulk,internal'); end if;
  return v_done;
end $$;

-- The next letters to write. Whoever was mailed p_hourly notices within the hour gets the rest as one letter at the end of it; three times as
-- many where they are critical. Nothing is dropped.
create function engine.claim_notices(p_limit integer, p_lease_seconds integer, p_hourly integer) returns table (
  id uuid, alert_id uuid, kind text, severity text, detail jsonb, happened_at timestamptz, is_digest boolean, person_id uuid, sealed_email bytea,
  workspace_id uuid, workspace_name text, change_kind text, change_label text, change_row uuid, change_actor text, change_process text,
  change_inert_until timestamptz, sealed_subject bytea, attempts integer
)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  update notices.notice n set state = 'digest', due = date_trunc('hour', clock_timestamp()) + interval '1 hour'
  from security_alert a
  where n.channel = 'mail' and n.state = 'pending' and n.due <= clock_timestamp() and a.id = n.alert_id
    and (select count(*) from notices.notice s
         where s.person_id = n.person_id and s.state = 'sent' and s.settled_at > clock_timestamp() - interval '1 hour')
      >= p_hourly * case a.severity when 'critical' then 3 else 1 end;
  return query
  with picked as (
    -- At most five of a person at a time, so that the bound holds within a round.
    select x.id from (
      select n.id, n.due, row_number() over (partition by coalesce(n.person_id, n.id), n.state order by n.due, n.id) as place, n.state
      from notices.notice n
      where n.channel = 'mail' and n.state in ('pending', 'digest') and n.due <= clock_timestamp()
        and (n.lease_until is null or n.lease_until < clock_timestamp())
      order by n.due limit 5000
    ) x
    where x.place <= 5 or x.state = 'digest'
    order by x.due limit p_limit
  ), taken as (
    update notices.notice n set lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds)
    from (select l.id from notices.notice l join picked p on p.id = l.id
          where l.lease_until is null or l.lease_until < clock_timestamp() for update of l skip locked) p
    where n.id = p.id
    returning n.*
  )
  select t.id, a.id, a.kind, a.severity, a.detail, a.created_at, t.state = 'digest', t.person_id, t.sealed_email,
         a.workspace_id, w.name, c.kind, c.label, c.row_id, c.actor, c.process, c.inert_until, c.sealed_subject, t.attempts
  from taken t
  join security_alert a on a.id = t.alert_id
  left join workspace w on w.id = a.workspace_id
  left join notices.change c on c.id::text = a.detail ->> 'change' and c.workspace_id = a.workspace_id;
end $$;

-- p_state: sent, failed, or pending with p_due: again later.
create function engine.settle_notices(p_ids uuid[], p_state text, p_pause_seconds double precision, p_status integer, p_error text) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_alerts uuid[];
begin
  with done as (
    update notices.notice n
    set state = case when p_state = 'pending' then n.state else p_state end, attempts = n.attempts + 1, lease_until = null,
        due = case when p_state = 'pending' then clock_timestamp() + make_interval(secs => p_pause_seconds) else n.due end,
        last_status = p_status, last_error = left(p_error, 500),
        -- Who was told stays on record, not where.
        sealed_email = case when p_state = 'pending' then n.sealed_email end,
        secret = case when p_state = 'pending' then n.secret end, previous_secret = case when p_state = 'pending' then n.previous_secret end,
        settled_at = case when p_state = 'pending' then null else clock_timestamp() end
    where n.id = any(p_ids) and n.state in ('pending', 'digest')
      -- Two ways, two processes: who has taken over one does not silence the other.
      and n.channel = case session_user when 'bulkhead_api' then 'mail' when 'bulkhead_worker' then 'webhook' else n.channel end
    returning n.alert_id
  )
  select array_agg(distinct d.alert_id) into v_alerts from done d;
  update security_alert a set notified_at = clock_timestamp()
  where a.id = any(v_alerts) and a.notified_at is null
    and not exists (select from notices.notice n where n.alert_id = a.id and n.state in ('pending', 'digest'));
end $$;

-- The webhooks among them, in the form that the dispatcher knows.
create function engine.claim_alert_webhooks(p_limit integer, p_lease_seconds integer) returns table (
  id uuid, endpoint_id uuid, workspace_id uuid, event_id uuid, tries integer, url text, secret bytea, previous_secret bytea,
  happened_at timestamptz, detail jsonb
)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  -- Its secret may never open again: the workspace was shredded.
  update notices.notice n
  set state = 'failed', last_error = 'not delivered within three days', settled_at = clock_timestamp(), secret = null, previous_secret = null
  where n.channel = 'webhook' and n.state = 'pending' and n.made_at < clock_timestamp() - interval '3 days';
  return query
  with taken as (
    update notices.notice n set lease_until = clock_timestamp() + make_interval(secs => p_lease_seconds)
    from (select l.id from notices.notice l
          where l.channel = 'webhook' and l.state = 'pending' and l.due <= clock_timestamp()
            and (l.lease_until is null or l.lease_until < clock_timestamp())
          order by l.due limit p_limit for update skip locked) p
    where n.id = p.id
    returning n.*
  )
  select t.id, t.endpoint_id, t.workspace_id, a.id, t.attempts, t.url, t.secret, t.previous_secret, a.created_at,
         jsonb_build_object('kind', a.kind, 'severity', a.severity, 'facts', a.detail - 'change' - 'what',
           'change', case when c.id is not null then jsonb_build_object('id', c.id, 'kind', c.kind, 'subject', c.subject, 'row', c.row_id,
             'label', c.label, 'actor', c.actor, 'process', replace(c.process, 'bulkhead_', ''), 'inertUntil', c.inert_until) end)
  from taken t
  join security_alert a on a.id = t.alert_id
  left join notices.change c on c.id::text = a.detail ->> 'change' and c.workspace_id = a.workspace_id;
end $$;

create function engine.release_alert_webhook(p_id uuid, p_pause_seconds double precision) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  update notices.notice set lease_until = null, due = clock_timestamp() + make_interval(secs => p_pause_seconds)
  where id = p_id and channel = 'webhook' and state = 'pending'
$$;

-- Changes of a workspace, newest first.
create function engine.list_changes(p_workspace uuid, p_before uuid, p_limit integer) returns table (
  id uuid, kind text, subject text, row_id uuid, at timestamptz, actor text, process text, inert_until timestamptz, state text,
  decided_by text, decided_at timestamptz, is_unexplained boolean, label text, sealed_subject bytea, held bigint, notices jsonb
)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  if p_workspace is distinct from engine.current_workspace() then raise exception 'outside of the workspace' using errcode = '42501'; end if;
  return query
  select c.id, c.kind, c.subject, c.row_id, c.at, c.actor, c.process,
         case when c.state = 'open' and c.inert_until > clock_timestamp() then c.inert_until end, c.state, c.decided_by, c.decided_at,
         c.is_unexplained, c.label, c.sealed_subject,
         (select count(*) from notices.hold h where h.row_id = c.row_id and h.workspace_id = c.workspace_id),
         coalesce((select jsonb_object_agg(x.key, x.n) from (
           select n.channel || '.' || n.state as key, count(*) as n
           from security_alert a join notices.notice n on n.alert_id = a.id
           where a.about = c.id::text and a.workspace_id = c.workspace_id group by 1) x), '{}')
  from notices.change c
  where c.workspace_id = p_workspace and (p_before is null or c.id < p_before)
  order by c.id desc
  limit least(p_limit, 1000);
end $$;

-- A second owner decides: one who was there before the change, is not new, and did not make it. Approving ends the waiting; rejecting takes away
-- what is new. Answers what came of it: done, unknown, decided, over, not_owner, same_person, not_before.
create function engine.decide_change(p_workspace uuid, p_change uuid, p_person uuid, p_approve boolean)
returns table (outcome text, kind text, subject text, row_id uuid)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_change notices.change%rowtype;
  v_owner member%rowtype;
  v_outcome text := 'done';
begin
  if p_workspace is distinct from engine.current_workspace() then raise exception 'outside of the workspace' using errcode = '42501'; end if;
  select c.* into v_change from notices.change c where c.id = p_change and c.workspace_id = p_workspace for update;
  if not found then return query select 'unknown', null::text, null::text, null::uuid; return; end if;
  select m.* into v_owner from member m
  where m.workspace_id = p_workspace and m.person_id = p_person and m.role = 'owner' and m.revoked_at is null;
  v_outcome := case
    when v_owner.id is null or v_owner.inert_until > clock_timestamp() then 'not_owner'
    when v_change.actor = 'member:' || p_person or v_change.row_id = v_owner.id then 'same_person'
    when v_owner.created_at >= v_change.at then 'not_before'
    when v_change.state <> 'open' then 'decided'
    when v_change.kind !~ '\.(added|changed)$' then 'over'
    when p_approve and (v_change.inert_until is null or v_change.inert_until <= clock_timestamp()) then 'over'
    else 'done' end;
  if v_outcome <> 'done' then return query select v_outcome, null::text, null::text, null::uuid; return; end if;
  update notices.change c
  set state = case when p_approve then 'approved' else 'rejected' end, decided_by = 'member:' || p_person, decided_at = clock_timestamp()
  where c.id = p_change;
  case v_change.subject
    when 'sender' then
      if p_approve then update sender s set inert_until = null where s.id = v_change.row_id and s.workspace_id = p_workspace;
      else delete from sender s where s.id = v_change.row_id and s.workspace_id = p_workspace; end if;
    when 'sending_domain' then
      if p_approve then update sending_domain d set inert_until = null where d.id = v_change.row_id and d.workspace_id = p_workspace;
      else delete from sending_domain d where d.id = v_change.row_id and d.workspace_id = p_workspace; end if;
    when 'webhook_endpoint' then
      if p_approve then update webhook_endpoint e set inert_until = null where e.id = v_change.row_id and e.workspace_id = p_workspace;
      elsif v_change.kind = 'webhook.added' then delete from webhook_endpoint e where e.id = v_change.row_id and e.workspace_id = p_workspace;
      else
        update webhook_endpoint e set state = 'disabled', disabled_reason = 'an owner rejected a change of it'
        where e.id = v_change.row_id and e.workspace_id = p_workspace;
      end if;
    else
      if p_approve then update member m set inert_until = null where m.id = v_change.row_id and m.workspace_id = p_workspace;
      else update member m set revoked_at = clock_timestamp() where m.id = v_change.row_id and m.workspace_id = p_workspace and m.revoked_at is null; end if;
  end case;
  return query select 'done', v_change.kind, v_change.subject, v_change.row_id;
end $$;

-- One step of the comparison: the next p_limit workspaces after p_after. What the audit log cannot explain is told at once, and is inert for
-- 24 hours from now. Answers the last workspace looked at (null at the end), how many, and how many alarms.
create function engine.reconcile_profiles(p_after uuid, p_limit integer) returns table (last uuid, looked integer, alarms integer)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_ids uuid[];
  v_change record;
  v_fresh uuid[];
  v_row record;
  v_id uuid;
  v_actor text;
  v_alarms integer := 0;
begin
  -- One at a time: two would both raise the alarm. A lock of a table, because any process could take and keep an advisory one.
  begin
    lock table notices.profile in exclusive mode nowait;
  exception when lock_not_available then
    return query select null::uuid, 0, 0;
    return;
  end;
  -- Changes that the triggers saw: is there an act? Both were committed together, the record a moment before or after.
  for v_change in
    select c.* from notices.change c where c.judged_at is null order by c.at limit 500 for update skip locked
  loop
    select x.id, x.actor into v_id, v_actor from (
      select o.id, o.actor, abs(extract(epoch from o.at - v_change.at)) as apart from audit_outbox o
      where o.workspace_id = v_change.workspace_id and o.at between v_change.at - interval '1 minute' and v_change.at + interval '1 minute'
        and engine.explains(o.action, o.target, o.detail, v_change.kind, v_change.subject, v_change.row_id)
      union all
      select (e.record::jsonb ->> 'id')::uuid, e.actor, abs(extract(epoch from e.at - v_change.at)) from (
        select a.* from audit_entry a where a.workspace_id = v_change.workspace_id order by a.index desc limit 2000) e
      where e.at between v_change.at - interval '1 minute' and v_change.at + interval '1 minute' and e.record is not null
        and engine.explains(e.action, e.target, e.record::jsonb -> 'detail', v_change.kind, v_change.subject, v_change.row_id)
    ) x
    where not exists (select from notices.change y where y.explained_by = x.id)
    order by x.apart limit 1;
    if found then
      update notices.change c set explained_by = v_id, judged_at = clock_timestamp(), actor = coalesce(c.actor, v_actor) where c.id = v_change.id;
    else
      perform engine.alarm_unexplained(v_change.id);
      v_alarms := v_alarms + 1;
    end if;
  end loop;

  select array_agg(w.id order by w.id) into v_ids from (
    select w.id from workspace w
    where w.id > p_after and w.id <> '00000000-0000-7000-8000-000000000001' order by w.id limit p_limit) w;
  if v_ids is null then return query select null::uuid, 0, v_alarms; return; end if;

  -- A workspace that was never looked at: what an older version left is not news, however many rows it is.
  select array_agg(w.id) into v_fresh from unnest(v_ids) as w(id)
  where not exists (select from notices.profile p where p.workspace_id = w.id)
    and not exists (select from notices.recorded_row r where r.workspace_id = w.id);
  insert into notices.profile_row (workspace_id, row_id, subject, digest)
  select x.workspace_id, x.row_id, x.subject, x.digest from engine.profile_rows(v_fresh, null) x
  on conflict (workspace_id, row_id) do nothing;
  insert into notices.recorded_row (workspace_id, row_id, subject, digest, at)
  select r.workspace_id, r.row_id, r.subject, r.digest, clock_timestamp() from notices.profile_row r where r.workspace_id = any(v_fresh);

  -- Rows that the triggers did not see.
  for v_row in
    with actual as (select * from engine.profile_rows(v_ids, null)), known as (
      select * from notices.profile_row r where r.workspace_id = any(v_ids))
    select coalesce(a.workspace_id, k.workspace_id) as workspace_id, coalesce(a.row_id, k.row_id) as row_id, coalesce(a.subject, k.subject) as subject,
           case when k.row_id is null then 'added' when a.row_id is null then 'removed' else 'changed' end as how
    from actual a full join known k on k.workspace_id = a.workspace_id and k.row_id = a.row_id
    where a.digest is distinct from k.digest
    limit 1000
  loop
    perform engine.alarm_unexplained(engine.note_unseen(v_row.workspace_id, v_row.subject, v_row.row_id, v_row.how));
    v_alarms := v_alarms + 1;
    perform engine.sync_contact(v_row.subject, v_row.row_id);
    if v_row.how = 'removed' then
      update notices.contact c set until = clock_timestamp() + interval '24 hours' where c.row_id = v_row.row_id and c.until is null;
    end if;
    perform engine.refresh_profile_row(v_row.workspace_id, v_row.row_id);
  end loop;

  -- Rows that are another than when they were last compared, and no change says so: it was deleted after the triggers had written it, or
  -- was taken back before anybody was told. Each is taken over as it was seen here, so that nothing slips in between.
  for v_row in
    with now_is as (select * from notices.profile_row r where r.workspace_id = any(v_ids)),
    before as (select * from notices.recorded_row r where r.workspace_id = any(v_ids))
    select coalesce(n.workspace_id, b.workspace_id) as workspace_id, coalesce(n.row_id, b.row_id) as row_id, coalesce(n.subject, b.subject) as subject,
           n.digest, case when b.row_id is null then 'added' when n.row_id is null then 'removed' else 'changed' end as how,
           coalesce(b.at, (select p.looked_at from notices.profile p where p.workspace_id = n.workspace_id), '-infinity') as since
    from now_is n full join before b on b.workspace_id = n.workspace_id and b.row_id = n.row_id
    where n.digest is distinct from b.digest
    limit 1000
  loop
    if not exists (
      select from notices.change c
      where c.workspace_id = v_row.workspace_id and c.row_id = v_row.row_id
        -- Whoever decides does so a moment before it is committed.
        and (c.judged_at is null or c.judged_at > v_row.since or c.decided_at > v_row.since - interval '1 minute')
    ) then
      perform engine.alarm_unexplained(engine.note_unseen(v_row.workspace_id, v_row.subject, v_row.row_id, v_row.how));
      v_alarms := v_alarms + 1;
      select r.digest into v_row.digest from notices.profile_row r where r.workspace_id = v_row.workspace_id and r.row_id = v_row.row_id;
    end if;
    delete from notices.recorded_row r where r.workspace_id = v_row.workspace_id and r.row_id = v_row.row_id;
    insert into notices.recorded_row (workspace_id, row_id, subject, digest, at)
    select v_row.workspace_id, v_row.row_id, v_row.subject, v_row.digest, clock_timestamp() where v_row.digest is not null;
  end loop;

  -- What the log says of each profile against what it is.
  for v_row in
    with now_is as (
      select w.id as workspace_id, count(r.row_id)::integer as rows,
             sha256(coalesce(string_agg(r.digest, ''::bytea order by r.row_id), ''::bytea)) as digest
      from unnest(v_ids) as w(id) left join notices.recorded_row r on r.workspace_id = w.id group by 1
    )
    select n.workspace_id, n.rows, n.digest, p.digest as known, l.digest as logged
    from now_is n
    left join notices.profile p on p.workspace_id = n.workspace_id
    left join lateral (
      select coalesce(
        (select o.detail ->> 'digest' from audit_outbox o where o.workspace_id = n.workspace_id and o.action = 'profile.recorded' order by o.id desc limit 1),
        (select e.record::jsonb -> 'detail' ->> 'digest' from audit_entry e
         where e.workspace_id = n.workspace_id and e.action = 'profile.recorded' order by e.index desc limit 1)) as digest
    ) l on true
    where p.digest is distinct from n.digest or l.digest is distinct from encode(n.digest, 'hex')
  loop
    if v_row.logged is not null and v_row.logged is distinct from encode(v_row.known, 'hex') then
      -- Somebody wrote the comparison itself anew.
      insert into security_alert (id, kind, severity, workspace_id, about, detail, created_at, last_at)
      values (engine.new_event_id(gen_random_uuid()), 'profile.unexplained', 'critical', v_row.workspace_id, 'record', '{"what":"record"}',
              clock_timestamp(), clock_timestamp());
      v_alarms := v_alarms + 1;
    end if;
    begin
      insert into audit_outbox (id, workspace_id, actor, action, target, detail)
      values (engine.new_event_id(gen_random_uuid()), v_row.workspace_id, 'process:worker', 'profile.recorded',
              engine.public_id('ws', v_row.workspace_id), jsonb_build_object('digest', encode(v_row.digest, 'hex'), 'rows', v_row.rows));
      insert into notices.profile as p (workspace_id, digest, rows, looked_at)
      values (v_row.workspace_id, v_row.digest, v_row.rows, clock_timestamp())
      on conflict (workspace_id) do update set digest = excluded.digest, rows = excluded.rows, looked_at = excluded.looked_at;
    exception when sqlstate 'BH503' then
      null; -- The audit log takes nothing now: the next round writes it.
    end;
  end loop;

  delete from notices.contact c where c.until < clock_timestamp() - interval '1 day';
  delete from notices.change c
  where c.id < (lpad(to_hex((extract(epoch from clock_timestamp() - interval '400 days') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
  return query select v_ids[cardinality(v_ids)], cardinality(v_ids), v_alarms;
end $$;

-- Whether an audit record is that of an act on a row. Members come and go by acts that name other things: invitations, workspaces, sign-on.
create function engine.explains(p_action text, p_target text, p_detail jsonb, p_kind text, p_subject text, p_row uuid) returns boolean
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
begin
  return case p_subject
    when 'sender' then p_target = engine.public_id('snd', p_row)
    when 'sending_domain' then p_target = engine.public_id('dom', p_row)
    when 'webhook_endpoint' then p_target = engine.public_id('wh', p_row)
    else p_target in (engine.public_id('mem', p_row), p_row::text)
      or p_action = 'invitation.accepted' and p_detail ->> 'member' = p_row::text
      or p_action = 'sso.signed_in' and p_detail ->> 'how' = 'joined' and p_kind like '%.added'
      or p_action = 'workspace.created' and p_detail ->> 'owner' is not null and p_kind = 'owner.added'
      or p_action = 'person.deleted' and p_kind like '%.removed'
  end;
end $$;

-- A change that nobody wrote down, as far as the row still tells.
create function engine.note_unseen(p_workspace uuid, p_subject text, p_row uuid, p_how text) returns uuid
language sql security definer set search_path = public, engine, pg_temp as $$
  select engine.note_change(p_workspace,
    case p_subject when 'sending_domain' then 'domain' when 'webhook_endpoint' then 'webhook' when 'member' then 'owner' else p_subject end || '.' || p_how,
    p_subject, p_row, null,
    coalesce((select d.name from sending_domain d where d.id = p_row),
             (select substring(e.url from '^[a-z]+://([^/?#]*)') from webhook_endpoint e where e.id = p_row),
             (select m.role from member m where m.id = p_row)),
    (select s.sealed_email from sender s where s.id = p_row), 'unseen')
$$;

create function engine.alarm_unexplained(p_change uuid) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_change notices.change%rowtype;
  v_now timestamptz := clock_timestamp();
begin
  update notices.change c
  set judged_at = v_now, is_unexplained = true,
      inert_until = case when c.kind like '%.removed' then null else coalesce(engine.inert_from_now(c.workspace_id), c.inert_until) end
  where c.id = p_change returning c.* into v_change;
  insert into security_alert (id, kind, severity, workspace_id, about, detail, created_at, last_at)
  values (engine.new_event_id(gen_random_uuid()), 'profile.unexplained', 'critical', v_change.workspace_id, v_change.id::text,
          jsonb_build_object('change', v_change.id, 'what', v_change.kind), v_now, v_now);
  perform engine.record_alerts();
  if v_change.inert_until is null then return; end if;
  begin
    -- The triggers take the time from the change.
    update sender s set inert_until = v_change.inert_until where v_change.subject = 'sender' and s.id = v_change.row_id;
    update sending_domain d set inert_until = v_change.inert_until where v_change.subject = 'sending_domain' and d.id = v_change.row_id;
    update webhook_endpoint e set inert_until = v_change.inert_until where v_change.subject = 'webhook_endpoint' and e.id = v_change.row_id;
    update member m set inert_until = v_change.inert_until where v_change.subject = 'member' and m.id = v_change.row_id;
  exception when sqlstate 'BH423' then
    null; -- Contained: nothing of it works anyway.
  end;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('keep_installation_closed', 'keep_installation_heard', 'capture_home', 'public_id', 'inert_from_now',
      'stamp_workspace', 'stamp_inert', 'profile_rows', 'note_change', 'sync_contact', 'refresh_profile_row', 'profile_changed', 'contact_moved',
      'spread_alert', 'hold_new', 'hold_message', 'find_sending_domain', 'release_new', 'claim_notices', 'settle_notices', 'claim_alert_webhooks',
      'release_alert_webhook', 'list_changes', 'decide_change', 'reconcile_profiles', 'explains', 'note_unseen', 'alarm_unexplained')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
alter function engine.find_sending_domain set plan_cache_mode = force_generic_plan;
alter function engine.find_sending_domain set enable_seqscan = off;
alter function engine.find_sending_domain set enable_bitmapscan = off;
alter function engine.find_sending_domain set max_parallel_workers_per_gather = 0;

grant execute on function engine.capture_home to bulkhead_smtp;
grant execute on function engine.find_sending_domain, engine.hold_message to bulkhead_api, bulkhead_smtp;
grant execute on function engine.claim_notices, engine.settle_notices, engine.list_changes, engine.decide_change, engine.raise_alert to bulkhead_api;
grant execute on function engine.claim_alert_webhooks, engine.settle_notices, engine.release_alert_webhook, engine.reconcile_profiles,
  engine.release_new to bulkhead_worker;

-- Who is there already when this version comes.
insert into notices.contact (workspace_id, kind, row_id, url, secret, previous_secret, joined_at, since)
select e.workspace_id, 'webhook', e.id, e.url, e.secret, e.previous_secret, e.created_at, e.created_at
from webhook_endpoint e where e.state = 'enabled' and e.event_types = '{}';
insert into notices.contact (workspace_id, kind, row_id, person_id, role, sealed_email, joined_at, since)
select m.workspace_id, 'person', m.id, m.person_id, m.role, p.sealed_email, m.created_at, m.created_at
from member m join account.person p on p.id = m.person_id where m.revoked_at is null and m.role in ('owner', 'admin');
revoke create on schema engine from bulkhead_engine;
