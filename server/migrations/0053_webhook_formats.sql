-- Webhooks in the vendors' formats: an endpoint says in whose words events are told and by whose way they are signed. docs/webhooks.md.
-- Lock impact: webhook_endpoint, at most fifty rows of a workspace, gets four columns with constant defaults and is read once for each check.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

alter table webhook_endpoint
  add column format text not null default 'bulkhead' check (format in ('bulkhead', 'sendgrid', 'mandrill', 'resend')),
  add column signing boolean not null default true,
  add column public_key text,
  add column format_events text[] not null default '{}',
  -- A vendor's format tells of messages only: no alert, no containment, no record of the audit log, and never whatever there is.
  add constraint webhook_endpoint_told check (
    case when format = 'bulkhead' then format_events = '{}'
         else event_types <> '{}' and not event_types && array['containment.changed', 'audit.recorded', 'security.alert'] end),
  add constraint webhook_endpoint_signed check (signing or format = 'sendgrid'),
  add constraint webhook_endpoint_verified check ((public_key is not null) = (format = 'sendgrid'));
comment on column webhook_endpoint.format is 'class: operational. In whose words events are told, and by whose way they are signed.';
comment on column webhook_endpoint.signing is 'class: operational. Only requests in the format sendgrid may go unsigned, as there.';
comment on column webhook_endpoint.public_key is 'class: public. Of the format sendgrid: what receivers verify signatures with, base64 of SPKI.';
comment on column webhook_endpoint.format_events is 'class: operational. The names of the vendor that are sent; empty: all that event_types give.';
comment on column webhook_endpoint.secret is 'class: credential, sealed (webhook). What requests are signed with: whsec_ (Standard Webhooks), an authentication key, or a private key.';

-- As in 0046, with the endpoint's format, and what a vendor's tells of acceptance: when it was, when the message is due, to whom it goes.
-- Who was stopped before that is not told of.
drop function engine.claim_webhooks(integer, integer, integer, uuid[], uuid);
create function engine.claim_webhooks(
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
    where x.message_id = t.message_id
      and (y.state is null or y.state not in ('suppressed', 'cancelled') or y.attempts > 0 or y.at > coalesce(m.send_at, m.created_at))
  ) w on e.format <> 'bulkhead' and t.type = 'message.accepted'
  left join containment k on t.type = 'containment.changed' and k.id = t.event_id;
end $$;

-- As in 0046. What a format has no event for is over without a request, which says nothing about the endpoint.
create or replace function engine.settle_webhook(
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
    if p_status is null then return; end if;
    update webhook_endpoint set failing_since = null where id = v_endpoint and failing_since is not null;
  else
    update webhook_endpoint set failing_since = now() where id = v_endpoint and failing_since is null;
    if p_disable is not null then
      update webhook_endpoint set state = 'disabled', disabled_reason = p_disable
      where id = v_endpoint and state = 'enabled';
    end if;
  end if;
end $$;

-- As in 0016. What waits for the time of its message is not old.
create or replace function engine.trim_webhooks(p_older_than interval, p_limit integer) returns bigint
language sql security definer set search_path = public, engine, pg_temp as $$
  with gone as (
    delete from webhook_delivery
    where id in (
      select d.id from webhook_delivery d
      where d.created_at < now() - greatest(p_older_than, interval '1 day')
        and (d.state <> 'pending' or d.created_at < now() - interval '7 days' and d.due <= now())
      order by d.created_at
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
    where n.nspname = 'engine' and p.proname = 'claim_webhooks'
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
-- As the other hot statements: one plan for the life of a connection, and never a sequential scan in it.
alter function engine.claim_webhooks set plan_cache_mode = force_generic_plan;
alter function engine.claim_webhooks set enable_seqscan = off;
alter function engine.claim_webhooks set max_parallel_workers_per_gather = 0;
grant execute on function engine.claim_webhooks to bulkhead_worker;
revoke create on schema engine from bulkhead_engine;
