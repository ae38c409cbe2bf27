-- What comes back: bounces, complaints, replies of machines, and mail to the roles of the return-path domain.
-- Lock impact: none, new objects only.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

-- Reports that belong to no message of a workspace are the installation's own: the operator's quarantine.
create table bounce_report (
  id uuid primary key,
  workspace_id uuid not null references workspace,
  message_id uuid,
  kind text not null check (kind in ('bounce', 'notice', 'complaint', 'auto_reply', 'challenge', 'receipt', 'other', 'mail')),
  format text not null check (length(format) <= 40),
  why text check (length(why) <= 40),
  digest bytea not null check (length(digest) = 32),
  received_at timestamptz not null default now(),
  size_bytes integer not null,
  findings jsonb not null,
  sealed bytea not null check (get_byte(sealed, 0) = 1 and length(sealed) >= 45),
  suppress_number integer,
  suppress_reason text check (suppress_reason in ('hard_bounce', 'complaint', 'unsubscribe')),
  suppress_evidence jsonb,
  suppress_after timestamptz,
  check ((suppress_number is null) = (suppress_reason is null)),
  check (suppress_number is null or message_id is not null)
);
alter table bounce_report alter column sealed set storage external;
-- The same report a second time: whoever sent it did not hear that it was taken.
create unique index bounce_report_digest on bounce_report (workspace_id, digest);
create index bounce_report_listing on bounce_report (workspace_id, id);
create index bounce_report_message on bounce_report (message_id, id) where message_id is not null;
create index bounce_report_age on bounce_report (received_at);
create index bounce_report_due on bounce_report (suppress_after) where suppress_number is not null;
comment on table bounce_report is 'class: personal. What came back for a message: bounces, complaints, replies of machines; of the installation what belongs to no message. Kept: 30 days.';
comment on column bounce_report.id is 'class: identifier.';
comment on column bounce_report.workspace_id is 'class: identifier.';
comment on column bounce_report.message_id is 'class: identifier. The message that it is about; it may be gone.';
comment on column bounce_report.kind is 'class: operational.';
comment on column bounce_report.format is 'class: operational. What told the kind.';
comment on column bounce_report.why is 'class: operational. Of the quarantine: why it belongs to no workspace.';
comment on column bounce_report.digest is 'class: pseudonymous. HMAC of address and content, to know a report that comes twice.';
comment on column bounce_report.received_at is 'class: operational.';
comment on column bounce_report.size_bytes is 'class: operational. Of the whole report; what is stored of one is cut.';
comment on column bounce_report.findings is 'class: operational. For each recipient: number, action, codes, class, reason, rule, effect; addresses are taken out before it is written.';
comment on column bounce_report.sealed is 'class: personal, sealed (content). The report as it came, with its envelope.';
comment on column bounce_report.suppress_number is 'class: operational. The recipient whose address is still to be suppressed; the report does not name it.';
comment on column bounce_report.suppress_reason is 'class: operational.';
comment on column bounce_report.suppress_evidence is 'class: operational. As findings.';
comment on column bounce_report.suppress_after is 'class: operational. When a worker may take it.';
select engine.protect('bounce_report');
select engine.guard('bounce_report', 'write', p_open => array['bulkhead_smtp', 'bulkhead_worker']);
grant select, insert, update, delete on bounce_report to bulkhead_engine;
grant select on bounce_report to bulkhead_api;

-- The message that a genuine return path names; nothing where it is gone. An id cannot be guessed, and the caller has checked the MAC.
create function engine.returned_message(p_message uuid)
returns table (workspace_id uuid, lane lane, recipient_count integer)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select m.workspace_id, m.lane, m.recipient_count from message m where m.id = p_message
$$;

-- Whether another server took the mail of a recipient, or an attempt may have made it take it. What nobody took cannot have come back.
create function engine.was_handed_over(p_message uuid, p_number integer) returns boolean
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select exists (select 1 from outcome o where o.message_id = p_message and o.number = p_number and o.state in ('delivered', 'uncertain'))
      or exists (select 1 from queue q where q.message_id = p_message and q.number = p_number and (q.lease is not null or q.attempts > 0))
$$;

-- Its recipients that a report can be about: those whose index it names, and the one of the return path. handed_over: another server
-- took the mail, or an attempt may have made it take it. noted: what later events it has, with their class.
create function engine.returned_recipients(p_message uuid, p_number integer, p_index bytea[])
returns table (number integer, place integer, address_index bytea, handed_over boolean, noted text[])
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select r.number, array_position(p_index, r.address_index), r.address_index,
         engine.was_handed_over(r.message_id, r.number),
         array(select distinct e.type || ':' || coalesce(e.detail->>'class', '') from event e
               where e.message_id = r.message_id and (e.number = r.number or e.number is null)
                 and e.type in ('message.returned', 'message.complained', 'message.unsubscribed'))
  from recipient r
  where r.message_id = p_message
    and (p_number is null or r.number = p_number)
    and (r.number = p_number or r.address_index = any(p_index))
  order by r.number
  limit 1000
$$;

-- Keeps a report with what follows from it, in one commit. Suppresses recipients of the message whom another server took over, and nobody
-- else, whatever the caller says: it reads what strangers write. Answers kept, known (it was here before) or full.
create function engine.keep_report(
  p_id uuid, p_workspace uuid, p_message uuid, p_kind text, p_format text, p_why text, p_digest bytea, p_size integer, p_findings text,
  p_sealed bytea, p_suppress_number integer, p_suppress_reason text, p_suppress_evidence text,
  e_id uuid[], e_number integer[], e_type text[], e_detail text[],
  s_id uuid[], s_index bytea[], s_address bytea[], s_reason text[], s_evidence text[]
) returns text
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_recipients integer;
  v_lane lane;
  v_rows integer;
  v_bytes bigint;
  v_due boolean;
begin
  if exists (select 1 from bounce_report b where b.workspace_id = p_workspace and b.digest = p_digest) then return 'known'; end if;
  if p_message is null then
    -- Anybody may write to the roles of the domain: what the quarantine may hold is bounded.
    select count(*), coalesce(sum(b.size_bytes), 0) into v_rows, v_bytes
    from bounce_report b where b.workspace_id = p_workspace and b.message_id is null;
    if v_rows >= 5000 or v_bytes + p_size > 268435456 then return 'full'; end if;
  else
    select m.recipient_count, m.lane into v_recipients, v_lane from message m where m.id = p_message and m.workspace_id = p_workspace;
    if not found then raise exception using errcode = '22023', message = 'not a message of this workspace'; end if;
    -- Each recipient has a return path that he can send to as often as he likes. A report from which something new follows is taken all the
    -- same: there are few of those for each recipient, and none may keep another's bounce out.
    select count(*) into v_rows from bounce_report b where b.message_id = p_message;
    if v_rows >= 20 + 3 * v_recipients and (cardinality(e_id) = 0 or v_rows >= 40 + 15 * v_recipients) then return 'full'; end if;
  end if;
  v_due := p_suppress_number is not null and v_lane <> 'internal' and engine.was_handed_over(p_message, p_suppress_number);
  insert into bounce_report (id, workspace_id, message_id, kind, format, why, digest, size_bytes, findings, sealed,
                             suppress_number, suppress_reason, suppress_evidence, suppress_after)
  values (p_id, p_workspace, p_message, p_kind, p_format, p_why, p_digest, p_size, p_findings::jsonb, p_sealed,
          case when v_due then p_suppress_number end, case when v_due then p_suppress_reason end,
          case when v_due then p_suppress_evidence::jsonb end, case when v_due then now() end)
  on conflict (workspace_id, digest) do nothing;
  get diagnostics v_rows = row_count;
  if v_rows = 0 then return 'known'; end if;
  if cardinality(e_id) > 0 then
    perform engine.note_events(e_id, array_fill(p_message, array[cardinality(e_id)]), e_number, e_type, e_detail);
  end if;
  if cardinality(s_id) > 0 and v_lane <> 'internal' then
    perform engine.suppress_with(array_agg(x.id), array_agg(p_workspace), array_agg(x.i), array_agg(x.a), array_agg(x.r), array_agg(p_message),
                                 array_agg(x.e))
    from unnest(s_id, s_index, s_address, s_reason, s_evidence) as x(id, i, a, r, e)
    where exists (select 1 from recipient r
                  where r.message_id = p_message and r.address_index = x.i and engine.was_handed_over(r.message_id, r.number))
    having count(*) > 0;
  end if;
  if v_due then perform pg_notify('bulkhead_bounces', ''); end if;
  return 'kept';
end $$;

-- Addresses that a report does not name and that are to be suppressed: the worker opens each, to seal it for its entry. Taken for a minute.
create function engine.claim_report_suppressions(p_limit integer)
returns table (report_id uuid, workspace_id uuid, message_id uuid, reason text, evidence text, number integer, address bytea, address_index bytea)
language sql security definer set search_path = public, engine, pg_temp as $$
  with due as (
    select b.id from bounce_report b
    where b.suppress_number is not null and b.suppress_after <= now()
    order by b.suppress_after
    limit least(greatest(p_limit, 0), 100)
    for update skip locked
  ), taken as (
    update bounce_report b set suppress_after = now() + interval '1 minute' from due where b.id = due.id
    returning b.id, b.workspace_id, b.message_id, b.suppress_reason, b.suppress_evidence, b.suppress_number
  )
  select t.id, t.workspace_id, t.message_id, t.suppress_reason, t.suppress_evidence::text, t.suppress_number, r.address, r.address_index
  from taken t left join recipient r on r.message_id = t.message_id and r.number = t.suppress_number
$$;

-- p_address null: the recipient is gone, and with it what could be suppressed.
create function engine.settle_report_suppression(p_report uuid, p_entry uuid, p_address bytea) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_found record;
begin
  select b.workspace_id, b.message_id, b.suppress_reason as reason, b.suppress_evidence::text as evidence, r.address_index
  into v_found
  from bounce_report b left join recipient r on r.message_id = b.message_id and r.number = b.suppress_number
  where b.id = p_report and b.suppress_number is not null
  for update of b;
  if not found then return false; end if;
  if p_address is not null and v_found.address_index is not null then
    perform engine.suppress_with(array[p_entry], array[v_found.workspace_id], array[v_found.address_index], array[p_address],
                                 array[v_found.reason], array[v_found.message_id], array[v_found.evidence]);
  end if;
  update bounce_report set suppress_number = null, suppress_reason = null, suppress_after = null where id = p_report;
  return true;
end $$;

-- At least seven days, whatever is asked for: a hijacked worker does not make evidence vanish.
create function engine.trim_reports(p_older_than interval, p_limit integer) returns bigint
language sql security definer set search_path = public, engine, pg_temp as $$
  with gone as (
    delete from bounce_report
    where id in (
      select b.id from bounce_report b
      where b.received_at < now() - greatest(p_older_than, interval '7 days')
      order by b.received_at
      limit least(greatest(p_limit, 0), 10000))
    returning 1
  )
  select count(*) from gone
$$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('was_handed_over', 'returned_message', 'returned_recipients', 'keep_report', 'claim_report_suppressions',
      'settle_report_suppression', 'trim_reports')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.returned_message(uuid), engine.returned_recipients(uuid, integer, bytea[]),
  engine.keep_report(uuid, uuid, uuid, text, text, text, bytea, integer, text, bytea, integer, text, text,
    uuid[], integer[], text[], text[], uuid[], bytea[], bytea[], text[], text[]) to bulkhead_smtp;
grant execute on function engine.claim_report_suppressions(integer), engine.settle_report_suppression(uuid, uuid, bytea),
  engine.trim_reports(interval, integer) to bulkhead_worker;
revoke create on schema engine from bulkhead_engine;
