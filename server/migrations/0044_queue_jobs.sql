-- What the screens of operators show: acts on the queue as jobs that are cancelled where they are; what waits by line, pool and holder; ramps of
-- warm-ups; what protects mail on its way.
-- Lock impact: none but a moment's on operations.act.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

alter table operations.act add column cancelled_at timestamptz;
comment on column operations.act.cancelled_at is 'class: operational. When somebody stopped it at work; what it had done by then stayed.';
alter table operations.act drop constraint act_outcome_check;
alter table operations.act add constraint act_outcome_check check (outcome in ('done', 'resumed', 'lapsed', 'undone', 'empty', 'cancelled'));

-- Stops an act where it is. What it had held stays held, what it had freed or moved stays so, and all of it can be taken back; expire ends
-- nobody any more. A pause is not cancelled: it stops mail by itself, however much it has marked.
create function engine.cancel_queue_act(p_act uuid, p_origin text, p_workspace uuid, p_actor text) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare a operations.act;
begin
  perform engine.may_act(p_origin, p_workspace);
  select * into a from operations.act x where x.id = p_act for update;
  if not found or p_origin = 'workspace' and a.workspace_id is distinct from p_workspace then
    raise exception using errcode = 'BH404', message = 'there is no such act';
  end if;
  if p_origin = 'staff' or p_origin = 'workspace' and a.origin <> 'workspace' then
    raise exception using errcode = 'BH403', message = 'this act was made by those who run the installation, and they cancel it';
  end if;
  if a.kind = 'pause' then
    raise exception using errcode = 'BH409', message = 'a pause stops mail by itself, however much of it is marked; resume it instead';
  end if;
  if a.state not in ('taking', 'returning', 'ending') then
    raise exception using errcode = 'BH409', message = case when a.state = 'ended' then 'this act has ended'
      else 'this act is not at work; undo it to take back what it did' end;
  end if;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), a.workspace_id, p_actor, 'queue.cancelled', p_act::text,
    jsonb_build_object('act', p_act, 'kind', a.kind, 'step', a.state, 'taken', a.taken, 'givenBack', a.given_back, 'ended', a.ended));
  if a.undoes is not null then
    -- What was not taken back yet can be asked for again.
    update operations.act x
    set undone_by = null, outcome = case x.outcome when 'undone' then 'cancelled' else x.outcome end where x.id = a.undoes;
  end if;
  if a.kind in ('hold', 'expire') then
    delete from operations.awaited w where w.act_id = p_act;
    update operations.act x
    set state = 'standing', outcome = 'cancelled', cancelled_at = clock_timestamp(), grace_until = null, step_began = null, waits_for = null,
        at_lane = null, at_workspace = null, at_expires = null, at_message = null, at_number = null, next_at = clock_timestamp()
    where x.id = p_act;
  else
    update operations.act x set outcome = 'cancelled', cancelled_at = clock_timestamp() where x.id = p_act;
    perform engine.end_act(p_act, 'cancelled');
  end if;
end $$;

-- Sites of these names, and one of each of these providers, as senders have found them.
create function engine.known_sites(p_sites text[], p_providers text[]) returns table (site text, provider text, mx_hosts text[])
language sql stable security definer set search_path = public, engine, pg_temp as $$
  (select d.site, d.provider, d.mx_hosts from unnest(p_sites) as s(name) cross join lateral (
     select x.site, x.provider, x.mx_hosts from destination_site x where x.site = s.name limit 1) d limit 500)
  union all
  (select d.site, d.provider, d.mx_hosts from unnest(p_providers) as s(name) cross join lateral (
     select x.site, x.provider, x.mx_hosts from destination_site x where x.provider = s.name limit 1) d limit 500)
$$;

-- As in 0035, and whether a row is in a line.
drop function engine.queue_slice;
create function engine.queue_slice(
  f operations.filter, p_lane lane, p_workspace uuid, p_messages uuid[], p_after_workspace uuid, p_after_expires timestamptz,
  p_after_message uuid, p_after_number integer, p_limit integer
) returns table (
  place bigint, message_id uuid, number integer, workspace_id uuid, expires_at timestamptz, destination bigint, due timestamptz,
  attempts integer, lease bigint, held boolean, hold uuid, line bigint, matches boolean
)
language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
  select row_number() over (), s.message_id, s.number, s.workspace_id, s.expires_at, s.destination, s.due, s.attempts, s.lease, s.held, s.hold, s.line,
    (f.lanes is null or p_lane::text = any(f.lanes))
    and (f.below is null or s.message_id < f.below)
    and (f.first is null or s.message_id >= f.first)
    and (f.attempts_min is null or s.attempts >= f.attempts_min)
    and (f.attempts_max is null or s.attempts <= f.attempts_max)
    and (f.due_before is null or s.due < f.due_before)
    and (f.due_after is null or s.due > f.due_after)
    and (f.messages is null or s.message_id = any(f.messages))
    and (f.destinations is null or s.destination = any(f.destinations))
    and (f.sites is null and f.providers is null or coalesce((
      select (f.sites is null or d.site = any(f.sites)) and (f.providers is null or d.provider = any(f.providers))
      from destination_site d where d.destination = s.destination), false))
    and (f.tags is null and f.from_domains is null or coalesce((
      select (f.tags is null or m.tags && f.tags) and (f.from_domains is null or m.from_domain = any(f.from_domains))
      from message m where m.id = s.message_id), false))
    and (f.pools is null or engine.pool_of(s.workspace_id, p_lane) = any(f.pools))
    and (f.replies is null and f.reply_classes is null
         or s.attempts > 0 and engine.last_reply_is(s.message_id, s.number, f.replies, f.reply_classes))
  from (
    (select q.* from queue q
     where p_messages is not null and q.lane = p_lane and q.message_id = any(p_messages)
       and (p_workspace is null or q.workspace_id = p_workspace) and (q.message_id, q.number) > (p_after_message, p_after_number)
     order by q.message_id, q.number limit p_limit)
    union all
    (select q.* from queue q
     where p_messages is null and p_workspace is not null and q.lane = p_lane and q.workspace_id = p_workspace
       and (q.expires_at, q.message_id, q.number) > (p_after_expires, p_after_message, p_after_number)
     order by q.expires_at, q.message_id, q.number limit p_limit)
    union all
    (select q.* from queue q
     where p_messages is null and p_workspace is null and q.lane = p_lane
       and (q.workspace_id, q.expires_at, q.message_id, q.number)
         > (p_after_workspace, p_after_expires, p_after_message, p_after_number)
     order by q.workspace_id, q.expires_at, q.message_id, q.number limit p_limit)
  ) s;
end $$;

-- As in 0035, by line, pool and holder too, with the oldest message of each part and five examples of what the act would touch.
create or replace function engine.count_queue(
  p_kind text, p_origin text, p_workspace uuid, p_filter jsonb, p_lane lane, p_after jsonb, p_limit integer
) returns jsonb
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  f operations.filter := jsonb_populate_record(null::operations.filter, p_filter);
  v_result jsonb;
  v_releasable uuid[] := case when p_kind = 'release' then engine.releasable(p_origin, p_workspace) else '{}' end;
begin
  perform engine.may_act(p_origin, p_workspace);
  with slice as materialized (
    select s.* from engine.queue_slice(f, p_lane, p_workspace, f.messages, coalesce((p_after ->> 'workspace')::uuid, '00000000-0000-0000-0000-000000000000'),
      coalesce((p_after ->> 'expires')::timestamptz, '-infinity'), coalesce((p_after ->> 'message')::uuid, '00000000-0000-0000-0000-000000000000'),
      coalesce((p_after ->> 'number')::integer, 0), p_limit) s
  ), kept as materialized (
    select c.workspace_id from containment c
    where c.state in ('active', 'lift_requested') and c.until > clock_timestamp() and c.capabilities && array['deliver', 'deliver:' || p_lane]
      and c.subject is null and c.actor_class in ('any', 'sender')
  ), named as (
    select s.workspace_id, s.destination, s.due, s.message_id, s.number, s.attempts, s.place, case when s.held then s.hold end as hold,
           case when s.held then 'held' when s.lease is not null then 'in flight'
                when s.due > now() and s.attempts = 0 then 'scheduled'
                when s.due > now() then 'deferred'
                when exists (select from kept k where k.workspace_id is null or k.workspace_id = s.workspace_id) then 'contained'
                when s.line <> 0 then 'line'
                else 'ready' end as state,
           case p_kind
             when 'release' then s.held and (s.hold = any(v_releasable) or exists (
               select from operations.second_hold h
               where h.message_id = s.message_id and h.number = s.number and h.act_id = any(v_releasable)))
             when 'requeue' then s.lease is null and not s.held and s.due > now() and s.attempts > 0
             else true end as applies
    from slice s
    where s.matches
  ), places as (
    select n.workspace_id, n.destination, n.state, n.applies, n.hold, count(*) as recipients, min(n.due) as oldest,
           min(n.message_id::text) as first
    from named n group by 1, 2, 3, 4, 5
  ), groups as (
    select p.workspace_id, d.site, d.provider, p.state, p.applies, p.hold, sum(p.recipients) as recipients, min(p.oldest) as oldest,
           min(p.first) as first
    from places p left join destination_site d on d.destination = p.destination
    group by 1, 2, 3, 4, 5, 6
  ), examples as (
    select n.message_id, n.workspace_id, n.number, n.state, n.due, n.attempts, d.site
    from named n left join destination_site d on d.destination = n.destination
    where n.applies order by n.place limit 5
  )
  select jsonb_build_object(
    'groups', coalesce((select jsonb_agg(jsonb_build_object('workspace', g.workspace_id, 'site', g.site, 'provider', g.provider, 'state', g.state,
      'applies', g.applies, 'recipients', g.recipients, 'oldest', g.oldest, 'first', g.first,
      'pool', engine.pool_of(g.workspace_id, p_lane),
      'holder', case when g.hold is not null then (
        select jsonb_build_object('act', a.id, 'kind', a.kind, 'origin', a.origin, 'reason', a.reason, 'until', a.until)
        from operations.act a where a.id = g.hold or a.pause_id = g.hold limit 1) end)) from groups g), '[]'),
    'examples', coalesce((select jsonb_agg(jsonb_build_object('message', x.message_id, 'workspace', x.workspace_id, 'number', x.number,
      'state', x.state, 'due', x.due, 'attempts', x.attempts, 'site', x.site)) from examples x), '[]'),
    'scanned', (select count(*) from slice),
    'after', (select jsonb_build_object('workspace', s.workspace_id, 'expires', s.expires_at, 'message', s.message_id, 'number', s.number)
              from slice s order by s.place desc limit 1))
  into v_result;
  return v_result;
end $$;

-- As in 0034, with the whole ramp of each warm-up and what was used of it by day.
create or replace function engine.list_sources() returns table (source text, hosts text, pauses text, warm_ups text)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  with names as (
    select p.source from sources.presence p union select w.source from sources.warm_up w where w.told_at > now() - interval '1 day'
    union select p.source from sources.pause p where p.ended_at is null and (p.until_at is null or p.until_at > now())
    order by 1 limit 1000
  )
  select n.source,
         (select coalesce(jsonb_agg(jsonb_build_object(
            'host', p.host, 'ehloName', p.ehlo, 'addresses', p.local_ips, 'weight', p.weight, 'pools', p.pools, 'usable', p.usable,
            'why', p.why, 'live', p.seen_at > clock_timestamp() - interval '30 seconds', 'seenAt', p.seen_at) order by p.host), '[]')::text
          from sources.presence p where p.source = n.source),
         (select coalesce(jsonb_agg(jsonb_build_object(
            'id', p.id, 'provider', p.provider, 'kind', p.kind, 'reason', p.reason, 'evidence', p.evidence, 'beganAt', p.began_at,
            'until', p.until_at, 'by', p.made_by) order by p.began_at), '[]')::text
          from sources.pause p
          where p.source = n.source and p.ended_at is null and (p.until_at is null or p.until_at > clock_timestamp())),
         (select coalesce(jsonb_agg(jsonb_build_object(
            'provider', w.provider, 'start', w.start_day, 'day', y.step + 1, 'days', cardinality(w.ramp),
            'allowed', case when y.step < 0 then 0 when y.step >= cardinality(w.ramp) then null else w.ramp[y.step + 1] end,
            'used', coalesce(d.spent, 0) + coalesce(s.used, 0), 'taken', coalesce(d.spent, 0) + coalesce(s.opened, 0),
            'complaints', coalesce(d.complaints, 0),
            'setBack', w.steps_back, 'ramp', w.ramp,
            'history', (select coalesce(jsonb_agg(jsonb_build_object('day', h.day, 'used', h.spent + coalesce((
                          select sum(z.used) from sources.warm_up_share z
                          where z.source = w.source and z.provider = w.provider and z.day = h.day), 0),
                          'allowed', h.allowed, 'complaints', h.complaints) order by h.day), '[]')
                        from (select x.* from sources.warm_up_day x where x.source = w.source and x.provider = w.provider
                              order by x.day desc limit 60) h),
            'state', case when (engine.source_pause(w.source, w.provider)).id is not null then 'paused'
                          when y.step < 0 then 'early' when y.step >= cardinality(w.ramp) then 'warm' else 'warming' end)
            order by w.provider), '[]')::text
          from sources.warm_up w
          cross join lateral (select (clock_timestamp() at time zone 'utc')::date as today) t
          cross join lateral (select engine.warm_up_step(w, t.today) as step) y
          left join sources.warm_up_day d on d.source = w.source and d.provider = w.provider and d.day = t.today
          left join lateral (select sum(s.used) as used, sum(s.opened) as opened from sources.warm_up_share s
                             where s.source = w.source and s.provider = w.provider and s.day = t.today) s on true
          where w.source = n.source and w.told_at > now() - interval '1 day')
  from names n order by n.source
$$;

-- What protects mail on its way: how many destinations are enforced how, and the sessions of today and yesterday under each policy.
create function engine.tls_shares() returns table (policy text, destinations bigint, domains bigint, sessions bigint, failures bigint)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  with counted as (
    select case r.policy_type when 'tlsa' then 'dane' when 'sts' then 'sts' else 'none' end as policy, count(distinct r.domain) as domains,
           sum(r.sessions) as sessions, coalesce(sum(r.sessions) filter (where r.result <> 'success'), 0) as failures
    from transport.result r where r.day >= (now() at time zone 'utc')::date - 1 group by 1
  ), found as (
    select coalesce(d.policy, 'none') as policy, count(*) as destinations from destination_site d group by 1
  )
  select k.policy, coalesce(f.destinations, 0), coalesce(c.domains, 0), coalesce(c.sessions, 0)::bigint, coalesce(c.failures, 0)::bigint
  from unnest(array['dane', 'sts', 'none']) as k(policy)
  left join found f on f.policy = k.policy
  left join counted c on c.policy = k.policy
$$;

-- Sessions of today and yesterday that did not go as they should, the most first.
create function engine.tls_problems(p_limit integer)
returns table (domain text, policy text, result text, mx_host text, sessions bigint, last_day text)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select r.domain, case r.policy_type when 'tlsa' then 'dane' when 'sts' then 'sts' else 'none' end, r.result, r.mx_host,
         sum(r.sessions)::bigint, max(r.day)::text
  from transport.result r
  where r.day >= (now() at time zone 'utc')::date - 1 and r.result <> 'success'
  group by 1, 2, 3, 4
  order by 5 desc, 1, 3, 4
  limit least(p_limit, 100)
$$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('cancel_queue_act', 'known_sites', 'queue_slice', 'count_queue', 'list_sources',
      'tls_shares', 'tls_problems')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname = 'count_queue'
  loop
    execute format('alter function %s set plan_cache_mode = force_generic_plan', signature);
    execute format('alter function %s set enable_seqscan = off', signature);
    execute format('alter function %s set enable_bitmapscan = off', signature);
    execute format('alter function %s set enable_hashjoin = off', signature);
    execute format('alter function %s set enable_mergejoin = off', signature);
    execute format('alter function %s set max_parallel_workers_per_gather = 0', signature);
  end loop;
end $$;

grant execute on function engine.cancel_queue_act, engine.known_sites, engine.tls_shares, engine.tls_problems to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
