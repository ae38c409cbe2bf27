-- Sending a message again, the deliveries of webhooks that tell about one message, and finding few messages among many. docs/api.md.
-- Lock impact: webhook_delivery (seven days of deliveries) is read once for an index, during which deliveries wait to be written; so are the
-- tables of messages and outcomes, week by week, during which no mail is accepted or settled (measured: 3 s for a million messages). Reading
-- is never held up.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create index webhook_delivery_message on webhook_delivery (message_id) where message_id is not null;

-- Only what is rare is indexed, so that most mail pays nothing: outcomes that are no delivery, messages with tags, lanes that are not the usual.
-- Measured: 4 µs for a bulk message with two tags, nothing for a transactional one without.
create index outcome_unreached on outcome (workspace_id, state, message_id) where state <> 'delivered';
create index message_tags on message using gin (tags) where tags <> '{}';
create index message_lane on message (workspace_id, lane, id) where lane <> 'transactional';

-- Tells on the timeline of a message, to the feed and to webhooks, that it was sent again. Nothing where the workspace has no such message.
create function engine.note_resend(p_workspace uuid, p_message uuid, p_detail jsonb) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  select engine.tell_queue('message.resent', p_detail, array[m.id], array[null::integer], array[m.workspace_id])
  from message m where m.workspace_id = p_workspace and m.id = p_message and length(p_detail::text) <= 65536
$$;

-- The newest p_limit messages of a workspace that a filter lets through; null asks for nothing. First the newest of them are looked at one by
-- one: what is asked for is mostly there. Then the rest, from where there is least to look at: the recipient's index, outcomes, the queue,
-- tags, lanes. A function of the engine's own, because under row-level security no plan may look up a tag or a lane in an index, nor know how
-- often there is one (their comparisons are not leak-proof). The workspace is part of every look-up.
create function engine.find_messages(
  p_workspace uuid, p_before uuid, p_from uuid, p_until uuid, p_lane lane, p_tag text, p_state text, p_address bytea, p_limit integer
) returns setof uuid
language plpgsql stable security definer set search_path = public, engine, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_material = off
set max_parallel_workers_per_gather = 0 set jit = off as $$
declare
  v_first constant integer := 5000;
  v_top uuid := least(coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff'), coalesce(p_until, 'ffffffff-ffff-ffff-ffff-ffffffffffff'));
  v_bottom uuid := coalesce(p_from, '00000000-0000-0000-0000-000000000000');
  v_last uuid;
  v_seen integer;
  v_found uuid[];
  v_kind text := '';
  v_state text := '';
  v_waiting text;
  v_driver text;
begin
  if p_workspace is distinct from engine.current_workspace() then return; end if;
  v_waiting := case p_state
    when 'held' then 'q.held'
    when 'scheduled' then 'not q.held and q.due > now() and q.attempts = 0 and q.lease is null'
    when 'pending' then 'not q.held and (q.due <= now() or q.attempts > 0 or q.lease is not null)'
  end;
  if p_lane is not null then
    v_kind := v_kind || ' and m.lane = $5' || case when p_lane <> 'transactional' then ' and m.lane <> ''transactional''' else '' end;
  end if;
  if p_tag is not null then v_kind := v_kind || ' and m.tags <> ''{}'' and m.tags @> array[$6]'; end if;
  if v_waiting is not null then
    v_state := ' and exists (select 1 from queue q where q.lane = m.lane and q.message_id = m.id and ' || v_waiting || ')';
  elsif p_state is not null then
    v_state := ' and exists (select 1 from outcome o where o.message_id = m.id and o.state = $7::final_state)';
  end if;

  if p_address is null then
    execute 'with newest as materialized (
               select m.id, m.lane, m.tags from message m
               where m.workspace_id = $1 and m.id < $2 and m.id >= $3 order by m.id desc limit $4
             ), kept as (
               select m.id from newest m where true' || v_kind || v_state || ' order by m.id desc limit $8
             )
             select (select min(n.id::text)::uuid from newest n), (select count(*) from newest), array(select k.id from kept k order by k.id desc)'
      into v_last, v_seen, v_found
      using p_workspace, v_top, v_bottom, v_first, p_lane, p_tag, p_state, p_limit;
    return query select unnest(v_found);
    if v_seen < v_first or cardinality(v_found) >= p_limit then return; end if;
    v_top := v_last;
  end if;

  -- Each driver answers ids, newest first and each once; what it does not look at itself is asked of the message, one by one until there are
  -- enough. Tags come out of their index whole before anything is sorted: a plan that hopes to find enough on the way reads everything.
  v_driver := case
    when p_address is not null then
      'select distinct r.message_id as id from recipient r
       where r.workspace_id = $1 and r.address_index = $4 and r.message_id < $2 and r.message_id >= $3 order by 1 desc'
    when v_waiting is not null then
      'select distinct q.message_id as id from queue q
       where q.workspace_id = $1 and q.message_id < $2 and q.message_id >= $3 and ' || v_waiting || ' order by 1 desc'
    when p_state is not null and p_state <> 'delivered' then
      'select distinct o.message_id as id from outcome o
       where o.workspace_id = $1 and o.state = $7::final_state and o.state <> ''delivered'' and o.message_id < $2 and o.message_id >= $3
       order by 1 desc'
    when p_tag is not null and coalesce(p_lane not in ('critical', 'internal'), true) then
      'with found as materialized (
         select m.id from message m where m.workspace_id = $1 and m.id < $2 and m.id >= $3' || v_kind || '
       ) select f.id from found f order by 1 desc'
    when p_lane is not null then
      'select m.id from message m
       where m.workspace_id = $1 and m.id < $2 and m.id >= $3 and m.lane = $5'
       || case when p_lane <> 'transactional' then ' and m.lane <> ''transactional''' else '' end || ' order by 1 desc'
    else
      'select m.id from message m where m.workspace_id = $1 and m.id < $2 and m.id >= $3 order by 1 desc'
  end;
  return query execute
    'select m.id from (' || v_driver || ') d join message m on m.id = d.id and m.workspace_id = $1' || v_kind || v_state || ' limit $8'
    using p_workspace, v_top, v_bottom, p_address, p_lane, p_tag, p_state, p_limit - coalesce(cardinality(v_found), 0);
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('note_resend', 'find_messages')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.note_resend, engine.find_messages to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
