-- What an endpoint answered and how long it took; failed deliveries are found by an index. docs/api.md, Webhooks.
-- Lock impact: webhook_delivery (seven days of deliveries) gets two columns without default and is read once for an index, during which
-- deliveries wait to be written.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

alter table webhook_delivery add column last_ms integer check (last_ms >= 0), add column answer bytea;
comment on column webhook_delivery.last_ms is 'class: operational. How long the last try took, in milliseconds, from looking up the name to the end of the answer.';
comment on column webhook_delivery.answer is 'class: personal, sealed (content). The begin of what the endpoint answered last, which may repeat what it was sent; never of sensitive messages.';

create index webhook_delivery_failed on webhook_delivery (workspace_id, endpoint_id, commit_xid, sequence) where state = 'failed';

-- As in 0007, with the sealed answer of the try before: a test is written with an empty one, whose key seals the next.
drop function engine.claim_webhooks(integer, integer, integer, uuid[], uuid);
create function engine.claim_webhooks(
  p_limit integer, p_per_endpoint integer, p_lease_seconds integer, p_flying uuid[], p_after uuid
) returns table (
  id uuid, endpoint_id uuid, workspace_id uuid, type text, event_id uuid, message_id uuid, number integer, tries integer,
  created_at timestamptz, url text, secret bytea, previous_secret bytea, failing_since timestamptz,
  happened_at timestamptz, attempts integer, detail jsonb, address bytea, sensitive boolean, tags text[], summary bytea,
  answer bytea
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
         case when m.sensitive then null else m.summary end, t.answer
  from taken t
  join webhook_endpoint e on e.id = t.endpoint_id
  left join message m on m.id = t.message_id
  left join recipient r on r.message_id = t.message_id and r.number = t.number
  left join outcome o on o.message_id = t.message_id and o.number = t.number and o.event_id = t.event_id
  left join audit_entry a on t.type = 'audit.recorded' and a.workspace_id = t.workspace_id
    and a.index = ('x' || right(replace(t.event_id::text, '-', ''), 12))::bit(48)::bigint
  left join event v on v.message_id = t.message_id and v.id = t.event_id
  left join containment k on t.type = 'containment.changed' and k.id = t.event_id;
end $$;

-- As in 0004, with what the try took and was answered. A worker of the version before calls it without the two.
drop function engine.settle_webhook(uuid, text, timestamptz, integer, text, text);
create function engine.settle_webhook(
  p_id uuid, p_state text, p_due timestamptz, p_status integer, p_error text, p_disable text,
  p_ms integer default null, p_answer bytea default null
) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare v_endpoint uuid;
begin
  update webhook_delivery d
  set state = p_state, attempts = d.attempts + 1, due = coalesce(p_due, d.due), lease_until = null,
      last_status = p_status, last_error = p_error, last_ms = p_ms, answer = coalesce(p_answer, d.answer),
      settled_at = case when p_state = 'pending' then null else now() end
  where d.id = p_id
  returning d.endpoint_id into v_endpoint;
  if v_endpoint is null then return; end if;
  if p_state = 'delivered' then
    update webhook_endpoint set failing_since = null where id = v_endpoint and failing_since is not null;
  else
    update webhook_endpoint set failing_since = now() where id = v_endpoint and failing_since is null;
    if p_disable is not null then
      update webhook_endpoint set state = 'disabled', disabled_reason = p_disable
      where id = v_endpoint and state = 'enabled';
    end if;
  end if;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('claim_webhooks', 'settle_webhook')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
-- As the other hot statements: one plan for the life of a connection, and never a sequential scan in it.
alter function engine.claim_webhooks set plan_cache_mode = force_generic_plan;
alter function engine.claim_webhooks set enable_seqscan = off;
alter function engine.claim_webhooks set max_parallel_workers_per_gather = 0;
grant execute on function engine.claim_webhooks, engine.settle_webhook to bulkhead_worker;
revoke create on schema engine from bulkhead_engine;
