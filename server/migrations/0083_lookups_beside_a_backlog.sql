-- What the engine looked up in a way that grew with the queue (docs/performance.md, "A backlog"). With 4,000,000 rows for later a read of bodies took
-- 14 ms instead of 0.5: known by the message alone, the planner took a skip scan of queue_own for the better index.
-- Lock impact: none; functions only.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

-- Sealed bodies of messages of which the lease holds one of the named recipients.
drop function engine.bodies(lane, bigint, uuid[]);
create function engine.bodies(p_lane lane, p_lease bigint, p_message uuid[], p_number integer[])
returns table (message_id uuid, sealed bytea)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select b.message_id, b.sealed
  from (
    select distinct q.message_id
    from unnest(p_message, p_number) u(message_id, number)
    join queue q on q.lane = p_lane and q.message_id = u.message_id and q.number = u.number and q.lease = p_lease
  ) held
  join body b on b.message_id = held.message_id;
end $$;

-- As in 0011; the sweep of a worker reads the index of sensitive messages, not all messages.
create or replace function engine.sensitive_leftovers(p_message uuid[], p_limit integer)
returns table (message_id uuid, workspace_id uuid, key_id uuid)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  if p_message is null then
    return query
    select m.id, m.workspace_id, encode(substring(b.sealed from 2 for 16), 'hex')::uuid
    from message m
    join body b on b.message_id = m.id
    where m.sensitive and m.expires_at > now() - interval '7 days'
      and not exists (select 1 from queue q where q.lane = m.lane and q.message_id = m.id)
    limit p_limit;
  else
    return query
    select m.id, m.workspace_id, encode(substring(b.sealed from 2 for 16), 'hex')::uuid
    from message m
    join body b on b.message_id = m.id
    where m.sensitive and m.id = any(p_message)
      and not exists (select 1 from queue q where q.lane = m.lane and q.message_id = m.id)
    limit p_limit;
  end if;
end $$;

-- As in 0039; the age is worked out once for each state and not for each row, and the sample of a larger lane is of 1,000 pages (70,000 rows).
create or replace function engine.queue_depth() returns table (lane lane, state text, recipients bigint, oldest_seconds double precision)
language plpgsql volatile security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_lane lane;
  v_pages bigint;
  v_percent real;
begin
  foreach v_lane in array enum_range(null::lane) loop
    v_pages := pg_relation_size(format('public.queue_%s', v_lane)::regclass) / current_setting('block_size')::bigint;
    v_percent := case when v_pages <= 2000 then 100 else 100.0 * 1000 / v_pages end;
    return query
    select v_lane, s.state, round(s.n * 100.0 / v_percent)::bigint, greatest(0, extract(epoch from now() - s.due))::double precision
    from (
      select case when q.held then 'held' when q.lease is not null then 'claimed' when q.due > now() and q.attempts = 0 then 'scheduled'
                  when q.due > now() then 'deferred' when q.line <> 0 then 'line' else 'ready' end as state,
             count(*) as n, min(q.due) as due
      from queue q tablesample system (v_percent) where q.lane = v_lane
      group by 1
    ) s;
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

alter function engine.bodies(lane, bigint, uuid[], integer[]) owner to bulkhead_engine;
revoke execute on function engine.bodies(lane, bigint, uuid[], integer[]) from public;
-- As in 0003: hot functions keep one plan, and may only look rows up by index.
alter function engine.bodies(lane, bigint, uuid[], integer[]) set plan_cache_mode = force_generic_plan;
alter function engine.bodies(lane, bigint, uuid[], integer[]) set enable_seqscan = off;
alter function engine.bodies(lane, bigint, uuid[], integer[]) set enable_bitmapscan = off;
alter function engine.bodies(lane, bigint, uuid[], integer[]) set enable_hashjoin = off;
alter function engine.bodies(lane, bigint, uuid[], integer[]) set enable_mergejoin = off;
alter function engine.bodies(lane, bigint, uuid[], integer[]) set max_parallel_workers_per_gather = 0;
grant execute on function engine.bodies(lane, bigint, uuid[], integer[]) to bulkhead_sender;
alter function engine.queue_depth() set enable_seqscan = off;
alter function engine.queue_depth() set enable_bitmapscan = off;
alter function engine.queue_depth() set max_parallel_workers_per_gather = 0;
revoke create on schema engine from bulkhead_engine;
