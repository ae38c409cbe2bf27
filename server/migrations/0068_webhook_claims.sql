-- Recipients are read for the events that tell of them and for no others: as a condition of the join it was asked after they were read, for each
-- of a thousand deliveries of a message to a thousand.
-- Lock impact: none.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

-- As in 0053.
create or replace function engine.claim_webhooks(
  p_limit integer, p_per_endpoint integer, p_lease_seconds integer, p_flying uuid[], p_after uuid
) returns table (
  id uuid, endpoint_id uuid, workspace_id uuid, type text, event_id uuid, message_id uuid, number integer, tries integer,
  created_at timestamptz, url text, secret bytea, previous_secret bytea, failing_since timestamptz,
  happened_at timestamptz, attempts integer, detail jsonb, address bytea, sensitive boolean, tags text[], summary bytea,
  answer bytea, format text, signing boolean, format_events text[], accepted_at timestamptz, send_at timestamptz,
  topic_number integer, numbers integer[], kinds text[], addresses bytea[]
)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_everything boolean;
  v_blocked uuid[] := '{}';
begin
  if current_setting('transaction_isolation') <> 'read committed' or pg_advisory_xact_lock_shared(engine.guard_lock()) is null then
    raise exception using errcode = '0A000', message = 'claims run at READ COMMITTED only';
  end if;
  if exists (select from containment c where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()) then
    select f.everything, f.workspaces into v_everything, v_blocked from engine.contained_for('worker', array['webhook']) f;
    if v_everything then return; end if;
  end if;
  return query
  with recursive waiting(e, n) as (
    (select (select d.endpoint_id from webhook_delivery d where d.state = 'pending' and d.endpoint_id > p_after
             order by d.endpoint_id limit 1), 1)
    union all
    select (select d.endpoint_id from webhook_delivery d where d.state = 'pending' and d.endpoint_id > waiting.e
            order by d.endpoint_id limit 1), waiting.n + 1
    from waiting where waiting.e is not null and waiting.n < 256
  ), picked as materialized (
    select q.id
    from waiting
    join webhook_endpoint e on e.id = waiting.e and e.state = 'enabled' and e.workspace_id <> all(v_blocked)
    cross join lateral (
      select d.id
      from webhook_delivery d
      where d.endpoint_id = waiting.e and d.state = 'pending' and d.due <= now()
        and (d.lease_until is null or d.lease_until < now())
      order by d.due
      limit greatest(0, p_per_endpoint - (select count(*) from unnest(p_flying) f where f = waiting.e))
      for update skip locked
    ) q
    limit p_limit
  ), taken as (
    update webhook_delivery d
    set lease_until = now() + make_interval(secs => p_lease_seconds)
    from picked
    where d.id = picked.id
    returning d.*
  )
  select t.id, t.endpoint_id, t.workspace_id, t.type, t.event_id, t.message_id, t.number, t.attempts, t.created_at,
         e.url, e.secret, case when e.previous_secret_expires_at > now() then e.previous_secret end, e.failing_since,
         coalesce(o.at, v.at, a.at, m.created_at, t.created_at), o.attempts,
         coalesce(o.detail, v.detail, a.record::jsonb - '{v,id,workspace}'::text[] || jsonb_build_object('index', a.index), to_jsonb(k) - '{workspace_id,ended_at}'::text[], '{}'), r.address,
         coalesce(m.sensitive, false), coalesce(m.tags, '{}'),
         case when m.sensitive then null else m.summary end, t.answer, e.format, e.signing, e.format_events, m.created_at, m.send_at,
         p.number, w.numbers, w.kinds, w.addresses
  from taken t
  join webhook_endpoint e on e.id = t.endpoint_id
  left join message m on m.id = t.message_id
  left join topic p on p.workspace_id = m.workspace_id and p.id = m.topic_id
  left join recipient r on r.message_id = t.message_id and r.number = t.number
  left join outcome o on o.message_id = t.message_id and o.number = t.number and o.event_id = t.event_id
  left join audit_entry a on t.type = 'audit.recorded' and a.workspace_id = t.workspace_id
    and a.index = ('x' || right(replace(t.event_id::text, '-', ''), 12))::bit(48)::bigint
  left join event v on v.message_id = t.message_id and v.id = t.event_id
  left join lateral (
    select array_agg(x.number order by x.number) as numbers, array_agg(x.kind order by x.number) as kinds,
           array_agg(x.address order by x.number) as addresses
    from recipient x
    left join outcome y on y.message_id = x.message_id and y.number = x.number
    where e.format <> 'bulkhead' and t.type = 'message.accepted' and x.message_id = t.message_id
      and (y.state is null or y.state not in ('suppressed', 'cancelled') or y.attempts > 0 or y.at > coalesce(m.send_at, m.created_at))
  ) w on true
  left join containment k on t.type = 'containment.changed' and k.id = t.event_id;
end $$;

alter function engine.claim_webhooks set plan_cache_mode = force_generic_plan;
alter function engine.claim_webhooks set enable_seqscan = off;
alter function engine.claim_webhooks set max_parallel_workers_per_gather = 0;
revoke create on schema engine from bulkhead_engine;
