-- Limits, signals of attack, alarms, honey accounts.
-- Lock impact: none, these are new tables.
--
-- Who asked is kept as HMACs under a key that the database does not have. Signals are sets of bounded size that expire, not a row per
-- event. Processes report and read; rules are judged here, so that a hijacked process that stops reporting is all that it can do.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create schema detection;
grant usage on schema detection to bulkhead_engine;

-- The one clock of limits and rules. The tests of rules put another function in its place and let days pass.
create function engine.detection_now() returns timestamptz
language sql volatile security definer set search_path = public, engine, pg_temp as $$ select clock_timestamp() $$;

create table detection.bucket (
  bucket text not null,
  key bytea not null,
  full_at timestamptz not null,
  primary key (bucket, key)
);
create index bucket_full on detection.bucket (full_at);
comment on table detection.bucket is 'class: operational. Token buckets of limits. Kept: until they are full again.';
comment on column detection.bucket.bucket is 'class: operational. Which limit.';
comment on column detection.bucket.key is 'class: blind index. HMAC of who is limited.';
comment on column detection.bucket.full_at is 'class: operational. When all tokens are back; how far away that is says how many are gone.';

create table detection.failures (
  identifier bytea primary key,
  unknown_devices integer not null default 0,
  known_devices integer not null default 0,
  last_at timestamptz not null
);
create index failures_last on detection.failures (last_at);
comment on table detection.failures is 'class: operational. Failed log-ins in a row. Kept: 90 days; for people that exist until they log in.';
comment on column detection.failures.identifier is 'class: blind index. Of the address that was tried, whether it exists or not.';
comment on column detection.failures.unknown_devices is 'class: operational. Failures since the last success, from devices that never succeeded.';
comment on column detection.failures.known_devices is 'class: operational. Failures since the last success, from devices that succeeded before.';
comment on column detection.failures.last_at is 'class: operational.';

create table detection.rule (
  kind text not null,
  window_seconds integer not null check (window_seconds between 60 and 604800),
  scope text not null check (scope in ('client', 'installation', 'workspaces', 'event')),
  measure text not null check (measure in ('probed', 'failed', 'reset', 'invited', 'missed', 'workspaces', 'event')),
  at_least integer not null check (at_least > 0),
  share_percent integer not null default 0 check (share_percent between 0 and 100),
  times_usual integer not null default 0,
  least_clients integer not null default 1,
  severity text not null check (severity in ('medium', 'high', 'critical')),
  rationale text not null check (length(rationale) between 20 and 1000),
  source text not null,
  evaluated_at timestamptz not null default '-infinity',
  primary key (kind, measure, window_seconds)
);
comment on table detection.rule is 'class: operational. What raises an alarm; docs/detection.md says the same.';
comment on column detection.rule.kind is 'class: operational. The alarm.';
comment on column detection.rule.window_seconds is 'class: operational. Over how long is counted.';
comment on column detection.rule.scope is 'class: operational. About whom: one client, the installation, workspaces of one client, a single event.';
comment on column detection.rule.measure is 'class: operational. Which identifiers are counted, each once.';
comment on column detection.rule.at_least is 'class: operational. How many it takes.';
comment on column detection.rule.share_percent is 'class: operational. And which part of all identifiers of the client in the window.';
comment on column detection.rule.times_usual is 'class: operational. And how many times the usual part of all identifiers of the installation.';
comment on column detection.rule.least_clients is 'class: operational. And from how many clients.';
comment on column detection.rule.severity is 'class: operational.';
comment on column detection.rule.rationale is 'class: operational. Why these figures.';
comment on column detection.rule.source is 'class: operational. The demand it answers.';
comment on column detection.rule.evaluated_at is 'class: operational. When it was last judged; long windows are judged less often.';
grant select, update on detection.rule to bulkhead_engine;

insert into detection.rule (kind, window_seconds, scope, measure, at_least, share_percent, times_usual, least_clients, severity, rationale, source) values
  ('enumeration.client', 600, 'client', 'probed', 20, 50, 0, 1, 'high',
   'Addresses asked for without a log-in that follows. A person asks for one or two, a household for five; at 1/s this takes 20 s.', 'C-02'),
  ('enumeration.client', 3600, 'client', 'probed', 30, 50, 0, 1, 'high',
   'At one a minute 30 take half an hour and at most 30 accounts are learnt, below the 50 that are demanded.', 'C-02'),
  ('enumeration.client', 86400, 'client', 'probed', 60, 50, 0, 1, 'high',
   'Slow and patient: 2.5 an hour. The half that must have failed keeps offices and carrier NAT out: there most people get in.', 'C-02'),
  ('enumeration.client', 3600, 'client', 'invited', 100, 0, 0, 1, 'medium',
   'Invitations come from people who are logged in: a team of 50 is invited in one go, 100 in an hour are a list.', 'C-02'),
  ('stuffing.client', 600, 'client', 'failed', 10, 70, 0, 1, 'high',
   'Different accounts failing from one client; who mistypes fails at one account and then gets in. Lists are right in 0.1 to 2 percent.', 'C-04'),
  ('stuffing.client', 3600, 'client', 'failed', 20, 70, 0, 1, 'high',
   'As above, at one in three minutes.', 'C-04'),
  ('stuffing.client', 86400, 'client', 'failed', 50, 70, 0, 1, 'high',
   'As above, at two an hour.', 'C-04'),
  ('reset.storm', 3600, 'client', 'reset', 5, 50, 0, 1, 'high',
   'Resets for 5 accounts from one client, as against 40 accounts in the incident; the half keeps offices out where others log in.', 'D-01'),
  ('enumeration.distributed', 600, 'installation', 'missed', 40, 0, 4, 10, 'high',
   'Unknown addresses at log-in and reset, known ones at sign-up. Their part of all is steady; four times as much from ten clients is a list.', 'C-02'),
  ('enumeration.distributed', 3600, 'installation', 'missed', 100, 0, 4, 10, 'high',
   'As above: 1,000 clients at one an hour are seen in minutes, 100 in an hour.', 'C-02'),
  ('enumeration.distributed', 86400, 'installation', 'missed', 400, 0, 4, 10, 'high',
   'As above: 17 an hour over all clients; below that it is missed.', 'C-02'),
  ('stuffing.distributed', 600, 'installation', 'failed', 60, 0, 3, 10, 'critical',
   'Log-ins that fail and are not followed by a log-in of the same client, against their usual part.', 'C-04'),
  ('stuffing.distributed', 3600, 'installation', 'failed', 150, 0, 3, 10, 'critical',
   'As the rule above, over an hour: slower.', 'C-04'),
  ('stuffing.distributed', 86400, 'installation', 'failed', 600, 0, 3, 10, 'critical',
   'As above: 25 an hour over all clients; below that it is missed.', 'C-04'),
  ('workspaces.client', 3600, 'workspaces', 'workspaces', 3, 0, 0, 1, 'high',
   'Log-ins at 3 workspaces that no member connects, by devices that are not known there: failed ones, and successful ones for people who signed in elsewhere before.', 'C-12'),
  ('honey.touched', 3600, 'event', 'event', 1, 0, 0, 1, 'critical',
   'Nobody has this account, so nobody can try it by mistake: whoever does has a list.', 'C-17'),
  ('novelty.after_probe', 604800, 'event', 'event', 1, 0, 0, 1, 'high',
   'The right password from a network, an address and a browser that are all new, for an account that was probed within the week.', 'C-03'),
  ('second_factor.abandoned', 3600, 'event', 'event', 1, 0, 0, 1, 'high',
   'The right password and no second factor is what the attacker of 2022 left behind; only the owner can say that it was him.', 'D-05');

create table detection.state (
  id boolean primary key default true check (id),
  crowded boolean not null default false,
  usual_missed double precision not null default 0.05,
  usual_failed double precision not null default 0.10,
  usual_at timestamptz not null default '-infinity'
);
insert into detection.state default values;
comment on table detection.state is 'class: operational. One row: what evaluating has to remember; its lock lets one process evaluate.';
comment on column detection.state.id is 'class: operational.';
comment on column detection.state.crowded is 'class: operational. So many sightings that unknown identifiers are only counted.';
comment on column detection.state.usual_missed is 'class: operational. Usual part of unknown addresses at log-in and reset and of known ones at sign-up.';
comment on column detection.state.usual_failed is 'class: operational. Usual part of failed log-ins.';
comment on column detection.state.usual_at is 'class: operational. When these were worked out; hourly.';

create table detection.tally (
  minute timestamptz not null,
  slot smallint not null,
  kind text not null,
  outcome text not null,
  events bigint not null,
  primary key (minute, kind, outcome, slot)
);
comment on table detection.tally is 'class: operational. How many attempts of each kind ended how, per minute. Kept: 8 days.';
comment on column detection.tally.minute is 'class: operational.';
comment on column detection.tally.slot is 'class: operational. Spreads a busy minute over rows.';
comment on column detection.tally.kind is 'class: operational.';
comment on column detection.tally.outcome is 'class: operational.';
comment on column detection.tally.events is 'class: operational.';

create table detection.client (
  client bytea primary key,
  first_at timestamptz not null,
  last_at timestamptz not null,
  unknown_identifiers integer not null default 0,
  dirty boolean not null default true,
  alarmed_until timestamptz,
  alarm_kind text
);
create index client_dirty on detection.client (last_at) where dirty;
create index client_last on detection.client (last_at);
create index client_alarmed on detection.client (alarmed_until) where alarmed_until is not null;
comment on table detection.client is 'class: pseudonymous. Networks that people sign in from, /32 or /64. Kept: 48 hours after the last attempt.';
comment on column detection.client.client is 'class: blind index. HMAC of the address (IPv4) or the /64 (IPv6).';
comment on column detection.client.first_at is 'class: operational.';
comment on column detection.client.last_at is 'class: operational.';
comment on column detection.client.unknown_identifiers is 'class: operational. Sightings of it that name nobody; from 2,000 on no more are kept.';
comment on column detection.client.dirty is 'class: operational. Seen since it was last judged.';
comment on column detection.client.alarmed_until is 'class: operational. Whoever it asks for until then is flagged.';
comment on column detection.client.alarm_kind is 'class: operational. The rule that it set off.';

create table detection.sighting (
  client bytea not null,
  identifier bytea not null,
  person_id uuid references account.person on delete cascade,
  known_device boolean not null default false,
  last_at timestamptz not null,
  probed_at timestamptz,
  missed_at timestamptz,
  failed_at timestamptz,
  reset_at timestamptz,
  invited_at timestamptz,
  session_at timestamptz,
  flagged_at timestamptz,
  primary key (client, identifier)
);
create index sighting_last on detection.sighting (last_at);
create index sighting_missed on detection.sighting (missed_at) where missed_at is not null;
create index sighting_failed on detection.sighting (failed_at) where failed_at is not null;
create index sighting_person on detection.sighting (person_id, last_at);
comment on table detection.sighting is 'class: pseudonymous. Which client asked for which identifier, once each. Kept: 48 hours.';
comment on column detection.sighting.client is 'class: blind index.';
comment on column detection.sighting.identifier is 'class: blind index. Of the address that was asked for.';
comment on column detection.sighting.person_id is 'class: identifier. Null where nobody has that address.';
comment on column detection.sighting.known_device is 'class: operational. The device had signed in as that person before.';
comment on column detection.sighting.last_at is 'class: operational.';
comment on column detection.sighting.probed_at is 'class: operational. Last attempt of any kind but an invitation.';
comment on column detection.sighting.missed_at is 'class: operational. Last time unknown at log-in, reset or recovery, or known at sign-up.';
comment on column detection.sighting.failed_at is 'class: operational. Last log-in that failed.';
comment on column detection.sighting.reset_at is 'class: operational. Last reset or recovery.';
comment on column detection.sighting.invited_at is 'class: operational. Last invitation.';
comment on column detection.sighting.session_at is 'class: operational. Last session that came of it.';
comment on column detection.sighting.flagged_at is 'class: operational. When the person was flagged for it.';

create table detection.familiar (
  person_id uuid not null references account.person on delete cascade,
  kind text not null check (kind in ('client', 'network', 'agent')),
  key bytea not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (person_id, kind, key)
);
create index familiar_last on detection.familiar (last_at);
comment on table detection.familiar is 'class: pseudonymous. Where and with what a person has signed in. Kept: 90 days, the last 50 of each kind.';
comment on column detection.familiar.person_id is 'class: identifier.';
comment on column detection.familiar.kind is 'class: operational.';
comment on column detection.familiar.key is 'class: blind index. HMAC of the address, of the network around it, or of the kind of browser.';
comment on column detection.familiar.first_at is 'class: operational.';
comment on column detection.familiar.last_at is 'class: operational.';

create table detection.incident (
  id bigint generated always as identity primary key,
  kind text not null,
  client bytea not null,
  person_id uuid not null references account.person on delete cascade,
  at timestamptz not null
);
-- Not unique: who reports would wait for who judges, with the lock of a client that the latter wants.
create index incident_person on detection.incident (person_id, kind, client);
comment on table detection.incident is 'class: operational. What is an alarm by itself and waits for the next evaluation, seconds.';
comment on column detection.incident.id is 'class: operational.';
comment on column detection.incident.kind is 'class: operational.';
comment on column detection.incident.client is 'class: blind index.';
comment on column detection.incident.person_id is 'class: identifier.';
comment on column detection.incident.at is 'class: operational.';

create table detection.raising (kind text primary key);
comment on table detection.raising is 'class: operational. One row for each kind of alarm: its lock lets one process raise that kind at a time.';
comment on column detection.raising.kind is 'class: operational.';
grant select, insert, update on detection.raising to bulkhead_engine;

grant select, insert, update, delete on detection.bucket, detection.failures, detection.state, detection.tally, detection.client,
  detection.sighting, detection.familiar, detection.incident to bulkhead_engine;

create table security_alert (
  id uuid primary key,
  kind text not null check (kind ~ '^[a-z_]{1,40}\.[a-z_]{1,40}$'),
  severity text not null check (severity in ('medium', 'high', 'critical')),
  workspace_id uuid references workspace,
  person_id uuid references account.person on delete cascade,
  about text not null check (length(about) <= 100),
  detail jsonb not null default '{}',
  occurrences integer not null default 1,
  created_at timestamptz not null,
  last_at timestamptz not null,
  recorded_at timestamptz,
  notified_at timestamptz,
  acknowledged_at timestamptz,
  acknowledged_by text
);
create index security_alert_workspace on security_alert (workspace_id, id desc);
create index security_alert_person on security_alert (person_id);
create index security_alert_about on security_alert (kind, about, last_at desc);
create index security_alert_kind on security_alert (kind, created_at desc);
create index security_alert_unrecorded on security_alert (id) where recorded_at is null;
create index security_alert_waiting on security_alert (id) where notified_at is null;
comment on table security_alert is 'class: operational. Alarms: of a workspace, of a person, or (neither) of the installation. Kept: 400 days.';
comment on column security_alert.id is 'class: identifier.';
comment on column security_alert.kind is 'class: operational. The rule, docs/detection.md.';
comment on column security_alert.severity is 'class: operational.';
comment on column security_alert.workspace_id is 'class: identifier. Whose people are concerned; null for the installation or a person.';
comment on column security_alert.person_id is 'class: identifier. Who is concerned alone.';
comment on column security_alert.about is 'class: pseudonymous. What it is about: part of the HMAC of a client, an id; one alarm for each at a time.';
comment on column security_alert.detail is 'class: operational. Counts; no personal data.';
comment on column security_alert.occurrences is 'class: operational. How often it was found again while it went on.';
comment on column security_alert.created_at is 'class: operational.';
comment on column security_alert.last_at is 'class: operational. When it was last found.';
comment on column security_alert.recorded_at is 'class: operational. When the audit record was written; later where the audit log was not taking any.';
comment on column security_alert.notified_at is 'class: operational. When those whom it concerns were told.';
comment on column security_alert.acknowledged_at is 'class: operational.';
comment on column security_alert.acknowledged_by is 'class: operational. Actor.';
select engine.protect('security_alert');
grant select on security_alert to bulkhead_api;
grant select, insert, update, delete on security_alert to bulkhead_engine;

-- Takes tokens from all buckets or from none, in one statement and so in one transaction: 1,000 at the same moment wait for each other at
-- the row (GHSA-7h8m: parallel checks must not beat the limit). The generic cell rate algorithm: a bucket is the time at which it is full.
create function engine.take_tokens(p_bucket text[], p_key bytea[], p_cost float8[], p_capacity float8[], p_refill float8[])
returns table (place integer, allowed boolean, retry_after_seconds float8)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz := engine.detection_now();
  v_all boolean := true;
  v_wanted record;
  v_full timestamptz;
  v_next timestamptz;
  v_places integer[] := '{}';
  v_waits float8[] := '{}';
  v_nexts timestamptz[] := '{}';
  v_wait float8;
begin
  if cardinality(p_bucket) not between 1 and 10 then raise exception 'one to ten buckets' using errcode = '22023'; end if;
  -- In one order everywhere, or two takers would wait for each other.
  for v_wanted in
    select * from unnest(p_bucket, p_key, p_cost, p_capacity, p_refill) with ordinality u(bucket, key, cost, capacity, refill, place)
    order by u.bucket, u.key
  loop
    if v_wanted.cost <= 0 or v_wanted.cost > v_wanted.capacity or v_wanted.refill <= 0 or v_wanted.capacity / v_wanted.refill > 604800
      or length(v_wanted.bucket) > 60 or length(v_wanted.key) <> 32 then
      raise exception 'no such bucket' using errcode = '22023';
    end if;
    insert into detection.bucket as b (bucket, key, full_at) values (v_wanted.bucket, v_wanted.key, v_now)
    on conflict (bucket, key) do update set full_at = b.full_at
    returning b.full_at into v_full;
    v_next := greatest(v_full, v_now) + make_interval(secs => v_wanted.cost / v_wanted.refill);
    v_wait := extract(epoch from v_next - v_now)::float8 - v_wanted.capacity / v_wanted.refill;
    v_all := v_all and v_wait <= 0;
    v_places := v_places || v_wanted.place::integer;
    v_waits := v_waits || greatest(v_wait, 0);
    v_nexts := v_nexts || v_next;
  end loop;
  if v_all then
    update detection.bucket b set full_at = x.next
    from unnest(v_places, v_nexts) as x(place, next)
    where b.bucket = p_bucket[x.place] and b.key = p_key[x.place];
  end if;
  return query select x.place, x.wait <= 0, x.wait from unnest(v_places, v_waits) as x(place, wait) order by x.place;
end $$;

-- Counts a failure before the password is looked at, so that parallel guesses count too; false at the limit. 50 from devices that are not
-- known and 50 from those that are: together not more than the 100 of NIST SP 800-63B-4, and guessing elsewhere locks no known device out.
create function engine.begin_attempt(p_identifier bytea, p_known boolean) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  insert into detection.failures as f (identifier, unknown_devices, known_devices, last_at)
  values (p_identifier, case when p_known then 0 else 1 end, case when p_known then 1 else 0 end, engine.detection_now())
  on conflict (identifier) do update
  set unknown_devices = f.unknown_devices + excluded.unknown_devices, known_devices = f.known_devices + excluded.known_devices,
      last_at = excluded.last_at
  where case when p_known then f.known_devices else f.unknown_devices end < 50;
  return found;
end $$;

-- success: the row of failures is over. not_checked: nobody looked at the password, so it was none.
create function engine.end_attempt(p_identifier bytea, p_known boolean, p_outcome text) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  case p_outcome
    when 'success' then delete from detection.failures f where f.identifier = p_identifier;
    when 'not_checked' then
      update detection.failures f
      set unknown_devices = greatest(0, f.unknown_devices - case when p_known then 0 else 1 end),
          known_devices = greatest(0, f.known_devices - case when p_known then 1 else 0 end)
      where f.identifier = p_identifier;
    else raise exception 'no such outcome' using errcode = '22023';
  end case;
end $$;

-- Whether a person has signed in before from where or with what the caller comes, first seen before p_before.
create function engine.is_familiar(p_person uuid, p_kind text, p_key bytea, p_before timestamptz) returns boolean
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
begin
  return exists (
    select from detection.familiar f where f.person_id = p_person and f.kind = p_kind and f.key = p_key and f.first_at < p_before);
end $$;

-- Once until it is judged; two at the same moment may both be noted, and are one alarm.
create function engine.note_incident(p_kind text, p_client bytea, p_person uuid) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  insert into detection.incident (kind, client, person_id, at)
  select p_kind, p_client, p_person, engine.detection_now()
  where not exists (select from detection.incident i where i.person_id = p_person and i.kind = p_kind and i.client = p_client);
end $$;

-- Takes one signal in. Answers nothing, so that nothing can be asked by it; judges nothing but what is an alarm by itself. Submission tells of
-- its own refusals, which are about no person: hijacked, it makes no device familiar, flags nobody and makes no client look busy with success.
create function engine.observe(
  p_kind text, p_outcome text, p_client bytea, p_network bytea, p_agent bytea, p_identifier bytea, p_person uuid, p_known_device boolean
) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_now timestamptz := engine.detection_now();
  v_person uuid;
  v_identifier bytea := p_identifier;
  v_honey boolean := false;
  v_flagged timestamptz;
  v_missed boolean;
  v_failed boolean;
  v_unknown integer;
  v_fresh boolean;
begin
  if p_kind not in ('sign_up', 'log_in', 'reset', 'invitation', 'recovery', 'smtp_auth', 'domain_claim', 'unsubscribe')
    or p_outcome not in ('unknown', 'known', 'wrong_password', 'right_password', 'session', 'abandoned')
    or length(p_client) <> 32 or length(p_network) <> 32 or length(p_agent) <> 32 or length(p_identifier) > 64 then
    raise exception 'no such signal' using errcode = '22023';
  end if;
  if session_user = 'bulkhead_smtp' and (p_kind <> 'smtp_auth' or p_outcome <> 'wrong_password' or p_person is not null) then
    raise exception 'submission tells of its own refusals only' using errcode = '42501';
  end if;
  insert into detection.tally as t (minute, slot, kind, outcome, events)
  values (date_trunc('minute', v_now), get_byte(p_client, 0) % 8, p_kind, p_outcome, 1)
  on conflict (minute, kind, outcome, slot) do update set events = t.events + 1;

  select p.id, p.email_index, p.honey, p.flagged_at into v_person, v_identifier, v_honey, v_flagged
  from account.person p
  where p_kind <> 'smtp_auth' and case when p_person is null then p.email_index = p_identifier else p.id = p_person end;
  v_identifier := coalesce(v_identifier, p_identifier);
  if v_identifier is null then return; end if;

  v_missed := p_kind in ('log_in', 'reset', 'recovery', 'smtp_auth') and p_outcome = 'unknown' or p_kind = 'sign_up' and p_outcome = 'known';
  v_failed := p_kind in ('log_in', 'smtp_auth') and p_outcome in ('unknown', 'wrong_password', 'known', 'abandoned');
  insert into detection.client as c (client, first_at, last_at) values (p_client, v_now, v_now)
  on conflict (client) do update set last_at = v_now, dirty = true
  returning c.unknown_identifiers into v_unknown;
  -- A flood of invented addresses fills no disk: it was noticed long before.
  if v_person is null and (v_unknown >= 2000 or (select s.crowded from detection.state s)) then return; end if;

  insert into detection.sighting as s (client, identifier, person_id, known_device, last_at, probed_at, missed_at, failed_at, reset_at, invited_at, session_at)
  values (
    p_client, v_identifier, v_person, p_known_device, v_now,
    case when p_kind <> 'invitation' then v_now end,
    case when v_missed then v_now end,
    case when v_failed then v_now end,
    case when p_kind in ('reset', 'recovery') then v_now end,
    case when p_kind = 'invitation' then v_now end,
    case when p_outcome = 'session' then v_now end)
  on conflict (client, identifier) do update set
    person_id = coalesce(excluded.person_id, s.person_id), known_device = s.known_device or excluded.known_device, last_at = v_now,
    probed_at = coalesce(excluded.probed_at, s.probed_at), missed_at = coalesce(excluded.missed_at, s.missed_at),
    failed_at = coalesce(excluded.failed_at, s.failed_at), reset_at = coalesce(excluded.reset_at, s.reset_at),
    invited_at = coalesce(excluded.invited_at, s.invited_at), session_at = coalesce(excluded.session_at, s.session_at)
  returning xmax = 0 into v_fresh;
  if v_person is null then
    if v_fresh then update detection.client c set unknown_identifiers = c.unknown_identifiers + 1 where c.client = p_client; end if;
    return;
  end if;

  if v_honey then
    perform engine.note_incident('honey.touched', p_client, v_person);
    return;
  end if;
  if p_outcome = 'abandoned' then
    perform engine.note_incident('second_factor.abandoned', p_client, v_person);
  end if;
  if p_outcome in ('right_password', 'session') and not p_known_device
    and exists (select from detection.familiar f where f.person_id = v_person and f.kind = 'client' and f.first_at < v_now - interval '1 day')
    and not engine.is_familiar(v_person, 'client', p_client, 'infinity') and not engine.is_familiar(v_person, 'network', p_network, 'infinity')
    and not engine.is_familiar(v_person, 'agent', p_agent, 'infinity')
    and (v_flagged > v_now - interval '7 days' or exists (
      select from detection.sighting s
      where s.person_id = v_person and s.client <> p_client and s.probed_at > v_now - interval '2 days' and s.session_at is null and not s.known_device))
  then
    perform engine.note_incident('novelty.after_probe', p_client, v_person);
  end if;
  if p_outcome = 'session' then
    insert into detection.familiar as f (person_id, kind, key, first_at, last_at)
    values (v_person, 'client', p_client, v_now, v_now), (v_person, 'network', p_network, v_now, v_now), (v_person, 'agent', p_agent, v_now, v_now)
    on conflict (person_id, kind, key) do update set last_at = v_now;
    -- What somebody else holds is left for another time: nobody waits here, so that nobody waits in a circle.
    delete from detection.familiar f where f.person_id = v_person and (f.kind, f.key) in (
      select o.kind, o.key from unnest(array['client', 'network', 'agent']) as k(kind) cross join lateral (
        select x.kind, x.key from detection.familiar x
        where x.person_id = v_person and x.kind = k.kind
        order by x.last_at desc, x.key offset 50 for update skip locked) o);
  end if;
end $$;

-- Writes the audit records that are due, as far as the audit log takes them: an alarm does not wait for it.
create function engine.record_alerts() returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  with due as (
    update security_alert a set recorded_at = engine.detection_now()
    where a.id in (select w.id from security_alert w where w.recorded_at is null order by w.id limit 1000 for update skip locked)
    returning a.*
  )
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  select engine.new_event_id(gen_random_uuid()), d.workspace_id, 'process:' || replace(session_user, 'bulkhead_', ''), 'alert.raised',
         d.id::text, jsonb_build_object('kind', d.kind, 'severity', d.severity, 'person', d.person_id, 'facts', d.detail)
  from due d;
exception when sqlstate 'BH503' then
  null;
end $$;

-- One alarm for each kind and subject while it goes on: what is found again within p_quiet of the last time is counted, and told once. At most
-- 20 of a kind in an hour are told apart; further ones are one. Answers the id of a new one, null otherwise.
create function engine.raise_alert(
  p_kind text, p_severity text, p_workspace uuid, p_person uuid, p_about text, p_quiet interval, p_detail jsonb
) returns uuid
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_now timestamptz := engine.detection_now();
  v_about text := p_about;
  v_id uuid;
begin
  if p_detail is null or octet_length(p_detail::text) > 4000 or p_quiet not between interval '0' and interval '7 days' then
    raise exception 'not an alert' using errcode = '22023';
  end if;
  -- One after the other of each kind: others raise theirs while they hold what judging may wait for, such as a person.
  insert into detection.raising (kind) values (p_kind) on conflict do nothing;
  perform from detection.raising r where r.kind = p_kind for update;
  if p_workspace is null and p_person is null and (
    select count(*) >= 20 from security_alert a
    where a.kind = p_kind and a.created_at > v_now - interval '1 hour' and a.workspace_id is null and a.person_id is null
  ) and not exists (select from security_alert a where a.kind = p_kind and a.about = p_about and a.last_at > v_now - p_quiet) then
    v_about := 'further';
  end if;
  update security_alert a set last_at = v_now, occurrences = a.occurrences + 1, detail = a.detail || p_detail
  where a.id = (
    select x.id from security_alert x
    where x.kind = p_kind and x.about = v_about and x.workspace_id is not distinct from p_workspace
      and x.person_id is not distinct from p_person and x.last_at > v_now - p_quiet
    order by x.last_at desc limit 1);
  if found then return null; end if;
  insert into security_alert (id, kind, severity, workspace_id, person_id, about, detail, created_at, last_at)
  values (engine.new_event_id(gen_random_uuid()), p_kind, p_severity, p_workspace, p_person, v_about, p_detail, v_now, v_now)
  returning id into v_id;
  perform engine.record_alerts();
  perform pg_notify('bulkhead_alerts', '');
  return v_id;
end $$;

-- Marks people for step-up. Answers those who were not marked yet; each gets an audit record where the log takes it.
create function engine.flag_people(p_people uuid[], p_reason text) returns setof uuid
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_flagged uuid[];
begin
  with marked as (
    update account.person p set flagged_at = engine.detection_now(), flag_reason = p_reason
    where p.id in (
      select x.id from account.person x where x.id = any(p_people) and x.flagged_at is null and not x.honey order by x.id limit 10000 for update)
    returning p.id
  )
  select array_agg(m.id) into v_flagged from marked m;
  begin
    insert into audit_outbox (id, workspace_id, actor, action, target, detail)
    select engine.new_event_id(gen_random_uuid()), m.workspace_id, 'process:' || replace(session_user, 'bulkhead_', ''), 'person.flagged',
           f.id::text, jsonb_build_object('rule', p_reason)
    from unnest(v_flagged) as f(id)
    left join member m on m.person_id = f.id and m.revoked_at is null;
  exception when sqlstate 'BH503' then
    null;
  end;
  return query select f.id from unnest(v_flagged) as f(id);
end $$;

-- Flags people and tells each of their workspaces how many of its own are concerned.
create function engine.flag_and_tell(p_people uuid[], p_kind text, p_severity text) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_flagged uuid[];
  v_one record;
begin
  select array_agg(f) into v_flagged from engine.flag_people(p_people, p_kind) f;
  for v_one in
    select m.workspace_id, count(distinct m.person_id)::integer as people
    from member m
    where m.person_id = any(v_flagged) and m.revoked_at is null
    group by 1 order by 1
    limit 1000
  loop
    perform engine.raise_alert(p_kind, p_severity, v_one.workspace_id, null, v_one.workspace_id::text, interval '1 day',
      jsonb_build_object('people', v_one.people));
  end loop;
  return coalesce(cardinality(v_flagged), 0);
end $$;

-- How many workspaces that no member connects a client has asked for; counted up to p_enough. People on devices, or at addresses, where they
-- have signed in before do not count: those are offices. Nor does who gets in and never came from anywhere else: strangers behind one
-- carrier's NAT sign in for the first time, but a thief comes to accounts whose owners live elsewhere.
create function engine.unrelated_workspaces(p_client bytea, p_since timestamptz, p_enough integer) returns integer
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
declare
  v_left uuid[];
  v_more uuid[];
  v_count integer := 0;
begin
  select array_agg(distinct m.workspace_id) into v_left
  from (select s.person_id from detection.sighting s
        where s.client = p_client and s.person_id is not null and not s.known_device
          and (s.failed_at > p_since and (s.session_at is null or s.session_at < s.failed_at)
            or s.session_at > p_since and exists (
              select from detection.familiar f
              where f.person_id = s.person_id and f.kind = 'client' and f.key <> p_client and f.first_at < p_since))
          and not engine.is_familiar(s.person_id, 'client', p_client, p_since)
        order by s.last_at desc limit 200) x
  join member m on m.person_id = x.person_id and m.revoked_at is null;
  while cardinality(v_left) > 0 and v_count < p_enough loop
    v_more := v_left[1:1];
    v_left := v_left[2:];
    while cardinality(v_more) > 0 loop
      select array_agg(distinct b.workspace_id) into v_more
      from member a join member b on b.person_id = a.person_id and b.revoked_at is null
      where a.workspace_id = any(v_more) and a.revoked_at is null and b.workspace_id = any(v_left);
      select coalesce(array_agg(l), '{}') into v_left from unnest(v_left) l where l <> all(coalesce(v_more, '{}'));
    end loop;
    v_count := v_count + 1;
  end loop;
  return v_count;
end $$;

-- The usual part of misses and failures over the week before yesterday's hour, within bounds: an attacker who makes his noise usual gains a
-- factor, not silence.
create function engine.learn_usual() returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_now timestamptz := engine.detection_now();
begin
  update detection.state s set usual_at = v_now,
    usual_missed = case when x.asked < 200 then 0.05 else least(0.20, greatest(0.02, x.missed / x.asked)) end,
    usual_failed = case when x.tried < 200 then 0.10 else least(0.30, greatest(0.03, x.failed / x.tried)) end
  from (
    select coalesce(sum(t.events), 0)::float8 as asked,
           coalesce(sum(t.events) filter (where t.kind in ('log_in', 'smtp_auth')), 0)::float8 as tried,
           coalesce(sum(t.events) filter (where t.kind in ('log_in', 'reset', 'recovery', 'smtp_auth') and t.outcome = 'unknown'
             or t.kind = 'sign_up' and t.outcome = 'known'), 0)::float8 as missed,
           coalesce(sum(t.events) filter (where t.kind in ('log_in', 'smtp_auth') and t.outcome in ('unknown', 'known', 'wrong_password')), 0)::float8 as failed
    from detection.tally t
    where t.minute between v_now - interval '7 days' and v_now - interval '1 day'
  ) x
  where s.usual_at < v_now - interval '1 hour';
end $$;

-- Judges everything that was seen since the last time, raises alarms and flags who was probed, also before the alarm. One at a time over
-- all processes; p_limit clients at a time. Answers how many clients it judged, alarms it raised, people it flagged.
create function engine.evaluate_detection(p_limit integer) returns table (clients integer, alerts integer, flagged integer)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz := engine.detection_now();
  v_state detection.state;
  v_rule record;
  v_client record;
  v_incident record;
  v_found record;
  v_clients bytea[] := '{}';
  v_people uuid[];
  v_alerts integer := 0;
  v_flagged integer := 0;
  v_count integer;
begin
  select s.* into v_state from detection.state s for update skip locked;
  if not found then return query select 0, 0, 0; return; end if;
  perform engine.record_alerts();
  perform engine.learn_usual();

  for v_incident in
    with taken as (
      delete from detection.incident i where i.id in (select x.id from detection.incident x order by x.id limit p_limit for update skip locked)
      returning i.*
    )
    select t.*, r.severity from taken t join detection.rule r on r.kind = t.kind order by t.id
  loop
    if v_incident.kind = 'honey.touched' then
      if engine.raise_alert(v_incident.kind, v_incident.severity, null, null, left(encode(v_incident.client, 'hex'), 16), interval '1 hour',
        jsonb_build_object('account', v_incident.person_id)) is not null then v_alerts := v_alerts + 1; end if;
      update detection.client c set alarmed_until = v_now + interval '1 day', alarm_kind = v_incident.kind, dirty = true
      where c.client = v_incident.client;
    else
      if engine.raise_alert(v_incident.kind, v_incident.severity, null, v_incident.person_id, v_incident.person_id::text, interval '1 hour', '{}')
        is not null then v_alerts := v_alerts + 1; end if;
      select count(*) into v_count from engine.flag_people(array[v_incident.person_id], v_incident.kind);
      v_flagged := v_flagged + v_count;
      -- An abandoned second factor is between the person and us; somebody new behind a right password concerns those who work with him.
      if v_incident.kind = 'novelty.after_probe' then
        perform engine.raise_alert(v_incident.kind, v_incident.severity, m.workspace_id, null, v_incident.person_id::text, interval '1 hour',
          jsonb_build_object('person', v_incident.person_id))
        from member m where m.person_id = v_incident.person_id and m.revoked_at is null;
      end if;
    end if;
  end loop;

  for v_client in
    select c.* from detection.client c where c.dirty order by c.last_at limit p_limit for update skip locked
  loop
    v_clients := v_clients || v_client.client;
    for v_rule in
      select r.kind, r.severity, max(x.bad)::integer as bad, max(x.seen)::integer as seen
      from detection.rule r
      cross join lateral (
        select count(*) as seen,
               count(*) filter (where case r.measure
                 when 'probed' then s.probed_at > v_now - make_interval(secs => r.window_seconds) and (s.session_at is null or s.session_at < s.probed_at - interval '1 hour')
                 when 'failed' then s.failed_at > v_now - make_interval(secs => r.window_seconds) and (s.session_at is null or s.session_at < s.failed_at - interval '1 hour')
                 when 'reset' then s.reset_at > v_now - make_interval(secs => r.window_seconds)
                 when 'invited' then s.invited_at > v_now - make_interval(secs => r.window_seconds)
                 else false end) as bad
        from detection.sighting s
        where s.client = v_client.client and s.last_at > v_now - make_interval(secs => r.window_seconds)
      ) x
      where r.scope = 'client' and x.bad >= r.at_least and x.bad * 100 >= r.share_percent * x.seen
      group by 1, 2
      union all
      select r.kind, r.severity, u.n, u.n
      from detection.rule r
      cross join lateral (
        select engine.unrelated_workspaces(v_client.client, v_now - make_interval(secs => r.window_seconds), r.at_least) as n) u
      where r.scope = 'workspaces' and u.n >= r.at_least
    loop
      if engine.raise_alert(v_rule.kind, v_rule.severity, null, null, left(encode(v_client.client, 'hex'), 16), interval '1 day',
        jsonb_build_object('identifiers', v_rule.bad, 'of', v_rule.seen)) is not null then v_alerts := v_alerts + 1; end if;
      update detection.client c set alarmed_until = v_now + interval '1 day', alarm_kind = v_rule.kind where c.client = v_client.client;
    end loop;
  end loop;

  -- Everybody whom an alarmed client asked for, before the alarm and since.
  for v_found in
    with probed as (
      update detection.sighting s set flagged_at = v_now
      from detection.client c
      where c.client = any(v_clients) and c.alarmed_until > v_now and s.client = c.client and s.person_id is not null
        and s.last_at > v_now - interval '1 day' and (s.flagged_at is null or s.flagged_at < s.last_at) and not s.known_device
        and not engine.is_familiar(s.person_id, 'client', s.client, v_now - interval '1 day')
      returning c.alarm_kind, s.person_id
    )
    select p.alarm_kind as kind, array_agg(distinct p.person_id order by p.person_id) as people,
           (select min(r.severity) from detection.rule r where r.kind = p.alarm_kind) as severity
    from probed p group by 1
  loop
    v_flagged := v_flagged + engine.flag_and_tell(v_found.people, v_found.kind, v_found.severity);
  end loop;
  update detection.client c set dirty = false where c.client = any(v_clients);

  -- Long windows are judged less often: they move slowly and cost more.
  for v_rule in
    update detection.rule r set evaluated_at = v_now
    where r.scope = 'installation' and r.evaluated_at <= v_now - make_interval(secs => least(60, r.window_seconds / 240))
    returning r.*
  loop
    select count(distinct s.identifier) as bad, count(distinct s.client) as from_clients into v_found
    from detection.sighting s
    -- As an OR, so that each arm has its partial index.
    where (v_rule.measure = 'missed' and s.missed_at > v_now - make_interval(secs => v_rule.window_seconds)
        or v_rule.measure = 'failed' and s.failed_at > v_now - make_interval(secs => v_rule.window_seconds))
      and (s.session_at is null or s.session_at < s.probed_at - interval '1 hour')
      and not exists (select from detection.client c where c.client = s.client and c.alarmed_until > v_now);
    if v_found.bad < v_rule.at_least or v_found.from_clients < v_rule.least_clients then continue; end if;
    select count(*) into v_count
    from detection.sighting s
    where s.last_at > v_now - make_interval(secs => v_rule.window_seconds);
    if v_found.bad < v_rule.times_usual * v_count * (case v_rule.measure when 'missed' then v_state.usual_missed else v_state.usual_failed end) then
      continue;
    end if;
    if engine.raise_alert(v_rule.kind, v_rule.severity, null, null, 'installation', interval '1 day',
      jsonb_build_object('identifiers', v_found.bad, 'of', v_count, 'clients', v_found.from_clients, 'seconds', v_rule.window_seconds)) is not null then
      v_alerts := v_alerts + 1;
    end if;
    -- Which of them were attackers is not known: whoever was asked for by somebody new who did not get in; who got in but failed with
    -- others; who got in from where this person never came from. Travellers among them show their second factor once more.
    with probed as (
      update detection.sighting s set flagged_at = v_now
      where s.last_at > v_now - make_interval(secs => v_rule.window_seconds)
        and s.probed_at > v_now - make_interval(secs => v_rule.window_seconds) and s.person_id is not null and not s.known_device
        and (s.flagged_at is null or s.flagged_at < s.last_at)
        and (s.session_at is null or exists (
          select from detection.sighting o where o.client = s.client and o.identifier <> s.identifier and o.session_at is null and o.probed_at is not null)
          or exists (
          select from detection.familiar f
          where f.person_id = s.person_id and f.kind = 'client' and f.key <> s.client and f.first_at < v_now - make_interval(secs => v_rule.window_seconds)))
        and not engine.is_familiar(s.person_id, 'client', s.client, v_now - interval '1 day')
      returning s.person_id
    )
    select array_agg(distinct p.person_id order by p.person_id) into v_people from probed p;
    if v_people is not null then v_flagged := v_flagged + engine.flag_and_tell(v_people, v_rule.kind, v_rule.severity); end if;
  end loop;
  return query select cardinality(v_clients), v_alerts, v_flagged;
end $$;

-- Removes what has served its time, p_limit rows of each kind; answers how many. The floors are here: a hijacked worker erases nothing early.
create function engine.trim_detection(p_limit integer) returns bigint
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_now timestamptz := engine.detection_now();
  v_limit integer := least(greatest(p_limit, 0), 10000);
  v_rows bigint;
  v_sum bigint := 0;
begin
  delete from detection.bucket b where (b.bucket, b.key) in (
    select x.bucket, x.key from detection.bucket x where x.full_at < v_now - interval '1 minute' order by x.full_at limit v_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_sum := v_sum + v_rows;
  delete from detection.sighting s where (s.client, s.identifier) in (
    select x.client, x.identifier from detection.sighting x where x.last_at < v_now - interval '2 days' order by x.last_at limit v_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_sum := v_sum + v_rows;
  delete from detection.client c where c.client in (
    select x.client from detection.client x
    where x.last_at < v_now - interval '2 days' and (x.alarmed_until is null or x.alarmed_until < v_now) order by x.last_at limit v_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_sum := v_sum + v_rows;
  delete from detection.tally t where (t.minute, t.kind, t.outcome, t.slot) in (
    select x.minute, x.kind, x.outcome, x.slot from detection.tally x where x.minute < v_now - interval '8 days' order by x.minute limit v_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_sum := v_sum + v_rows;
  delete from detection.familiar f where (f.person_id, f.kind, f.key) in (
    select x.person_id, x.kind, x.key from detection.familiar x where x.last_at < v_now - interval '90 days' order by x.last_at limit v_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_sum := v_sum + v_rows;
  delete from detection.failures f where f.identifier in (
    select x.identifier from detection.failures x
    where x.last_at < v_now - interval '90 days' and not exists (select from account.person p where p.email_index = x.identifier)
    order by x.last_at limit v_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_sum := v_sum + v_rows;
  delete from security_alert a where a.id in (
    select x.id from security_alert x where x.last_at < v_now - interval '400 days' limit v_limit for update skip locked);
  get diagnostics v_rows = row_count;
  v_sum := v_sum + v_rows;
  update detection.state s set crowded = (
    select c.reltuples > 500000 from pg_class c where c.oid = 'detection.sighting'::regclass);
  return v_sum;
end $$;

-- Alarms of the installation, for the operator; the newest first.
create function engine.installation_alerts(p_before uuid, p_limit integer) returns setof security_alert
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select a.* from security_alert a
  where a.workspace_id is null and (p_before is null or a.id < p_before)
  order by a.id desc
  limit least(p_limit, 101)
$$;

-- Of the caller's workspace; with p_installation those of no workspace, for the operator. False where there is no such alarm; the first one counts.
create function engine.acknowledge_alert(p_id uuid, p_installation boolean, p_actor text) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if p_installation and p_actor !~ '^operator:' then raise exception 'the operator acknowledges alarms of the installation' using errcode = '42501'; end if;
  update security_alert a
  set acknowledged_at = coalesce(a.acknowledged_at, engine.detection_now()), acknowledged_by = coalesce(a.acknowledged_by, p_actor)
  where a.id = p_id and case when p_installation then a.workspace_id is null else a.workspace_id = engine.current_workspace() end;
  return found;
end $$;

-- Null where somebody has that address: it may be a real person, and the operator must not find out who.
create function engine.add_honey(p_id uuid, p_index bytea, p_sealed bytea) returns timestamptz
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_created timestamptz;
begin
  insert into account.person (id, email_index, sealed_email, honey) values (p_id, p_index, p_sealed, true)
  on conflict do nothing
  returning created_at into v_created;
  return v_created;
end $$;

create function engine.list_honey() returns table (id uuid, sealed_email bytea, created_at timestamptz, touched_at timestamptz)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select p.id, p.sealed_email, p.created_at, (
    select max(a.last_at) from security_alert a where a.kind = 'honey.touched' and a.detail ->> 'account' = p.id::text)
  from account.person p where p.honey order by p.id limit 1000
$$;

create function engine.remove_honey(p_id uuid) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  delete from account.person p where p.id = p_id and p.honey;
  return found;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('detection_now', 'take_tokens', 'begin_attempt', 'end_attempt', 'is_familiar', 'note_incident', 'observe',
      'record_alerts', 'raise_alert', 'flag_people', 'flag_and_tell', 'unrelated_workspaces', 'learn_usual', 'evaluate_detection',
      'trim_detection', 'installation_alerts', 'acknowledge_alert', 'add_honey', 'list_honey', 'remove_honey')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.observe to bulkhead_api, bulkhead_smtp;
-- Whoever takes tokens or counts failures locks people out: nobody but the process that signs them in.
grant execute on function engine.take_tokens, engine.begin_attempt, engine.end_attempt, engine.raise_alert, engine.flag_people, engine.installation_alerts, engine.acknowledge_alert, engine.add_honey,
  engine.list_honey, engine.remove_honey to bulkhead_api;
-- The worker judges also when no api process does; whoever may ask for it changes nothing of what is judged.
grant execute on function engine.evaluate_detection, engine.trim_detection to bulkhead_worker, bulkhead_api;
create index person_honey on account.person (id) where honey;
revoke create on schema engine from bulkhead_engine;
