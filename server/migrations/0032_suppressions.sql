-- Suppressions that end, that are imported and that say why; reports of delivery for those who submit over SMTP (RFC 3461, 3464).
-- Lock impact: short exclusive locks on suppression (a column without a default, its triggers), outcome and event (a trigger each).

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table suppression_import (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  state text not null default 'open' check (state in ('open', 'done', 'cancelled')),
  format text not null check (format in ('csv', 'jsonl')),
  dry_run boolean not null,
  default_reason text not null check (default_reason in ('hard_bounce', 'complaint', 'unsubscribe', 'manual')),
  default_scope text check (default_scope in ('all', 'bulk')),
  default_expires_at timestamptz,
  columns text[],
  separator text check (separator in (',', ';', E'\t')),
  next_line integer not null default 1,
  entries integer not null default 0,
  added integer not null default 0,
  widened integer not null default 0,
  unchanged integer not null default 0,
  refused integer not null default 0,
  created_by text not null,
  created_at timestamptz not null default now(),
  touched_at timestamptz not null default now(),
  finished_at timestamptz
);
create index suppression_import_listing on suppression_import (workspace_id, id);
create index suppression_import_age on suppression_import (touched_at);
comment on table suppression_import is 'class: operational. An import of suppressions: what was taken so far, and from which line it goes on. Kept: 90 days.';
comment on column suppression_import.id is 'class: identifier.';
comment on column suppression_import.workspace_id is 'class: identifier.';
comment on column suppression_import.state is 'class: operational. open: takes lines.';
comment on column suppression_import.format is 'class: operational.';
comment on column suppression_import.dry_run is 'class: operational. Nothing is suppressed, all is counted.';
comment on column suppression_import.default_reason is 'class: operational. For lines that name none.';
comment on column suppression_import.default_scope is 'class: operational. As default_reason; null: by the reason.';
comment on column suppression_import.default_expires_at is 'class: operational. As default_reason.';
comment on column suppression_import.columns is 'class: operational. Of CSV: what each column means, in our words; null until the first line was read.';
comment on column suppression_import.separator is 'class: operational. Of CSV: what stands between its fields.';
comment on column suppression_import.next_line is 'class: operational. The line that is wanted next, from 1.';
comment on column suppression_import.entries is 'class: operational. Lines that held an entry, refused ones too.';
comment on column suppression_import.added is 'class: operational. Addresses that were not listed before.';
comment on column suppression_import.widened is 'class: operational. Addresses whose entry stops more than before.';
comment on column suppression_import.unchanged is 'class: operational. Addresses that were listed already.';
comment on column suppression_import.refused is 'class: operational. Lines that were not taken.';
comment on column suppression_import.created_by is 'class: audit. The actor.';
comment on column suppression_import.created_at is 'class: operational.';
comment on column suppression_import.touched_at is 'class: operational. When lines were last taken.';
comment on column suppression_import.finished_at is 'class: operational.';
select engine.protect('suppression_import');
select engine.guard('suppression_import', 'write', p_open => array['bulkhead_worker']);
grant select, insert, update on suppression_import to bulkhead_api;
grant select, delete on suppression_import to bulkhead_engine;

create table suppression_refusal (
  import_id uuid not null references suppression_import on delete cascade,
  line integer not null,
  workspace_id uuid not null,
  problem text not null check (length(problem) <= 200),
  primary key (import_id, line)
);
comment on table suppression_refusal is 'class: operational. Lines of an import that were not taken, at most 10,000. Kept: with the import.';
comment on column suppression_refusal.import_id is 'class: identifier.';
comment on column suppression_refusal.line is 'class: operational. From 1.';
comment on column suppression_refusal.workspace_id is 'class: identifier.';
comment on column suppression_refusal.problem is 'class: operational. In our words, nothing of the line.';
select engine.protect('suppression_refusal');
select engine.guard('suppression_refusal', 'write', p_open => array['bulkhead_worker']);
grant select, insert on suppression_refusal to bulkhead_api;
grant select, delete on suppression_refusal to bulkhead_engine;

alter table suppression add column import_id uuid;
alter table suppression add column keeps_bulk boolean not null default false;
create index suppression_expiry on suppression (expires_at) where expires_at is not null;
comment on column suppression.import_id is 'class: identifier. The import that brought it.';
comment on column suppression.keeps_bulk is 'class: operational. An entry for all mail that goes on for bulk mail after its end.';
grant select, update, delete on suppression to bulkhead_engine;

-- What a person asks for while the workspace is cut off (no more of this mail), and what another server reports, only takes away. It is
-- written whoever is contained; what a member writes is refused as before. The setting is made by engine.suppress_with; a process that
-- made it itself would suppress what it may suppress anyway.
create function engine.guard_suppressions() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_workspaces uuid[];
begin
  if tg_op <> 'DELETE' and current_setting('bulkhead.reported', true) = 'on' then return null; end if;
  if not exists (select from containment c where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()) then
    return null;
  end if;
  if tg_op = 'INSERT' then select array_agg(distinct f.workspace_id) into v_workspaces from fresh f;
  elsif tg_op = 'DELETE' then select array_agg(distinct g.workspace_id) into v_workspaces from gone g;
  else
    select array_agg(x.workspace_id) into v_workspaces
    from (select f.workspace_id from fresh f union select g.workspace_id from gone g) x;
  end if;
  if v_workspaces is not null then
    perform engine.refuse_contained(engine.blocking(
      engine.actor_class(session_user), v_workspaces, nullif(current_setting('bulkhead.actor', true), ''), array['write']));
  end if;
  return null;
end $$;
drop trigger guard_enter on suppression;
drop trigger guard_truncate on suppression;
drop trigger guard_insert on suppression;
drop trigger guard_update on suppression;
drop trigger guard_delete on suppression;
select engine.guard('suppression', 'write', p_open => array['bulkhead_sender', 'bulkhead_smtp', 'bulkhead_worker'], p_check => 'guard_suppressions');

-- Puts entries on lists, with the caller's rights. Nothing that is stopped is let through by it: of two entries for an address the wider
-- one stands, with what the other said under "before" or "also"; an entry that ends does not shorten one that does not; and where one for
-- all mail ends while bulk mail was stopped for good, bulk mail stays stopped (keeps_bulk). p_address and p_note are sealed for their
-- p_id; an entry that is there keeps its own.
create function engine.put_suppressions(
  p_id uuid[], p_workspace uuid[], p_index bytea[], p_address bytea[], p_reason text[], p_scope text[], p_expires timestamptz[],
  p_note bytea[], p_import uuid[], p_message uuid[], p_evidence text[]
) returns table (added bigint, changed bigint)
language sql as $$
  with x as (
    select distinct on (u.w, u.i) u.*, u.e::jsonb as evidence
    from unnest(p_id, p_workspace, p_index, p_address, p_reason, p_scope, p_expires, p_note, p_import, p_message, p_evidence)
      with ordinality as u(id, w, i, a, r, s, t, n, f, m, e, ord)
    order by u.w, u.i, u.s, u.ord
  ), put as (
    insert into public.suppression as s
      (id, workspace_id, address_index, address, reason, applies_to, expires_at, sealed_note, import_id, message_id, evidence)
    select x.id, x.w, x.i, x.a, x.r, x.s, x.t, x.n, x.f, x.m, x.evidence from x
    on conflict (workspace_id, address_index) do update
    set applies_to = case when excluded.applies_to = 'all' then 'all' else s.applies_to end,
        expires_at = case when s.applies_to = 'all' and excluded.applies_to = 'bulk' then s.expires_at else excluded.expires_at end,
        keeps_bulk = case
          when s.applies_to = 'bulk' and excluded.applies_to = 'all' then s.expires_at is null and excluded.expires_at is not null
          when s.applies_to = 'all' and excluded.applies_to = 'bulk' then true
          else s.keeps_bulk and excluded.expires_at is not null end,
        reason = case when s.applies_to = 'bulk' and excluded.applies_to = 'all' then excluded.reason else s.reason end,
        import_id = case when s.applies_to = 'bulk' and excluded.applies_to = 'all' then excluded.import_id else s.import_id end,
        message_id = case when s.applies_to = 'bulk' and excluded.applies_to = 'all' then coalesce(excluded.message_id, s.message_id)
                     else s.message_id end,
        evidence = case
          when s.applies_to = 'bulk' and excluded.applies_to = 'all' then coalesce(excluded.evidence, '{}') || jsonb_build_object('before',
            jsonb_build_object('reason', s.reason, 'evidence', s.evidence,
              'at', to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
          when s.applies_to = 'all' and excluded.applies_to = 'bulk' then coalesce(s.evidence, '{}') || jsonb_build_object('also',
            jsonb_build_object('reason', excluded.reason, 'evidence', excluded.evidence,
              'at', to_char(excluded.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
          else s.evidence end
    where s.applies_to = 'bulk' and excluded.applies_to = 'all'
       or s.applies_to = excluded.applies_to and s.expires_at is not null
          and (excluded.expires_at is null or excluded.expires_at > s.expires_at)
       or s.applies_to = 'all' and excluded.applies_to = 'bulk' and s.expires_at is not null and not s.keeps_bulk
          and excluded.expires_at is null
    returning (s.xmax = 0) as is_new
  )
  select count(*) filter (where put.is_new), count(*) filter (where not put.is_new) from put
$$;

-- Suppresses addresses for a reason that another told: a bounce, a complaint, a click on unsubscribe. For functions that have looked at the
-- evidence; no process calls it. An unsubscribe stops bulk mail, the
-- other reasons all mail. Answers how many entries are new or stop more than before.
create function engine.suppress_with(
  p_id uuid[], p_workspace uuid[], p_index bytea[], p_address bytea[], p_reason text[], p_message uuid[], p_evidence text[]
) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_rows integer;
  v_told text := coalesce(current_setting('bulkhead.reported', true), '');
begin
  perform set_config('bulkhead.reported', 'on', true);
  select p.added + p.changed into v_rows
  from engine.put_suppressions(
    p_id, p_workspace, p_index, p_address, p_reason,
    array(select case r when 'unsubscribe' then 'bulk' else 'all' end from unnest(p_reason) with ordinality as u(r, ord) order by ord),
    array_fill(null::timestamptz, array[cardinality(p_id)]), array_fill(null::bytea, array[cardinality(p_id)]),
    array_fill(null::uuid, array[cardinality(p_id)]), p_message, p_evidence) p;
  perform set_config('bulkhead.reported', v_told, true);
  return v_rows;
end $$;

-- Takes away entries whose time is over, and imports that nobody needs any more. Answers how many.
create function engine.end_suppressions(p_limit integer) returns bigint
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_narrowed bigint;
  v_ended bigint;
  v_trimmed bigint;
begin
  update suppression s set applies_to = 'bulk', reason = 'unsubscribe', expires_at = null, keeps_bulk = false
  where s.id in (select c.id from suppression c where c.expires_at <= now() and c.keeps_bulk order by c.expires_at limit p_limit for update skip locked);
  get diagnostics v_narrowed = row_count;
  delete from suppression s
  where s.id in (select c.id from suppression c where c.expires_at <= now() and not c.keeps_bulk order by c.expires_at limit p_limit for update skip locked);
  get diagnostics v_ended = row_count;
  delete from suppression_import i
  where i.id in (select c.id from suppression_import c where c.touched_at < now() - interval '90 days' limit 10);
  get diagnostics v_trimmed = row_count;
  return v_narrowed + v_ended + v_trimmed;
end $$;

-- Reports for submitters. The options of a message are sealed, so what it takes to see that a report is due stands here beside it.
create table dsn_request (
  message_id uuid primary key,
  workspace_id uuid not null,
  failure integer[] not null,
  success integer[] not null,
  delay integer[] not null,
  delay_due timestamptz,
  sealed bytea not null check (get_byte(sealed, 0) = 1 and length(sealed) >= 45),
  created_at timestamptz not null default now()
);
create index dsn_request_delay on dsn_request (delay_due) where delay_due is not null;
create index dsn_request_age on dsn_request (created_at);
comment on table dsn_request is 'class: personal. Messages whose submitter asked to be told of failure, success or delay (RFC 3461, NOTIFY). Kept: 45 days.';
comment on column dsn_request.message_id is 'class: identifier.';
comment on column dsn_request.workspace_id is 'class: identifier.';
comment on column dsn_request.failure is 'class: operational. Numbers of the recipients with NOTIFY=FAILURE.';
comment on column dsn_request.success is 'class: operational. As failure.';
comment on column dsn_request.delay is 'class: operational. As failure.';
comment on column dsn_request.delay_due is 'class: operational. When to look for recipients that wait still; null: not any more.';
comment on column dsn_request.sealed is 'class: personal, sealed (content). JSON: where reports go, RET, ENVID, the Message-ID; ORCPT unless the message is sensitive.';
comment on column dsn_request.created_at is 'class: operational.';
select engine.protect('dsn_request');
grant select, insert, update, delete on dsn_request to bulkhead_engine;

create table dsn_report (
  message_id uuid not null references dsn_request on delete cascade,
  number integer not null,
  kind text not null check (kind in ('failed', 'delayed', 'relayed')),
  workspace_id uuid not null,
  state text not null default 'due' check (state in ('due', 'sent', 'dropped')),
  detail jsonb not null,
  report_id uuid,
  due timestamptz,
  attempts integer not null default 0,
  created_at timestamptz not null default now(),
  primary key (message_id, number, kind)
);
create index dsn_report_due on dsn_report (due) where due is not null;
create index dsn_report_group on dsn_report (report_id) where report_id is not null;
comment on table dsn_report is 'class: operational. What submitters are told of a recipient: at most once per kind, by the primary key. Kept: with the request.';
comment on column dsn_report.message_id is 'class: identifier.';
comment on column dsn_report.number is 'class: operational. The recipient.';
comment on column dsn_report.kind is 'class: operational. The action (RFC 3464 2.3.3).';
comment on column dsn_report.workspace_id is 'class: identifier.';
comment on column dsn_report.state is 'class: operational.';
comment on column dsn_report.detail is 'class: operational. As outcome.detail or event.detail, with the state.';
comment on column dsn_report.report_id is 'class: identifier. The message that tells it, given before that is written: it is accepted once at most.';
comment on column dsn_report.due is 'class: operational. The next try; null: settled.';
comment on column dsn_report.attempts is 'class: operational.';
comment on column dsn_report.created_at is 'class: operational.';
select engine.protect('dsn_report');
grant select, insert, update, delete on dsn_report to bulkhead_engine;
do $$
declare v_processes name[] := array['bulkhead_api', 'bulkhead_smtp', 'bulkhead_sender', 'bulkhead_worker'];
begin
  perform engine.guard('dsn_request', 'write', 'send', v_processes, null);
  perform engine.guard('dsn_report', 'write', 'send', v_processes, null);
end $$;

-- Before its message is accepted: whom to tell of what. Where the message is refused after all, the row is never looked at.
create function engine.request_dsn(
  p_message uuid, p_workspace uuid, p_failure integer[], p_success integer[], p_delay integer[], p_delay_due timestamptz, p_sealed bytea
) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  insert into dsn_request (message_id, workspace_id, failure, success, delay, delay_due, sealed)
  values (p_message, p_workspace, p_failure, p_success, p_delay, case when p_delay <> '{}' then p_delay_due end, p_sealed)
  on conflict (message_id) do nothing
$$;

-- In the transaction of the outcomes, so that none is lost. Most messages asked for nothing: one look into an index for each.
-- reportsOnward: the next server knows DSN and tells the submitter itself (RFC 3461 5.2.2).
create function engine.report_outcomes() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  insert into dsn_report (message_id, number, kind, workspace_id, detail, due)
  select f.message_id, f.number, case f.state when 'delivered' then 'relayed' else 'failed' end, f.workspace_id,
         f.detail || jsonb_build_object('state', f.state), clock_timestamp()
  from fresh f
  join dsn_request r on r.message_id = f.message_id
  where f.state in ('bounced', 'expired', 'suppressed', 'uncertain') and f.number = any(r.failure)
     or f.state = 'delivered' and f.number = any(r.success) and not coalesce((f.detail ->> 'reportsOnward')::boolean, false)
  on conflict do nothing;
  return null;
end $$;
create trigger reports after insert on outcome referencing new table as fresh for each statement execute function engine.report_outcomes();
alter function engine.report_outcomes set plan_cache_mode = force_generic_plan;
alter function engine.report_outcomes set enable_seqscan = off;
alter function engine.report_outcomes set enable_bitmapscan = off;
alter function engine.report_outcomes set enable_hashjoin = off;
alter function engine.report_outcomes set enable_mergejoin = off;
alter function engine.report_outcomes set max_parallel_workers_per_gather = 0;

-- A message that came back after another server had taken it. Of one that went to several at once it may not be known for whom it came
-- back: then all who asked are named, and the report says so.
create function engine.report_returned() returns trigger
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  insert into dsn_report (message_id, number, kind, workspace_id, detail, due)
  select r.message_id, n, 'failed', r.workspace_id,
         new.detail || jsonb_build_object('state', 'returned', 'unsure', new.number is null and cardinality(r.failure) > 1), clock_timestamp()
  from dsn_request r, unnest(r.failure) n
  where r.message_id = new.message_id and (new.number is null or n = new.number)
  on conflict do nothing;
  return null;
end $$;
create trigger reports after insert on event for each row when (new.type = 'message.returned') execute function engine.report_returned();

-- Recipients that wait four hours after they could have been delivered. One look for each request, and another where none was tried yet.
create function engine.note_delays(p_limit integer) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_request record;
  v_untried boolean;
  v_count integer := 0;
begin
  for v_request in
    select r.message_id, r.workspace_id, r.delay from dsn_request r
    where r.delay_due <= clock_timestamp() order by r.delay_due limit p_limit for update skip locked
  loop
    insert into dsn_report (message_id, number, kind, workspace_id, detail, due)
    select q.message_id, q.number, 'delayed', q.workspace_id,
           coalesce((select e.detail from event e where e.message_id = q.message_id and e.number = q.number
                     and e.type = 'message.deferred' order by e.id desc limit 1), '{}')
             || jsonb_build_object('state', 'deferred', 'until', to_char(q.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
           clock_timestamp()
    from queue q
    where q.message_id = v_request.message_id and q.number = any(v_request.delay) and q.attempts > 0
    on conflict do nothing;
    select exists (select from queue q where q.message_id = v_request.message_id and q.number = any(v_request.delay) and q.attempts = 0)
    into v_untried;
    update dsn_request r set delay_due = case when v_untried then clock_timestamp() + interval '1 hour' end
    where r.message_id = v_request.message_id;
    v_count := v_count + 1;
  end loop;
  return v_count;
end $$;

-- The next reports to write: recipients of one message with one action share a report, at most 100. p_id: ids for reports that have none
-- yet, as many as p_limit. A report that was accepted before its writer could say so is settled here and not given out again; what could
-- not be written for five days is dropped.
create function engine.claim_dsn(p_limit integer, p_hold_seconds integer, p_id uuid[]) returns table (
  report_id uuid, message_id uuid, workspace_id uuid, kind text, numbers integer[], details text, addresses bytea[], sealed bytea,
  from_domain text, sensitive boolean, accepted_at timestamptz, attempts integer
)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_group record;
  v_taken record;
  v_given integer := 0;
begin
  update dsn_report r set state = 'dropped', due = null
  where r.due is not null and r.created_at < clock_timestamp() - interval '5 days';
  for v_group in
    select r.message_id, r.kind, r.report_id from dsn_report r
    where r.due <= clock_timestamp()
    group by r.message_id, r.kind, r.report_id order by min(r.due) limit p_limit
  loop
    if v_group.report_id is not null and exists (select from message m where m.id = v_group.report_id) then
      update dsn_report r set state = 'sent', due = null where r.report_id = v_group.report_id;
      continue;
    end if;
    v_given := v_given + 1;
    with taken as (
      update dsn_report r
      set report_id = coalesce(r.report_id, p_id[v_given]), due = clock_timestamp() + make_interval(secs => p_hold_seconds),
          attempts = r.attempts + 1
      from (
        select c.number from dsn_report c
        where c.message_id = v_group.message_id and c.kind = v_group.kind and c.report_id is not distinct from v_group.report_id
          and c.due <= clock_timestamp()
        order by c.number limit 100 for update skip locked
      ) c
      where r.message_id = v_group.message_id and r.kind = v_group.kind and r.number = c.number
      returning r.report_id, r.number, r.detail, r.attempts
    )
    select (array_agg(t.report_id))[1] as report_id, array_agg(t.number order by t.number) as numbers,
           jsonb_agg(t.detail order by t.number)::text as details,
           array_agg(a.address order by t.number) as addresses, max(t.attempts) as attempts
    into v_taken
    from taken t
    left join recipient a on a.message_id = v_group.message_id and a.number = t.number;
    if v_taken.numbers is null then continue; end if;
    return query
    select v_taken.report_id, m.id, m.workspace_id, v_group.kind, v_taken.numbers, v_taken.details, v_taken.addresses, r.sealed,
           m.from_domain, m.sensitive, m.created_at, v_taken.attempts
    from message m join dsn_request r on r.message_id = m.id
    where m.id = v_group.message_id;
  end loop;
end $$;

create function engine.settle_dsn(p_report uuid, p_state text, p_pause_seconds double precision) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  update dsn_report r
  set state = p_state, due = case when p_state = 'due' then clock_timestamp() + make_interval(secs => p_pause_seconds) end
  where r.report_id = p_report and r.state = 'due'
$$;

create function engine.trim_dsn(p_limit integer) returns bigint
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_rows bigint;
begin
  delete from dsn_request r
  where r.message_id in (select c.message_id from dsn_request c where c.created_at < now() - interval '45 days' limit p_limit);
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('guard_suppressions', 'put_suppressions', 'suppress_with', 'end_suppressions', 'request_dsn', 'report_outcomes',
      'report_returned', 'note_delays', 'claim_dsn', 'settle_dsn', 'trim_dsn')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.put_suppressions(
  uuid[], uuid[], bytea[], bytea[], text[], text[], timestamptz[], bytea[], uuid[], uuid[], text[]) to bulkhead_api;
grant execute on function engine.end_suppressions(integer) to bulkhead_worker;
grant execute on function engine.request_dsn(uuid, uuid, integer[], integer[], integer[], timestamptz, bytea) to bulkhead_smtp;
grant execute on function engine.note_delays(integer) to bulkhead_worker;
grant execute on function engine.trim_dsn(integer) to bulkhead_worker;
grant execute on function engine.claim_dsn(integer, integer, uuid[]) to bulkhead_api;
grant execute on function engine.settle_dsn(uuid, text, double precision) to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
