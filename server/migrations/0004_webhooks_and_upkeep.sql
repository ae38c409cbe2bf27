-- Webhook dispatch and upkeep across workspaces, grace of sending domains, look-up of dead credentials.
-- Lock impact: adds two columns without a default that rewrites; index changes on webhook_delivery, which is small (7 days).

-- A verified domain whose records vanish stays usable for 72 hours from this instant.
alter table sending_domain add column failing_since timestamptz;
comment on column sending_domain.failing_since is 'class: operational. First check of a verified domain that did not find its records; null while they are found.';
create index sending_domain_due on sending_domain (next_check_at);

-- The pull cursor orders by commit; the claim skips from endpoint to endpoint through the ready index, so that a backlog of one
-- endpoint, or of a disabled one, is passed over in one step.
drop index webhook_delivery_endpoint;
create index webhook_delivery_feed on webhook_delivery (workspace_id, endpoint_id, commit_xid, sequence);
drop index webhook_delivery_ready;
create index webhook_delivery_ready on webhook_delivery (endpoint_id, due) where state = 'pending';
alter table webhook_delivery set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
grant insert on webhook_delivery to bulkhead_api;


grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;
grant select, update on sending_domain to bulkhead_engine;
grant select, insert, update, delete on captured to bulkhead_engine;

-- Takes due deliveries of enabled endpoints for p_lease_seconds: at most p_per_endpoint at once per endpoint, counting those that
-- the caller has in flight (p_flying names an endpoint once for each). Answers what a payload is made of.
create function engine.claim_webhooks(
  p_limit integer, p_per_endpoint integer, p_lease_seconds integer, p_flying uuid[], p_after uuid
) returns table (
  id uuid, endpoint_id uuid, workspace_id uuid, type text, event_id uuid, message_id uuid, number integer, tries integer,
  created_at timestamptz, url text, secret bytea, previous_secret bytea, failing_since timestamptz,
  happened_at timestamptz, attempts integer, detail jsonb, address bytea, sensitive boolean, tags text[], summary bytea
)
language plpgsql security definer set search_path = public, engine as $$
#variable_conflict use_column
begin
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
    join webhook_endpoint e on e.id = waiting.e and e.state = 'enabled'
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
         coalesce(o.at, v.at, m.created_at, t.created_at), o.attempts, coalesce(o.detail, v.detail, '{}'), r.address,
         coalesce(m.sensitive, false), coalesce(m.tags, '{}'),
         case when m.sensitive then null else m.summary end
  from taken t
  join webhook_endpoint e on e.id = t.endpoint_id
  left join message m on m.id = t.message_id
  left join recipient r on r.message_id = t.message_id and r.number = t.number
  left join outcome o on o.message_id = t.message_id and o.number = t.number and o.event_id = t.event_id
  left join event v on v.message_id = t.message_id and v.id = t.event_id;
end $$;

-- Writes the end of one try. p_state: 'delivered', 'failed' (no further try) or 'pending' with the next p_due.
-- p_disable: the endpoint is switched off, with the reason. A success ends the endpoint's failing time; a failure begins it.
create function engine.settle_webhook(
  p_id uuid, p_state text, p_due timestamptz, p_status integer, p_error text, p_disable text
) returns void
language plpgsql security definer set search_path = public, engine as $$
declare v_endpoint uuid;
begin
  update webhook_delivery d
  set state = p_state, attempts = d.attempts + 1, due = coalesce(p_due, d.due), lease_until = null,
      last_status = p_status, last_error = p_error,
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

-- Puts a claimed delivery back untried: the dispatcher stopped, or the keyring was away.
create function engine.release_webhook(p_id uuid, p_due timestamptz) returns void
language sql security definer set search_path = public, engine as $$
  update webhook_delivery set lease_until = null, due = coalesce(p_due, due) where id = p_id and state = 'pending'
$$;

create function engine.trim_webhooks(p_older_than interval, p_limit integer) returns bigint
language sql security definer set search_path = public, engine as $$
  with gone as (
    delete from webhook_delivery
    where id in (select d.id from webhook_delivery d where d.created_at < now() - p_older_than order by d.created_at limit p_limit)
    returning 1
  )
  select count(*) from gone
$$;

-- Keeps the newest p_keep captured messages of each workspace.
create function engine.trim_captured(p_keep integer, p_limit integer) returns bigint
language sql security definer set search_path = public, engine as $$
  with gone as (
    delete from captured
    where id in (
      select o.id
      from (select c.id, row_number() over (partition by c.workspace_id order by c.id desc) as place from captured c) o
      where o.place > p_keep
      limit p_limit)
    returning 1
  )
  select count(*) from gone
$$;

create function engine.trim_idempotency(p_limit integer) returns bigint
language sql security definer set search_path = public, engine as $$
  with gone as (
    delete from idempotency
    where ctid = any(array(
      select i.ctid from idempotency i where i.expires_at < now() order by i.expires_at limit p_limit for update skip locked))
    returning 1
  )
  select count(*) from gone
$$;

-- Domains whose check is due; each is pushed ahead by p_hold_seconds, so that two workers do not check the same one.
create function engine.due_domains(p_limit integer, p_hold_seconds integer) returns table (id uuid, workspace_id uuid)
language sql security definer set search_path = public, engine as $$
  update sending_domain d
  set next_check_at = now() + make_interval(secs => p_hold_seconds)
  from (
    select c.id from sending_domain c where c.next_check_at <= now() order by c.next_check_at limit p_limit for update skip locked
  ) c
  where d.id = c.id
  returning d.id, d.workspace_id
$$;

-- What the delegation zone holds: every selector of every domain, in pages.
create function engine.zone_selectors(p_after_domain uuid, p_after_selector text, p_limit integer)
returns table (domain_id uuid, selector text, algorithm text, public_key text)
language sql stable security definer set search_path = public, engine as $$
  select k.domain_id, k.selector, k.algorithm, k.public_key
  from dkim_selector k
  where (k.domain_id, k.selector) > (p_after_domain, p_after_selector)
  order by k.domain_id, k.selector
  limit p_limit
$$;

-- Those of the given credentials that live no more: revoked, expired or deleted.
create function engine.dead_credentials(p_api_keys uuid[], p_smtp uuid[]) returns table (id uuid)
language sql stable security definer set search_path = public, engine as $$
  select x from unnest(p_api_keys) x
  where not exists (select 1 from api_key k where k.id = x and k.revoked_at is null and (k.expires_at is null or k.expires_at > now()))
  union all
  select x from unnest(p_smtp) x
  where not exists (select 1 from smtp_credential c where c.id = x and c.revoked_at is null)
$$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('claim_webhooks', 'settle_webhook', 'release_webhook', 'trim_webhooks',
      'trim_captured', 'trim_idempotency', 'due_domains', 'zone_selectors', 'dead_credentials')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
-- As the hot statements of 0003: one plan for the life of a connection, and never a sequential scan in it.
alter function engine.claim_webhooks set plan_cache_mode = force_generic_plan;
alter function engine.claim_webhooks set enable_seqscan = off;
alter function engine.claim_webhooks set max_parallel_workers_per_gather = 0;

grant execute on function engine.claim_webhooks, engine.settle_webhook, engine.release_webhook, engine.trim_webhooks,
  engine.trim_captured, engine.trim_idempotency, engine.due_domains to bulkhead_worker;
grant execute on function engine.zone_selectors to bulkhead_api;
grant execute on function engine.dead_credentials to bulkhead_api, bulkhead_smtp;
revoke create on schema engine from bulkhead_engine;
