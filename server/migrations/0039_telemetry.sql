-- Telemetry: what a process asks about the whole installation, for gauges. Both functions read a bounded number of pages and rows, whatever
-- there is. Lock impact: none; functions only.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

-- Recipients that wait, by lane and state. A lane of up to 2,000 pages is counted, a larger one is estimated from as many pages picked at
-- random (TABLESAMPLE SYSTEM), so that the cost does not grow with the queue. Of what is ready the oldest is exact for the first 2,000 workspaces.
create function engine.queue_depth() returns table (lane lane, state text, recipients bigint, oldest_seconds double precision)
language plpgsql volatile security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_lane lane;
  v_pages bigint;
  v_percent real;
begin
  foreach v_lane in array enum_range(null::lane) loop
    v_pages := pg_relation_size(format('public.queue_%s', v_lane)::regclass) / current_setting('block_size')::bigint;
    v_percent := least(100, 100.0 * 2000 / greatest(v_pages, 1));
    return query
    select v_lane, s.state, round(count(*) * 100.0 / v_percent)::bigint, max(s.age)
    from (
      select case when q.held then 'held' when q.lease is not null then 'claimed' when q.due > now() and q.attempts = 0 then 'scheduled'
                  when q.due > now() then 'deferred' when q.line <> 0 then 'line' else 'ready' end as state,
             greatest(0, extract(epoch from now() - q.due))::double precision as age
      from queue q tablesample system (v_percent) where q.lane = v_lane
    ) s group by 2;
    return query
    with recursive ready(workspace_id, due, n) as (
      (select q.workspace_id, q.due, 1 from queue q
       where q.lane = v_lane and q.lease is null and not q.held and q.line = 0 order by q.workspace_id, q.due limit 1)
      union all
      select x.workspace_id, x.due, ready.n + 1
      from ready
      cross join lateral (
        select q.workspace_id, q.due from queue q
        where q.lane = v_lane and q.lease is null and not q.held and q.line = 0 and q.workspace_id > ready.workspace_id
        order by q.workspace_id, q.due limit 1
      ) x
      where ready.n < 2000
    )
    select v_lane, 'oldest ready', null::bigint, greatest(0, extract(epoch from now() - min(r.due)))::double precision from ready r
    having min(r.due) is not null;
  end loop;
end $$;

-- Numbers of the installation; at most 100,000 rows of a kind are counted.
create function engine.installation_gauges() returns table (name text, label text, value double precision)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  with webhooks as (
    select count(*) as n, min(w.due) as due from (select d.due from webhook_delivery d where d.state = 'pending' limit 100000) w
  )
  select 'webhooks_waiting', '', n::double precision from webhooks
  union all select 'webhooks_oldest', '', greatest(0, coalesce(extract(epoch from now() - due), 0))::double precision from webhooks;
  return query
  select 'overlays', o.kind || case when o.workspace_id is null then ' site' else ' workspace' end, count(*)::double precision
  from (select kind, workspace_id from operations.shaping_overlay where ended_at is null and until > now() limit 100000) o group by 2;
  return query
  select 'containments', c.scope, count(*)::double precision
  from (select scope from containment where state in ('active', 'lift_requested') and until > now() limit 100000) c group by 2;
  return query
  select 'pauses', '', count(*)::double precision
  from (select from operations.pause p where p.ended_at is null and (p.until is null or p.until > now()) limit 100000) p;
  return query
  select 'leases', '', count(*)::double precision from (select from worker_lease l where l.expires_at > now() limit 100000) l;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('queue_depth', 'installation_gauges')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
alter function engine.queue_depth() set enable_seqscan = off;
alter function engine.queue_depth() set enable_bitmapscan = off;
alter function engine.queue_depth() set max_parallel_workers_per_gather = 0;
grant execute on function engine.queue_depth, engine.installation_gauges to bulkhead_worker;
revoke create on schema engine from bulkhead_engine;
