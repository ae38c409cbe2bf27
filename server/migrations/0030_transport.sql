-- Transport security: the cache of MTA-STS policies (RFC 8461) that all senders share, what TLS sessions became, and reports about them (RFC 8460).
-- Lock impact: none, these are new tables.
--
-- Nothing of a workspace or of a person is here: domains of recipients, without who wrote to them, and what their DNS and their mail servers say to
-- everybody. All of it is reached through functions.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create schema transport;
grant usage on schema transport to bulkhead_engine;

create table transport.sts_policy (
  domain text primary key check (length(domain) between 1 and 253),
  policy_id text not null check (length(policy_id) between 1 and 32),
  mode text not null check (mode in ('enforce', 'testing', 'none')),
  max_age integer not null check (max_age between 300 and 31557600),
  mx text[] not null check (cardinality(mx) <= 100),
  fetched_at timestamptz not null,
  expires_at timestamptz not null,
  refresh_at timestamptz not null,
  used_at timestamptz not null,
  failed_at timestamptz,
  problem text
);
create index sts_policy_refresh on transport.sts_policy (refresh_at);
comment on table transport.sts_policy is 'class: operational. MTA-STS policies that were fetched. Kept: until they end.';
comment on column transport.sts_policy.domain is 'class: operational. A domain that mail was sent to.';
comment on column transport.sts_policy.policy_id is 'class: public. The id in its DNS record.';
comment on column transport.sts_policy.mode is 'class: public.';
comment on column transport.sts_policy.max_age is 'class: public. In seconds, between five minutes and a year.';
comment on column transport.sts_policy.mx is 'class: public. Patterns of host names.';
comment on column transport.sts_policy.fetched_at is 'class: operational.';
comment on column transport.sts_policy.expires_at is 'class: operational. Until then it holds, whatever becomes of its refresh.';
comment on column transport.sts_policy.refresh_at is 'class: operational. When it is fetched again: after half its life, at the latest after a day.';
comment on column transport.sts_policy.used_at is 'class: operational. When mail last went by it, to an hour; what nobody uses is left to end.';
comment on column transport.sts_policy.failed_at is 'class: operational. When fetching it last failed, since it was last fetched.';
comment on column transport.sts_policy.problem is 'class: operational. How, as a result type of RFC 8460.';

create table transport.result (
  day date not null,
  digest bytea not null,
  domain text not null check (length(domain) between 1 and 1000),
  policy_type text not null check (policy_type in ('tlsa', 'sts', 'no-policy-found')),
  policy_strings text[] not null,
  mx_patterns text[] not null,
  result text not null check (length(result) <= 40),
  mx_host text,
  receiver inet,
  source inet,
  sessions bigint not null check (sessions > 0),
  primary key (day, digest)
);
create index result_domain on transport.result (day, domain);
comment on table transport.result is 'class: operational. What sessions with mail servers became, by day. Kept: until the day is reported.';
comment on column transport.result.day is 'class: operational. Of UTC.';
comment on column transport.result.digest is 'class: operational. SHA-256 of all the rest but the number, so that senders add to the same row.';
comment on column transport.result.domain is 'class: operational. A domain that mail was sent to.';
comment on column transport.result.policy_type is 'class: operational. Under which kind of policy.';
comment on column transport.result.policy_strings is 'class: public. The policy: lines of MTA-STS, or TLSA records.';
comment on column transport.result.mx_patterns is 'class: public.';
comment on column transport.result.result is 'class: operational. success, or a result type of RFC 8460.';
comment on column transport.result.mx_host is 'class: public. The mail server.';
comment on column transport.result.receiver is 'class: public. Its IP address.';
comment on column transport.result.source is 'class: operational. The IP address of this side.';
comment on column transport.result.sessions is 'class: operational.';

create table transport.report_sent (
  domain text not null,
  day date not null,
  state text not null default 'due' check (state in ('due', 'sent', 'unwanted', 'failed')),
  next_at timestamptz not null,
  attempts integer not null default 0,
  claimed_until timestamptz,
  settled_at timestamptz,
  endpoints text[] not null default '{}',
  successes bigint,
  failures bigint,
  report jsonb,
  error text,
  primary key (day, domain)
);
create index report_sent_due on transport.report_sent (next_at) where state = 'due';
create index report_sent_settled on transport.report_sent (settled_at) where state in ('sent', 'failed');
comment on table transport.report_sent is 'class: operational. TLS reports to other domains, one for a day. Kept: 90 days; days that nobody wants to hear of, three.';
comment on column transport.report_sent.domain is 'class: operational. Whom it is for.';
comment on column transport.report_sent.day is 'class: operational. Of UTC.';
comment on column transport.report_sent.state is 'class: operational. unwanted: the domain publishes no address for reports.';
comment on column transport.report_sent.next_at is 'class: operational. The next try; the first is up to four hours after the day.';
comment on column transport.report_sent.attempts is 'class: operational. Tries so far; only the last one settles.';
comment on column transport.report_sent.claimed_until is 'class: operational. Until then a process is at it.';
comment on column transport.report_sent.settled_at is 'class: operational.';
comment on column transport.report_sent.endpoints is 'class: public. Where it went so far, as the domain publishes it in DNS.';
comment on column transport.report_sent.successes is 'class: operational. Sessions.';
comment on column transport.report_sent.failures is 'class: operational. Sessions.';
comment on column transport.report_sent.report is 'class: operational. The report as it was sent.';
comment on column transport.report_sent.error is 'class: operational. Why the last try failed.';

create table transport.report_received (
  id uuid primary key,
  domain text not null check (length(domain) between 1 and 253),
  organisation text not null check (length(organisation) between 1 and 200),
  report_id text not null check (length(report_id) between 1 and 300),
  begins_at timestamptz not null,
  ends_at timestamptz not null,
  successes bigint not null,
  failures bigint not null,
  policies jsonb not null check (pg_column_size(policies) <= 2097152),
  received_at timestamptz not null default now(),
  unique (domain, organisation, report_id)
);
create index report_received_at on transport.report_received (received_at);
comment on table transport.report_received is 'class: operational. TLS reports of others about domains of ours: their word, proven by nobody. Kept: 90 days.';
comment on column transport.report_received.id is 'class: identifier.';
comment on column transport.report_received.domain is 'class: business. The domain it is about.';
comment on column transport.report_received.organisation is 'class: operational. Who reports, by its own word.';
comment on column transport.report_received.report_id is 'class: operational. By which a report that comes twice is known.';
comment on column transport.report_received.begins_at is 'class: operational.';
comment on column transport.report_received.ends_at is 'class: operational.';
comment on column transport.report_received.successes is 'class: operational. Sessions.';
comment on column transport.report_received.failures is 'class: operational. Sessions.';
comment on column transport.report_received.policies is 'class: operational. What was reported of each policy: servers, result types, numbers.';
comment on column transport.report_received.received_at is 'class: operational.';

grant select, insert, update, delete on transport.sts_policy, transport.result, transport.report_sent, transport.report_received to bulkhead_engine;

-- A policy that is in force. Its use is noted once an hour: every look would be a write.
create function engine.find_sts_policy(p_domain text)
returns table (domain text, policy_id text, mode text, max_age integer, mx text[], overdue boolean)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  update transport.sts_policy p set used_at = now()
  where p.domain = p_domain and p.used_at < now() - interval '1 hour';
  return query
  select p.domain, p.policy_id, p.mode, p.max_age, p.mx, p.refresh_at < now() - interval '1 hour'
  from transport.sts_policy p where p.domain = p_domain and p.expires_at > now();
end $$;

create function engine.save_sts_policy(p_domain text, p_id text, p_mode text, p_max_age integer, p_mx text[]) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  insert into transport.sts_policy as p (domain, policy_id, mode, max_age, mx, fetched_at, expires_at, refresh_at, used_at)
  values (p_domain, p_id, p_mode, p_max_age, p_mx, now(), now() + make_interval(secs => p_max_age),
          now() + make_interval(secs => least(p_max_age / 2, 86400)), now())
  on conflict (domain) do update
  set policy_id = excluded.policy_id, mode = excluded.mode, max_age = excluded.max_age, mx = excluded.mx, fetched_at = excluded.fetched_at,
      expires_at = excluded.expires_at, refresh_at = excluded.refresh_at, failed_at = null, problem = null;
end $$;

create function engine.note_sts_failure(p_domain text, p_problem text) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update transport.sts_policy p set failed_at = now(), problem = left(p_problem, 40) where p.domain = p_domain;
end $$;

-- What mail went by within 30 days is kept fresh, so that nobody gains from waiting for the end of a policy (RFC 8461 §10.2).
create function engine.claim_sts_refresh(p_limit integer)
returns table (domain text, policy_id text, mode text, max_age integer, mx text[], overdue boolean)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  delete from transport.sts_policy p where p.domain in (
    select e.domain from transport.sts_policy e where e.refresh_at < now() and e.expires_at < now() limit 1000);
  return query
  update transport.sts_policy p set refresh_at = now() + interval '5 minutes'
  where p.domain in (
    select d.domain from transport.sts_policy d
    where d.refresh_at <= now() and d.used_at > now() - interval '30 days'
    order by d.refresh_at limit least(p_limit, 100) for update skip locked)
  returning p.domain, p.policy_id, p.mode, p.max_age, p.mx, false;
end $$;

create function engine.list_sts_policies(p_after text, p_limit integer)
returns table (domain text, mode text, mx text[], fetched_at timestamptz, expires_at timestamptz, failed_at timestamptz, problem text)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select p.domain, p.mode, p.mx, p.fetched_at, p.expires_at, p.failed_at, p.problem
  from transport.sts_policy p where p.domain > p_after and p.expires_at > now() order by p.domain limit least(p_limit, 201)
$$;

-- A domain with 500 rows on a day gets no new ones, so it has less than 1,000: a receiver whose servers change their names all day gets no table of
-- its own.
create function engine.count_tls(p_rows jsonb) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_rows integer;
begin
  if jsonb_array_length(p_rows) > 500 then raise exception 'too many rows' using errcode = '22023'; end if;
  -- In the order of keys, so that senders wait for each other and never in a circle.
  insert into transport.result as r (day, digest, domain, policy_type, policy_strings, mx_patterns, result, mx_host, receiver, source, sessions)
  select x.day, decode(x.key, 'hex'), x.domain, x."policyType", x."policyStrings", x."mxPatterns", x.result, x."mxHost", x.receiver, x.source,
         x.sessions
  from jsonb_to_recordset(p_rows) as x (day date, key text, domain text, "policyType" text, "policyStrings" text[], "mxPatterns" text[],
    result text, "mxHost" text, receiver inet, source inet, sessions bigint)
  where (select count(*) from (select 1 from transport.result c where c.day = x.day and c.domain = x.domain limit 500) as counted) < 500
     or exists (select 1 from transport.result k where k.day = x.day and k.digest = decode(x.key, 'hex'))
  order by 1, 2
  on conflict (day, digest) do update set sessions = r.sessions + excluded.sessions;
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;

-- Days that have ended get their reports, each at a moment of its own within four hours (RFC 8460 §4.1), and those that are due are given out.
create function engine.claim_tls_reports(p_limit integer, p_seconds integer)
returns table (domain text, day text, attempts integer, endpoints text[])
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  insert into transport.report_sent (domain, day, next_at)
  select distinct r.domain, r.day, (r.day + 1)::timestamp at time zone 'UTC' + random() * interval '4 hours'
  from transport.result r
  where r.day < (now() at time zone 'UTC')::date
    and not exists (select 1 from transport.report_sent s where s.day = r.day and s.domain = r.domain)
  limit 5000
  on conflict do nothing;
  return query
  update transport.report_sent s
  set attempts = s.attempts + 1, claimed_until = now() + make_interval(secs => p_seconds)
  where (s.day, s.domain) in (
    select d.day, d.domain from transport.report_sent d
    where d.state = 'due' and d.next_at <= now() and (d.claimed_until is null or d.claimed_until < now())
    order by d.next_at limit least(p_limit, 100) for update skip locked)
  returning s.domain, s.day::text, s.attempts, s.endpoints;
end $$;

create function engine.tls_results(p_domain text, p_day date)
returns table (policy_type text, policy_strings text[], mx_patterns text[], result text, mx_host text, receiver text, source text, sessions bigint)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select r.policy_type, r.policy_strings, r.mx_patterns, r.result, r.mx_host, host(r.receiver), host(r.source), r.sessions
  from transport.result r where r.day = p_day and r.domain = p_domain order by r.digest limit 1000
$$;

-- False where another process has it by now: only the last try settles.
create function engine.settle_tls_report(
  p_domain text, p_day date, p_attempts integer, p_state text, p_pause_seconds integer, p_endpoints text[], p_successes bigint, p_failures bigint,
  p_report jsonb, p_error text
) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update transport.report_sent s
  set state = p_state, claimed_until = null, next_at = now() + make_interval(secs => p_pause_seconds),
      settled_at = case when p_state = 'due' then null else date_trunc('milliseconds', now()) end, endpoints = p_endpoints, successes = p_successes, failures = p_failures,
      report = p_report, error = left(p_error, 500)
  where s.day = p_day and s.domain = p_domain and s.attempts = p_attempts and s.state = 'due';
  if not found then return false; end if;
  if p_state <> 'due' then delete from transport.result r where r.day = p_day and r.domain = p_domain; end if;
  return true;
end $$;

create function engine.list_tls_sent(p_before timestamptz, p_domain text, p_limit integer)
returns table (domain text, day text, state text, settled_at timestamptz, endpoints text[], successes bigint, failures bigint, error text)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select s.domain, s.day::text, s.state, s.settled_at, s.endpoints, s.successes, s.failures, s.error
  from transport.report_sent s
  where s.state in ('sent', 'failed') and (s.settled_at, s.domain || ' ' || s.day) < (p_before, p_domain)
  order by s.settled_at desc, s.domain || ' ' || s.day desc limit least(p_limit, 201)
$$;

-- What strangers write is kept only about domains of ours, and only so much of it. Answers stored, known, foreign or full.
create function engine.save_tls_report(
  p_id uuid, p_domain text, p_own text[], p_organisation text, p_report_id text, p_begins timestamptz, p_ends timestamptz, p_successes bigint,
  p_failures bigint, p_policies jsonb
) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  if not (p_domain = any (p_own)) and not exists (select 1 from sending_domain d where d.name = p_domain and d.state <> 'pending') then
    return 'foreign';
  end if;
  if exists (select 1 from transport.report_received r
             where r.domain = p_domain and r.organisation = p_organisation and r.report_id = p_report_id) then
    return 'known';
  end if;
  if (select count(*) from transport.report_received r where r.domain = p_domain and r.received_at > now() - interval '1 day') >= 200 then
    return 'full';
  end if;
  insert into transport.report_received (id, domain, organisation, report_id, begins_at, ends_at, successes, failures, policies)
  values (p_id, p_domain, p_organisation, p_report_id, p_begins, p_ends, p_successes, p_failures, p_policies)
  on conflict do nothing;
  return 'stored';
end $$;

-- Those about domains that the current workspace has proven; of the installation's own domains, in its own workspace.
create function engine.list_tls_received(p_own text[], p_domain text, p_before uuid, p_limit integer)
returns table (id uuid, domain text, organisation text, report_id text, begins_at timestamptz, ends_at timestamptz, successes bigint,
               failures bigint, policies jsonb, received_at timestamptz)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select r.id, r.domain, r.organisation, r.report_id, r.begins_at, r.ends_at, r.successes, r.failures, r.policies, r.received_at
  from transport.report_received r
  where (p_domain is null or r.domain = p_domain) and (p_before is null or r.id < p_before)
    and (r.domain = any (p_own) or exists (
      select 1 from sending_domain d
      where d.workspace_id = engine.current_workspace() and d.name = r.domain and d.state <> 'pending'))
  order by r.id desc limit least(p_limit, 201)
$$;

create function engine.trim_transport() returns bigint
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_rows bigint; v_all bigint := 0;
begin
  delete from transport.report_sent s where (s.day, s.domain) in (
    select o.day, o.domain from transport.report_sent o
    where o.day < (now() at time zone 'UTC')::date - case o.state when 'unwanted' then 3 else 90 end limit 5000);
  get diagnostics v_rows = row_count; v_all := v_all + v_rows;
  delete from transport.report_received r where r.id in (
    select o.id from transport.report_received o where o.received_at < now() - interval '90 days' limit 5000);
  get diagnostics v_rows = row_count; v_all := v_all + v_rows;
  -- Counts of days that nobody reported while no process did: a report that late helps nobody.
  delete from transport.result r where (r.day, r.digest) in (
    select o.day, o.digest from transport.result o where o.day < (now() at time zone 'UTC')::date - 10 limit 5000);
  get diagnostics v_rows = row_count; v_all := v_all + v_rows;
  return v_all;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('find_sts_policy', 'save_sts_policy', 'note_sts_failure', 'claim_sts_refresh', 'list_sts_policies',
      'count_tls', 'claim_tls_reports', 'tls_results', 'settle_tls_report', 'list_tls_sent', 'save_tls_report', 'list_tls_received', 'trim_transport')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.find_sts_policy(text), engine.save_sts_policy(text, text, text, integer, text[]),
  engine.note_sts_failure(text, text) to bulkhead_sender, bulkhead_worker;
grant execute on function engine.count_tls(jsonb) to bulkhead_sender;
grant execute on function engine.claim_sts_refresh(integer), engine.trim_transport() to bulkhead_worker;
grant execute on function engine.list_sts_policies(text, integer), engine.claim_tls_reports(integer, integer), engine.tls_results(text, date),
  engine.settle_tls_report(text, date, integer, text, integer, text[], bigint, bigint, jsonb, text), engine.list_tls_sent(timestamptz, text, integer),
  engine.list_tls_received(text[], text, uuid, integer) to bulkhead_api;
grant execute on function engine.save_tls_report(uuid, text, text[], text, text, timestamptz, timestamptz, bigint, bigint, jsonb) to bulkhead_smtp;
revoke create on schema engine from bulkhead_engine;
