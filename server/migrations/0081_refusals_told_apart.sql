-- What is counted of mail tells why a recipient was suppressed, whether a refusal was about the address, and every opening and click; when an
-- endpoint of webhooks was changed last; and refusals can be left out of lists. docs/statistics.md, docs/migrate/sendgrid.md.
-- Lock impact: columns with a constant default, and functions that are replaced.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

do $$
declare
  target text;
  described record;
begin
  foreach target in array array['statistic', 'installation_statistic', 'tag_statistic'] loop
    for described in select * from (values
      ('suppressed_bounce', 'Of suppressed: because of a hard bounce.'),
      ('suppressed_complaint', 'Of suppressed: because of a complaint.'),
      ('bounced_hard', 'Of bounced and returned: those that say that mail to the address is no use.'),
      ('opens', 'Every opening by a person or a proxy.'),
      ('clicks', 'Every click by a person.')) as d(name, meaning)
    loop
      execute format('alter table %I add column %I integer not null default 0', target, described.name);
      execute format('comment on column %I.%I is %L', target, described.name, 'class: operational. ' || described.meaning);
    end loop;
  end loop;
end $$;

-- As in 0052; with reasons, and openings and clicks that are not the first.
create or replace function engine.roll_statistics(p_limit integer, p_relay text) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_limit integer := least(greatest(p_limit, 1), 20000);
  v_due uuid;
  v_workspace uuid;
  v_cursor statistic_cursor%rowtype;
  v_snapshot pg_snapshot;
  v_taken_at timestamptz;
  v_from xid8;
  v_until xid8;
  v_counted_until timestamptz;
  v_rows integer;
  v_last timestamptz;
  v_more boolean;
begin
  for v_due in select c.workspace_id from statistic_cursor c where c.due_at <= clock_timestamp() order by c.due_at limit 20 loop
    -- Not a lock of the row, which would give this transaction its number.
    if pg_try_advisory_xact_lock(746241, hashtext(v_due::text)) then
      -- Another worker may have had its turn meanwhile.
      select * into v_cursor from statistic_cursor c where c.workspace_id = v_due and c.due_at <= clock_timestamp();
      if found then v_workspace := v_due; exit; end if;
    end if;
  end loop;
  if v_workspace is null then return null; end if;

  v_taken_at := clock_timestamp();
  v_snapshot := pg_current_snapshot();
  v_from := v_cursor.next_xid;
  v_counted_until := v_cursor.counted_until;
  if v_from > pg_snapshot_xmax(v_snapshot) then
    v_from := '0';
    v_counted_until := coalesce(v_cursor.through_at, v_counted_until);
  end if;

  -- Whole transactions only, so that the cursor is one number; those that may still be running are left for later.
  select least(
    (select (x.commit_xid::text::bigint + 1)::text::xid8 from message x
     where x.workspace_id = v_workspace and x.commit_xid >= v_from and x.commit_xid < pg_snapshot_xmin(v_snapshot)
     order by x.commit_xid offset v_limit - 1 limit 1),
    (select (x.commit_xid::text::bigint + 1)::text::xid8 from outcome x
     where x.workspace_id = v_workspace and x.commit_xid >= v_from and x.commit_xid < pg_snapshot_xmin(v_snapshot)
     order by x.commit_xid offset v_limit - 1 limit 1),
    (select (x.commit_xid::text::bigint + 1)::text::xid8 from event x
     where x.workspace_id = v_workspace and x.commit_xid >= v_from and x.commit_xid < pg_snapshot_xmin(v_snapshot)
     order by x.commit_xid offset v_limit - 1 limit 1),
    pg_snapshot_xmin(v_snapshot)) into v_until;
  v_more := v_until < pg_snapshot_xmin(v_snapshot);

  with ended as materialized (
    select o.message_id, o.number, o.state, o.attempts, o.at, d.provider, d.source, d.site, d.stage, d."durationMs" as took,
           case when o.state = 'suppressed' then d.suppression
                when o.state = 'bounced' and d.class = 'recipient' and d.permanent is distinct from 'false' then 'address' end as why
    from outcome o
    cross join lateral jsonb_to_record(o.detail)
      as d(provider text, source text, site text, stage text, "durationMs" text, suppression text, class text, permanent text)
    where o.workspace_id = v_workspace and o.commit_xid >= v_from and o.commit_xid < v_until and o.at > v_counted_until
  ), happened as materialized (
    select e.id, e.message_id, e.number, e.type, e.at, e.commit_xid, d.provider, d.source, d.site, d.attempt, d."durationMs" as took,
           case when d.by in ('person', 'proxy') and e.type = 'message.opened' or d.by = 'person' and e.type = 'message.clicked'
             then 'people' else 'machines' end as fetcher,
           case when e.type = 'message.returned' and d.class = 'recipient' and d.permanent is distinct from 'false' then 'address' end as why
    from event e
    cross join lateral jsonb_to_record(e.detail)
      as d(provider text, source text, site text, attempt text, "durationMs" text, by text, class text, permanent text)
    where e.workspace_id = v_workspace and e.commit_xid >= v_from and e.commit_xid < v_until and e.at > v_counted_until
      and e.type in ('message.deferred', 'message.uncertain', 'message.returned', 'message.complained', 'message.unsubscribed',
                     'message.opened', 'message.clicked')
  ), firsts as materialized (
    -- The first fetch of its kind, of those that are counted now and of those before: one answer, whenever it is asked.
    select h.id
    from (select distinct on (x.message_id, x.number, x.type, x.fetcher) x.* from happened x
          where x.type in ('message.opened', 'message.clicked')
          order by x.message_id, x.number, x.type, x.fetcher, x.commit_xid, x.id) h
    where not exists (
      select from event e
      where e.message_id = h.message_id and e.number is not distinct from h.number and e.type = h.type and e.commit_xid < v_from
        and (case when e.detail->>'by' in ('person', 'proxy') and e.type = 'message.opened' or e.detail->>'by' = 'person' and e.type = 'message.clicked'
               then 'people' else 'machines' end) = h.fetcher)
  ), fact as materialized (
    select m.created_at as at, m.id as message_id, null::integer as number, 'accepted' as kind, m.recipient_count as n, m.lane,
           null::text as provider, null::text as source, null::text as site, null::double precision as first_ms,
           null::double precision as delivery_ms, false as tried, false as placed, m.tags, null::text as why
    from message m
    where m.workspace_id = v_workspace and m.commit_xid >= v_from and m.commit_xid < v_until and m.created_at > v_counted_until
    union all
    select o.at, o.message_id, o.number, o.state::text, 1, m.lane, o.provider, o.source, o.site,
           case when o.attempts = 1 and o.stage is not null then
             extract(epoch from o.at - greatest(m.created_at, coalesce(m.send_at, m.created_at))) * 1000
             - case when o.took ~ '^\d{1,9}$' then o.took::double precision else 0 end end,
           case when o.state = 'delivered' then extract(epoch from o.at - greatest(m.created_at, coalesce(m.send_at, m.created_at))) * 1000 end,
           o.stage is not null, true, m.tags, o.why
    from ended o join message m on m.id = o.message_id
    union all
    select h.at, h.message_id, h.number, replace(h.type, 'message.', '') ||
             case when h.type = 'message.uncertain' then ' unanswered' when h.type = 'message.deferred' and h.attempt is null then ' waited'
                  when h.type in ('message.opened', 'message.clicked') then
                    case when h.id in (select f.id from firsts f) then ' ' else ' again ' end || h.fetcher else '' end,
           1, m.lane, coalesce(h.provider, d.provider), coalesce(h.source, d.source), coalesce(h.site, d.site),
           case when h.attempt = '1' then extract(epoch from h.at - greatest(m.created_at, coalesce(m.send_at, m.created_at))) * 1000
             - case when h.took ~ '^\d{1,9}$' then h.took::double precision else 0 end end,
           null, h.attempt is not null, true, m.tags, h.why
    from happened h join message m on m.id = h.message_id
    -- What is heard of later says nothing of where the mail went; its outcome does.
    left join outcome o on h.attempt is null and o.message_id = h.message_id and o.number = h.number
    left join lateral jsonb_to_record(o.detail) as d(provider text, source text, site text) on true
  ), sites as materialized (
    -- What has no provider goes to a relay, or a place of this installation: those have no MX hosts; the rest is other people's servers.
    select s.site, (select cardinality(d.mx_hosts) = 0 from destination_site d where d.site = s.site limit 1) as own
    from (select distinct f.site from fact f where f.placed and f.provider is null and f.site is not null) s
  ), placed as materialized (
    select f.at, f.kind, f.n, f.lane, f.first_ms, f.delivery_ms, f.tried, f.why,
           left(case when not f.placed then ''
                     when f.provider is not null then f.provider
                     when f.site is not null then case when s.own or f.site in ('simulator', 'local inbox', p_relay) then f.site else 'other' end
                     else coalesce(k.place, '') end, 100) as provider,
           left(coalesce(f.source, ''), 100) as source
    from fact f
    left join sites s on s.site = f.site
    left join lateral (
      select coalesce(d.provider, case when cardinality(d.mx_hosts) = 0 then d.site else 'other' end) as place
      from recipient r join destination_site d on d.destination = r.destination
      where f.placed and f.provider is null and f.site is null and r.message_id = f.message_id and r.number = f.number
    ) k on true
  ), buckets as materialized (
    select s.step, engine.statistic_begin(s.step, p.at) as at, p.lane, p.provider, p.source,
           coalesce(sum(p.n) filter (where p.kind = 'accepted'), 0) as accepted,
           count(*) filter (where p.tried) as attempts,
           count(*) filter (where p.kind = 'delivered') as delivered,
           count(*) filter (where p.kind = 'bounced') as bounced,
           count(*) filter (where p.kind = 'expired') as expired,
           count(*) filter (where p.kind = 'suppressed') as suppressed,
           count(*) filter (where p.kind = 'cancelled') as cancelled,
           count(*) filter (where p.kind = 'uncertain') as uncertain,
           count(*) filter (where p.kind = 'deferred') as deferred,
           count(*) filter (where p.kind = 'uncertain unanswered') as unanswered,
           count(*) filter (where p.kind = 'deferred waited') as waited,
           count(*) filter (where p.kind = 'returned') as returned,
           count(*) filter (where p.kind = 'complained') as complained,
           count(*) filter (where p.kind = 'unsubscribed') as unsubscribed,
           count(*) filter (where p.kind = 'opened people') as opened,
           count(*) filter (where p.kind = 'opened machines') as opened_by_machine,
           count(*) filter (where p.kind = 'clicked people') as clicked,
           count(*) filter (where p.kind = 'clicked machines') as clicked_by_machine,
           count(*) filter (where p.kind = 'suppressed' and p.why = 'hard_bounce') as suppressed_bounce,
           count(*) filter (where p.kind = 'suppressed' and p.why = 'complaint') as suppressed_complaint,
           count(*) filter (where p.why = 'address') as bounced_hard,
           count(*) filter (where p.kind in ('opened people', 'opened again people')) as opens,
           count(*) filter (where p.kind in ('clicked people', 'clicked again people')) as clicks,
           engine.count_buckets(array_agg(p.first_ms) filter (where p.first_ms is not null)) as first_attempt,
           engine.count_buckets(array_agg(p.delivery_ms) filter (where p.delivery_ms is not null)) as delivery
    from placed p
    cross join (values ('minute'), ('quarter'), ('hour'), ('day')) as s(step)
    where p.at > now() - engine.statistic_kept(s.step)
    group by 1, 2, 3, 4, 5
  ), written as (
    insert into statistic as t
      (workspace_id, step, at, lane, provider, source, accepted, attempts, delivered, bounced, expired, suppressed, cancelled, uncertain,
      deferred, unanswered, waited, returned, complained, unsubscribed, opened, opened_by_machine, clicked, clicked_by_machine,
      suppressed_bounce, suppressed_complaint, bounced_hard, opens, clicks,
      first_attempt, delivery)
    select v_workspace, step, at, lane, provider, source, accepted, attempts, delivered, bounced, expired, suppressed, cancelled, uncertain, deferred,
      unanswered, waited, returned, complained, unsubscribed, opened, opened_by_machine, clicked, clicked_by_machine,
      suppressed_bounce, suppressed_complaint, bounced_hard, opens, clicks, first_attempt, delivery from buckets
    on conflict (workspace_id, step, at, lane, provider, source) do update set
      accepted = t.accepted + excluded.accepted, attempts = t.attempts + excluded.attempts, delivered = t.delivered + excluded.delivered,
      bounced = t.bounced + excluded.bounced, expired = t.expired + excluded.expired, suppressed = t.suppressed + excluded.suppressed,
      cancelled = t.cancelled + excluded.cancelled, uncertain = t.uncertain + excluded.uncertain, deferred = t.deferred + excluded.deferred,
      unanswered = t.unanswered + excluded.unanswered, waited = t.waited + excluded.waited, returned = t.returned + excluded.returned,
      complained = t.complained + excluded.complained, unsubscribed = t.unsubscribed + excluded.unsubscribed,
      opened = t.opened + excluded.opened, opened_by_machine = t.opened_by_machine + excluded.opened_by_machine,
      clicked = t.clicked + excluded.clicked, clicked_by_machine = t.clicked_by_machine + excluded.clicked_by_machine,
      suppressed_bounce = t.suppressed_bounce + excluded.suppressed_bounce,
      suppressed_complaint = t.suppressed_complaint + excluded.suppressed_complaint,
      bounced_hard = t.bounced_hard + excluded.bounced_hard,
      opens = t.opens + excluded.opens,
      clicks = t.clicks + excluded.clicks,
      first_attempt = engine.add_buckets(t.first_attempt, excluded.first_attempt), delivery = engine.add_buckets(t.delivery, excluded.delivery)
  ), summed as (
    -- In one order, so that two workers do not wait for each other.
    insert into installation_statistic as t
      (step, at, lane, provider, source, accepted, attempts, delivered, bounced, expired, suppressed, cancelled, uncertain, deferred,
      unanswered, waited, returned, complained, unsubscribed, opened, opened_by_machine, clicked, clicked_by_machine,
      suppressed_bounce, suppressed_complaint, bounced_hard, opens, clicks, first_attempt, delivery)
    select step, at, lane, provider, source, accepted, attempts, delivered, bounced, expired, suppressed, cancelled, uncertain, deferred,
      unanswered, waited, returned, complained, unsubscribed, opened, opened_by_machine, clicked, clicked_by_machine,
      suppressed_bounce, suppressed_complaint, bounced_hard, opens, clicks, first_attempt, delivery from buckets order by step, at, lane, provider, source
    on conflict (step, at, lane, provider, source) do update set
      accepted = t.accepted + excluded.accepted, attempts = t.attempts + excluded.attempts, delivered = t.delivered + excluded.delivered,
      bounced = t.bounced + excluded.bounced, expired = t.expired + excluded.expired, suppressed = t.suppressed + excluded.suppressed,
      cancelled = t.cancelled + excluded.cancelled, uncertain = t.uncertain + excluded.uncertain, deferred = t.deferred + excluded.deferred,
      unanswered = t.unanswered + excluded.unanswered, waited = t.waited + excluded.waited, returned = t.returned + excluded.returned,
      complained = t.complained + excluded.complained, unsubscribed = t.unsubscribed + excluded.unsubscribed,
      opened = t.opened + excluded.opened, opened_by_machine = t.opened_by_machine + excluded.opened_by_machine,
      clicked = t.clicked + excluded.clicked, clicked_by_machine = t.clicked_by_machine + excluded.clicked_by_machine,
      suppressed_bounce = t.suppressed_bounce + excluded.suppressed_bounce,
      suppressed_complaint = t.suppressed_complaint + excluded.suppressed_complaint,
      bounced_hard = t.bounced_hard + excluded.bounced_hard,
      opens = t.opens + excluded.opens,
      clicks = t.clicks + excluded.clicks,
      first_attempt = engine.add_buckets(t.first_attempt, excluded.first_attempt), delivery = engine.add_buckets(t.delivery, excluded.delivery)
  ), tagged as materialized (
    select x.tag, engine.statistic_begin('day', f.at) as at,
           coalesce(sum(f.n) filter (where f.kind = 'accepted'), 0) as accepted,
           count(*) filter (where f.kind = 'delivered') as delivered,
           count(*) filter (where f.kind = 'bounced') as bounced,
           count(*) filter (where f.kind = 'deferred') as deferred,
           count(*) filter (where f.kind = 'expired') as expired,
           count(*) filter (where f.kind = 'suppressed') as suppressed,
           count(*) filter (where f.kind = 'cancelled') as cancelled,
           count(*) filter (where f.kind = 'returned') as returned,
           count(*) filter (where f.kind = 'complained') as complained,
           count(*) filter (where f.kind = 'unsubscribed') as unsubscribed,
           count(*) filter (where f.kind = 'opened people') as opened,
           count(*) filter (where f.kind = 'clicked people') as clicked,
           count(*) filter (where f.kind = 'suppressed' and f.why = 'hard_bounce') as suppressed_bounce,
           count(*) filter (where f.kind = 'suppressed' and f.why = 'complaint') as suppressed_complaint,
           count(*) filter (where f.why = 'address') as bounced_hard,
           count(*) filter (where f.kind in ('opened people', 'opened again people')) as opens,
           count(*) filter (where f.kind in ('clicked people', 'clicked again people')) as clicks
    from fact f cross join lateral unnest(f.tags) as x(tag)
    where f.tags <> '{}' and f.at > now() - engine.tag_statistic_kept() and x.tag !~ '^(batch:bat|broadcast:brd)_[0-9a-z]{26}$'
    group by 1, 2
  ), placed_tags as materialized (
    -- Whoever tags each message with its own number has no statistics of it, and costs nobody more than this.
    select t.*, exists (select from tag_statistic s where s.workspace_id = v_workspace and s.tag = t.tag and s.at = t.at) as known
    from tagged t
  ), written_tags as (
    insert into tag_statistic as t (workspace_id, tag, at, accepted, delivered, bounced, deferred, expired, suppressed, cancelled, returned,
      complained, unsubscribed, opened, clicked, suppressed_bounce, suppressed_complaint, bounced_hard, opens, clicks)
    select v_workspace, p.tag, p.at, p.accepted, p.delivered, p.bounced, p.deferred, p.expired, p.suppressed, p.cancelled, p.returned,
      p.complained, p.unsubscribed, p.opened, p.clicked, p.suppressed_bounce, p.suppressed_complaint, p.bounced_hard, p.opens, p.clicks
    from (
      select k.*, row_number() over (partition by k.at, k.known order by k.accepted desc, k.tag) as place,
             (select count(*) from tag_statistic s where s.workspace_id = v_workspace and s.at = k.at) as there
      from placed_tags k
    ) p
    where p.known or p.place + p.there <= engine.tags_a_day()
    on conflict (workspace_id, tag, at) do update set
      accepted = t.accepted + excluded.accepted, delivered = t.delivered + excluded.delivered, bounced = t.bounced + excluded.bounced,
      deferred = t.deferred + excluded.deferred, expired = t.expired + excluded.expired, suppressed = t.suppressed + excluded.suppressed,
      cancelled = t.cancelled + excluded.cancelled, returned = t.returned + excluded.returned, complained = t.complained + excluded.complained,
      unsubscribed = t.unsubscribed + excluded.unsubscribed, opened = t.opened + excluded.opened, clicked = t.clicked + excluded.clicked,
      suppressed_bounce = t.suppressed_bounce + excluded.suppressed_bounce,
      suppressed_complaint = t.suppressed_complaint + excluded.suppressed_complaint,
      bounced_hard = t.bounced_hard + excluded.bounced_hard,
      opens = t.opens + excluded.opens,
      clicks = t.clicks + excluded.clicks
  )
  select count(*), max(f.at) into v_rows, v_last from fact f;

  update statistic_cursor c
  set next_xid = v_until,
      counted_until = v_counted_until,
      -- Everything that had begun to be written at an instant is counted when the cursor has passed the transactions that there were then.
      through_at = greatest(c.through_at, case
        when v_more then v_last - interval '10 seconds'
        when pg_snapshot_xmin(v_snapshot) = pg_snapshot_xmax(v_snapshot) then v_taken_at - interval '1 second'
        when v_until >= c.mark_xid then c.mark_at - interval '1 second' end),
      mark_xid = case when v_until < c.mark_xid and c.mark_xid <= pg_snapshot_xmax(v_snapshot) then c.mark_xid else pg_snapshot_xmax(v_snapshot) end,
      mark_at = case when v_until < c.mark_xid and c.mark_xid <= pg_snapshot_xmax(v_snapshot) then c.mark_at else v_taken_at end,
      catching_up = v_more,
      idle_turns = case when v_rows > 0 or v_more then 0 else least(c.idle_turns + 1, 10) end,
      due_at = clock_timestamp() + case
        when v_more then interval '0'
        when v_rows > 0 then interval '3 seconds'
        else make_interval(secs => least(60, 3 * 2 ^ least(c.idle_turns, 5))) end
  where c.workspace_id = v_workspace;
  return v_rows;
end $$;

do $$
declare signature text;
begin
  -- Replacing a function takes its settings away.
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname = 'roll_statistics'
  loop
    execute format('alter function %s set plan_cache_mode = force_generic_plan', signature);
    execute format('alter function %s set enable_seqscan = off', signature);
    execute format('alter function %s set enable_bitmapscan = off', signature);
    execute format('alter function %s set enable_hashjoin = off', signature);
    execute format('alter function %s set enable_mergejoin = off', signature);
    execute format('alter function %s set max_parallel_workers_per_gather = 0', signature);
    execute format('alter function %s set jit = off', signature);
  end loop;
end $$;

alter table webhook_endpoint add column updated_at timestamptz;
comment on column webhook_endpoint.updated_at is 'class: operational. When its settings were changed last; null: never since it was made.';

create table block_dismissal (
  workspace_id uuid not null,
  address_index bytea not null,
  dismissed_at timestamptz not null default now(),
  primary key (workspace_id, address_index)
);
comment on table block_dismissal is 'class: operational. Refusals about something else than the address that nobody wants to see listed any more. Kept: as long as the workspace.';
comment on column block_dismissal.workspace_id is 'class: identifier.';
comment on column block_dismissal.address_index is 'class: blind index. Of the address; empty: of all.';
comment on column block_dismissal.dismissed_at is 'class: operational. Those until then are left out.';
select engine.protect('block_dismissal');
select engine.guard('block_dismissal', 'write');
grant select, insert, update on block_dismissal to bulkhead_api;

revoke create on schema engine from bulkhead_engine;
