-- Topics that people leave one by one, and messages that bypass suppressions of named reasons. docs/topics.md.
-- Lock impact: message, suppression, idempotency and unsubscribe_request get columns without rewriting (short exclusive locks).

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table topic (
  workspace_id uuid not null references workspace,
  id uuid not null,
  number integer not null check (number > 0),
  name text not null check (length(name) between 1 and 100),
  description text not null default '' check (length(description) <= 500),
  is_default boolean not null default false,
  created_at timestamptz not null default now(),
  created_by text not null,
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (workspace_id, id),
  unique (workspace_id, number)
);
create unique index topic_name on topic (workspace_id, lower(name)) where deleted_at is null;
create unique index topic_default on topic (workspace_id) where is_default and deleted_at is null;
comment on table topic is 'class: business. What mail is about, so that people can leave one kind and keep the others.';
comment on column topic.workspace_id is 'class: identifier.';
comment on column topic.id is 'class: identifier.';
comment on column topic.number is 'class: identifier. From 1 within the workspace, never used twice: programs of other vendors name topics by a number.';
comment on column topic.name is 'class: business. Shown to recipients.';
comment on column topic.description is 'class: business. Shown to recipients.';
comment on column topic.is_default is 'class: operational. What the topic "default" of a message means; one of a workspace at most.';
comment on column topic.created_at is 'class: operational.';
comment on column topic.created_by is 'class: audit. The actor.';
comment on column topic.updated_at is 'class: operational.';
comment on column topic.deleted_at is 'class: operational. Since then no message names it; who left it keeps getting nothing of what still waits.';
select engine.protect('topic');
select engine.guard('topic', 'write');
grant select, insert, update on topic to bulkhead_api;
grant select on topic to bulkhead_engine;

create table topic_suppression (
  workspace_id uuid not null,
  topic_id uuid not null,
  address_index bytea not null,
  id uuid not null,
  address bytea not null,
  via text not null check (via in ('added', 'one-click', 'page', 'mail')),
  message_id uuid,
  created_at timestamptz not null default now(),
  primary key (workspace_id, topic_id, address_index),
  foreign key (workspace_id, topic_id) references topic (workspace_id, id)
);
create unique index topic_suppression_id on topic_suppression (workspace_id, topic_id, id);
create index topic_suppression_address on topic_suppression (workspace_id, address_index);
comment on table topic_suppression is 'class: personal. Who has left a topic. Kept: until he comes back or the workspace ends.';
comment on column topic_suppression.workspace_id is 'class: identifier.';
comment on column topic_suppression.topic_id is 'class: identifier.';
comment on column topic_suppression.address_index is 'class: blind index. Of the address.';
comment on column topic_suppression.id is 'class: identifier. For which the address is sealed.';
comment on column topic_suppression.address is 'class: personal, sealed (content). The address.';
comment on column topic_suppression.via is 'class: operational. How he left: with one click (RFC 8058), on the page, by mail; added: somebody of the workspace wrote it down.';
comment on column topic_suppression.message_id is 'class: identifier. The message whose link was followed.';
comment on column topic_suppression.created_at is 'class: operational.';
select engine.protect('topic_suppression');
-- As suppression: what a recipient asks for is written whoever is contained.
select engine.guard('topic_suppression', 'write', p_check => 'guard_suppressions');
grant select, insert, delete on topic_suppression to bulkhead_api;
grant select, insert, delete on topic_suppression to bulkhead_engine;

alter table message add column topic_id uuid, add column bypass text[];
comment on column message.topic_id is 'class: identifier. The topic that its recipients leave, where they unsubscribe.';
comment on column message.bypass is 'class: operational. Reasons of suppressions that do not stop it.';
alter table suppression add column reasons text[];
comment on column suppression.reasons is 'class: operational. Every reason that was told for the address; null: reason, and those that evidence names.';
alter table idempotency add column reasons text[];
comment on column idempotency.reasons is 'class: operational. Why those recipients were suppressed, in the order of suppressed.';
alter table unsubscribe_request add column everything boolean not null default false;
comment on column unsubscribe_request.everything is 'class: operational. Not only the topic of the message.';

-- Whether an entry of the list stops a message: it does unless every reason that was told for the address is bypassed.
create function engine.stops(p_reason text, p_reasons text[], p_evidence jsonb, p_bypass text[]) returns boolean
language sql immutable as $$
  select not coalesce(
    coalesce(p_reasons, array_remove(array[p_reason, p_evidence -> 'before' ->> 'reason', p_evidence -> 'also' ->> 'reason'], null)) <@ p_bypass, false)
$$;

-- What the ledger says of a recipient that was suppressed.
create function engine.stopped_detail(p_reason text) returns jsonb
language sql immutable as $$
  select jsonb_build_object('reason', case p_reason when 'topic' then 'left the topic' else 'on the suppression list' end, 'suppression', p_reason)
$$;

-- As in 0032; every reason that was ever told for an address is kept, because a message may bypass one of them and not the others.
create or replace function engine.put_suppressions(
  p_id uuid[], p_workspace uuid[], p_index bytea[], p_address bytea[], p_reason text[], p_scope text[], p_expires timestamptz[],
  p_note bytea[], p_import uuid[], p_message uuid[], p_evidence text[]
) returns table (added bigint, changed bigint)
language sql as $$
  with x as (
    select distinct on (u.w, u.i) u.*, u.e::jsonb as evidence
    from unnest(p_id, p_workspace, p_index, p_address, p_reason, p_scope, p_expires, p_note, p_import, p_message, p_evidence)
      with ordinality as u(id, w, i, a, r, s, t, n, f, m, e, ord)
    order by u.w, u.i, u.s, u.ord
  ), put as (
    insert into public.suppression as s
      (id, workspace_id, address_index, address, reason, applies_to, expires_at, sealed_note, import_id, message_id, evidence, reasons)
    select x.id, x.w, x.i, x.a, x.r, x.s, x.t, x.n, x.f, x.m, x.evidence, array[x.r] from x
    on conflict (workspace_id, address_index) do update
    set applies_to = case when excluded.applies_to = 'all' then 'all' else s.applies_to end,
        expires_at = case
          when s.applies_to = 'all' and excluded.applies_to = 'bulk' then s.expires_at
          when s.applies_to = excluded.applies_to and (s.expires_at is null or excluded.expires_at is null) then null
          else case when s.applies_to = excluded.applies_to then greatest(s.expires_at, excluded.expires_at) else excluded.expires_at end end,
        keeps_bulk = case
          when s.applies_to = 'bulk' and excluded.applies_to = 'all' then s.expires_at is null and excluded.expires_at is not null
          when s.applies_to = 'all' and excluded.applies_to = 'bulk' then true
          else s.keeps_bulk and excluded.expires_at is not null end,
        reason = case when s.applies_to = 'bulk' and excluded.applies_to = 'all' then excluded.reason else s.reason end,
        import_id = case when s.applies_to = 'bulk' and excluded.applies_to = 'all' then excluded.import_id else s.import_id end,
        message_id = case when s.applies_to = 'bulk' and excluded.applies_to = 'all' then coalesce(excluded.message_id, s.message_id)
                     else s.message_id end,
        evidence = case
          when s.applies_to = 'bulk' and excluded.applies_to = 'all' then coalesce(excluded.evidence, '{}') || jsonb_build_object('before',
            jsonb_build_object('reason', s.reason, 'evidence', s.evidence,
              'at', to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
          when s.applies_to = 'all' and excluded.applies_to = 'bulk' then coalesce(s.evidence, '{}') || jsonb_build_object('also',
            jsonb_build_object('reason', excluded.reason, 'evidence', excluded.evidence,
              'at', to_char(excluded.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
          else s.evidence end,
        reasons = coalesce(s.reasons, array_remove(array[s.reason, s.evidence -> 'before' ->> 'reason', s.evidence -> 'also' ->> 'reason'], null))
          || case when excluded.reason = any(coalesce(s.reasons, array_remove(array[s.reason, s.evidence -> 'before' ->> 'reason', s.evidence -> 'also' ->> 'reason'], null))) then '{}'::text[] else array[excluded.reason] end
    where s.applies_to = 'bulk' and excluded.applies_to = 'all'
       or s.applies_to = excluded.applies_to and s.expires_at is not null
          and (excluded.expires_at is null or excluded.expires_at > s.expires_at)
       or s.applies_to = 'all' and excluded.applies_to = 'bulk' and s.expires_at is not null and not s.keeps_bulk
          and excluded.expires_at is null
       or excluded.reason <> all(coalesce(s.reasons, array_remove(array[s.reason, s.evidence -> 'before' ->> 'reason', s.evidence -> 'also' ->> 'reason'], null)))
    returning (s.xmax = 0) as is_new
  )
  select count(*) filter (where put.is_new), count(*) filter (where not put.is_new) from put
$$;

-- As in 0028; messages may belong to a topic that people leave, and name reasons of suppressions that do not stop them. What neither has pays
-- nothing: a parameter that is null is one comparison, and an index is not looked into for a topic that is null.
drop function engine.accept(bytea, uuid[], uuid[], lane[], text[], boolean[], text[], text[], integer[], timestamptz[], timestamptz[], text[],
  integer[], integer[], integer[], integer[], bytea[], bytea[], timestamptz[], uuid[], integer[], integer[], text[], integer[], integer[],
  integer[], bigint[], uuid[]);
create function engine.accept(p_blob bytea, p_id uuid[], p_workspace uuid[], p_lane lane[], p_source text[], p_sensitive boolean[], p_from_domain text[], p_tags text[], p_size integer[], p_send_at timestamp with time zone[], p_expires_at timestamp with time zone[], p_actor text[], p_summary_at integer[], p_summary_length integer[], p_body_at integer[], p_body_length integer[], p_idempotency_key bytea[], p_idempotency_body bytea[], p_idempotency_expires timestamp with time zone[], p_event uuid[], r_message integer[], r_number integer[], r_kind text[], r_address_at integer[], r_address_length integer[], r_index_at integer[], r_destination bigint[], r_event uuid[], p_topic uuid[], p_bypass text[])
 RETURNS TABLE(item integer, accepted boolean, message_id uuid, body_hash bytea, suppressed integer[], reasons text[])
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'engine', 'pg_temp'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
#variable_conflict use_column
declare
  v_fresh boolean[];
  v_listening boolean;
begin
  if exists (select 1 from unnest(p_idempotency_key) k where k is not null) then
    -- A concurrent request with the same key makes this insert wait for its commit and then do nothing.
    insert into idempotency (workspace_id, key_hash, body_hash, message_id, expires_at)
    select x.w, x.k, x.b, x.id, x.e
    from unnest(p_workspace, p_idempotency_key, p_idempotency_body, p_id, p_idempotency_expires) as x(w, k, b, id, e)
    where x.k is not null
    order by x.w, x.k
    on conflict do nothing;
    select array_agg(x.k is null or i.message_id = x.id order by x.ord)
    into v_fresh
    from unnest(p_workspace, p_idempotency_key, p_id) with ordinality as x(w, k, id, ord)
    left join idempotency i on i.workspace_id = x.w and i.key_hash = x.k;
  end if;

  insert into message (id, workspace_id, lane, source, sensitive, from_domain, tags, size_bytes, recipient_count,
                       send_at, expires_at, actor, summary, topic_id, bypass)
  select x.id, x.w, x.lane, x.source, x.sensitive, x.from_domain, x.tags::text[], x.size,
         (select count(*) from unnest(r_message) r(m) where r.m = x.ord), x.send_at, x.expires_at, x.actor,
         substring(p_blob from x.summary_at + 1 for x.summary_length), p_topic[x.ord], p_bypass[x.ord]::text[]
  from unnest(p_id, p_workspace, p_lane, p_source, p_sensitive, p_from_domain, p_tags, p_size, p_send_at, p_expires_at,
              p_actor, p_summary_at, p_summary_length)
       with ordinality as x(id, w, lane, source, sensitive, from_domain, tags, size, send_at, expires_at,
                            actor, summary_at, summary_length, ord)
  where v_fresh is null or v_fresh[x.ord];

  insert into body (message_id, workspace_id, sealed)
  select x.id, x.w, substring(p_blob from x.body_at + 1 for x.body_length)
  from unnest(p_id, p_workspace, p_body_at, p_body_length) with ordinality as x(id, w, body_at, body_length, ord)
  where v_fresh is null or v_fresh[x.ord];

  return query
  with r as materialized (
    select x.m, x.n, p_id[x.m] as id, p_workspace[x.m] as w, p_lane[x.m] as lane, x.kind, x.destination, x.event,
           substring(p_blob from x.address_at + 1 for x.address_length) as address,
           y.address_index,
           case when s.workspace_id is not null
                     and (p_bypass is null or engine.stops(s.reason, s.reasons, s.evidence, p_bypass[x.m]::text[])) then s.reason
                when t.workspace_id is not null and coalesce('topic' <> all(p_bypass[x.m]::text[]), true) then 'topic'
           end as stopped_by
    from unnest(r_message, r_number, r_kind, r_address_at, r_address_length, r_index_at, r_destination, r_event)
         as x(m, n, kind, address_at, address_length, index_at, destination, event)
    cross join lateral (select substring(p_blob from x.index_at + 1 for 32) as address_index) y
    left join suppression s on s.workspace_id = p_workspace[x.m] and s.address_index = y.address_index
      and (s.applies_to = 'all' or p_lane[x.m] = 'bulk') and (s.expires_at is null or s.expires_at > now())
    left join topic_suppression t on t.workspace_id = p_workspace[x.m] and t.topic_id = p_topic[x.m] and t.address_index = y.address_index
    where v_fresh is null or v_fresh[x.m]
  ), kept as (
    insert into recipient (message_id, number, workspace_id, kind, address, address_index, destination)
    select r.id, r.n, r.w, r.kind, r.address, r.address_index, r.destination from r
  ), queued as (
    insert into queue (lane, message_id, number, workspace_id, destination, due, expires_at)
    select r.lane, r.id, r.n, r.w, r.destination, coalesce(p_send_at[r.m], now()), p_expires_at[r.m]
    from r where r.stopped_by is null
  ), ended as (
    insert into outcome (message_id, number, workspace_id, event_id, state, attempts, detail)
    select r.id, r.n, r.w, r.event, 'suppressed', 0, engine.stopped_detail(r.stopped_by)
    from r where r.stopped_by is not null
  ), per_message as (
    select r.m, array_agg(r.n order by r.n) filter (where r.stopped_by is not null) as numbers,
           array_agg(r.stopped_by order by r.n) filter (where r.stopped_by is not null) as reasons
    from r group by r.m
  )
  select x.ord::integer, coalesce(v_fresh[x.ord], true), coalesce(i.message_id, x.id), i.body_hash,
         coalesce(p.numbers, i.suppressed, '{}'), coalesce(p.reasons, i.reasons, '{}')
  from unnest(p_id, p_workspace, p_idempotency_key) with ordinality as x(id, w, k, ord)
  left join idempotency i on v_fresh is not null and i.workspace_id = x.w and i.key_hash = x.k
  left join per_message p on p.m = x.ord
  order by x.ord;

  if v_fresh is not null then
    update idempotency i set suppressed = s.numbers, reasons = s.reasons
    from (select o.message_id as id, array_agg(o.number order by o.number) as numbers,
                 array_agg(o.detail ->> 'suppression' order by o.number) as reasons
          from outcome o
          where o.message_id = any(p_id) group by o.message_id) s
    where i.message_id = s.id and i.workspace_id = any(p_workspace) and i.key_hash = any(p_idempotency_key);
  end if;

  if p_bypass is not null then
    insert into event (id, message_id, number, workspace_id, type, detail)
    select engine.new_event_id(gen_random_uuid()), c.message_id, c.number, c.workspace_id, 'message.bypassed',
           jsonb_build_object('suppressions', to_jsonb(array_remove(coalesce(s.reasons, array[s.reason]) || case when t.workspace_id is not null then 'topic' end, null)))
    from unnest(p_id, p_bypass) with ordinality as x(id, bypass, ord)
    join recipient c on c.message_id = x.id
    left join suppression s on s.workspace_id = c.workspace_id and s.address_index = c.address_index
      and (s.applies_to = 'all' or p_lane[x.ord] = 'bulk') and (s.expires_at is null or s.expires_at > now())
    left join topic_suppression t on t.workspace_id = c.workspace_id and t.topic_id = p_topic[x.ord] and t.address_index = c.address_index
    where x.bypass is not null and (v_fresh is null or v_fresh[x.ord]) and (s.workspace_id is not null or t.workspace_id is not null)
      and not exists (select from outcome o where o.message_id = c.message_id and o.number = c.number);
  end if;

  select exists (select 1 from webhook_endpoint e where e.workspace_id = any(p_workspace) and e.state = 'enabled')
  into v_listening;
  if v_listening then
    perform engine.enqueue_webhooks(
      array_agg(m.workspace_id), array_agg(p_event[array_position(p_id, m.id)]), array_agg(m.id),
      array_agg(null::integer), array_agg('message.accepted'::text))
    from message m where m.id = any(p_id);
    perform engine.enqueue_webhooks(
      array_agg(o.workspace_id), array_agg(o.event_id), array_agg(o.message_id), array_agg(o.number),
      array_agg('message.suppressed'::text))
    from outcome o where o.message_id = any(p_id);
  end if;
end $function$;

-- As in 0028; it says why a recipient is suppressed, topics and what a message bypasses included, and what waits of one workspace is asked about
-- the pauses of that workspace only.
drop function engine.claim(lane, bigint, integer, uuid, bigint, jsonb, uuid[]);
create function engine.claim(
  p_lane lane, p_lease bigint, p_limit integer, p_after uuid, p_line bigint, p_avoid jsonb, p_skip uuid[]
) returns table (
  message_id uuid, number integer, workspace_id uuid, destination bigint, attempts integer, due timestamptz,
  expires_at timestamptz, created_at timestamptz, size_bytes integer, sensitive boolean, from_domain text, summary bytea, address bytea,
  address_index bytea, suppressed text, actor text
)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_everything boolean;
  v_blocked uuid[] := p_skip;
  v_contained uuid[];
  v_actors text[];
  v_paused boolean := false;
  v_pausing uuid[] := '{}';
  v_pausing_all boolean := false;
  v_avoiding boolean := p_avoid <> '{}';
  v_messages uuid[];
  v_numbers integer[];
  v_lines bigint[];
  v_pauses uuid[];
  v_stopped uuid;
begin
  if current_setting('transaction_isolation') <> 'read committed' or pg_advisory_xact_lock_shared(engine.guard_lock()) is null then
    raise exception using errcode = '0A000', message = 'claims run at READ COMMITTED only';
  end if;
  if exists (select from containment c where c.state in ('active', 'lift_requested') and c.until > clock_timestamp()) then
    select f.everything, f.workspaces, f.actors into v_everything, v_contained, v_actors
    from engine.contained_for('sender', array['deliver', 'deliver:' || p_lane]) f;
    if v_everything then return; end if;
    v_blocked := v_blocked || v_contained;
  end if;
  -- A pause of one workspace costs the claims of the others nothing.
  select coalesce(array_agg(distinct p.workspace_id), '{}'), coalesce(bool_or(p.workspace_id is null), false), count(*) > 0
  into v_pausing, v_pausing_all, v_paused
  from operations.pause p where p.ended_at is null;
  -- Rows under a lease that is gone would come back to nobody. The lock makes the lease's end wait for this claim, and then see it.
  perform 1 from worker_lease l where l.id = p_lease for key share;
  if not found then return; end if;

  if p_line = 0 then
    with recursive waiting(w, due, n) as (
      (select q.workspace_id, q.due, 1 from queue q
       where q.lane = p_lane and q.lease is null and not q.held and q.line = 0 and q.workspace_id > p_after
       order by q.workspace_id, q.due limit 1)
      union all
      select x.workspace_id, x.due, waiting.n + 1
      from waiting
      cross join lateral (
        select q.workspace_id, q.due from queue q
        where q.lane = p_lane and q.lease is null and not q.held and q.line = 0 and q.workspace_id > waiting.w
        order by q.workspace_id, q.due limit 1
      ) x
      where waiting.n < 64
    ), share as (
      -- Workspaces whose first row is not due yet have no part in it, nor have contained ones.
      select w, (p_limit + count(*) over () - 1) / count(*) over () as rows_max from waiting
      where waiting.due <= now() and waiting.w <> all(v_blocked)
    ), picked as (
      select q.message_id, q.number, q.line, q.pause, share.rows_max,
             row_number() over (partition by share.w, q.line = 0 and q.pause is null order by q.due) as place
      from share
      cross join lateral (
        select c.message_id, c.number, c.due,
               case when v_avoiding then coalesce((p_avoid ->> c.destination::text)::bigint,
                                                  (p_avoid ->> (c.destination || '/' || c.workspace_id))::bigint, 0) else 0 end as line,
               case when v_paused and (v_pausing_all or c.workspace_id = any(v_pausing)) then engine.pause_of(p_lane, c.workspace_id, c.destination, c.message_id) end as pause
        from queue c
        where c.lane = p_lane and c.workspace_id = share.w and c.lease is null and not c.held and c.line = 0 and c.due <= now()
          and (v_actors is null or not exists (select 1 from message b where b.id = c.message_id and b.actor = any(v_actors)))
        order by c.due
        limit share.rows_max * case when v_avoiding or v_paused then 4 else 1 end
        for update skip locked
      ) q
    )
    select array_agg(k.message_id), array_agg(k.number), array_agg(k.line), array_agg(k.pause), (select w from waiting where n = 64)
    into v_messages, v_numbers, v_lines, v_pauses, v_stopped
    from picked k where k.line <> 0 or k.pause is not null or k.place <= k.rows_max;
  else
    with recursive waiting(w, due, n) as (
      (select q.workspace_id, q.due, 1 from queue q
       where q.lane = p_lane and q.lease is null and not q.held and q.line <> 0 and q.line = p_line and q.workspace_id > p_after
       order by q.workspace_id, q.due limit 1)
      union all
      select x.workspace_id, x.due, waiting.n + 1
      from waiting
      cross join lateral (
        select q.workspace_id, q.due from queue q
        where q.lane = p_lane and q.lease is null and not q.held and q.line <> 0 and q.line = p_line and q.workspace_id > waiting.w
        order by q.workspace_id, q.due limit 1
      ) x
      where waiting.n < 64
    ), share as (
      select w, (p_limit + count(*) over () - 1) / count(*) over () as rows_max from waiting
      where waiting.due <= now() and waiting.w <> all(v_blocked)
    ), picked as (
      select q.message_id, q.number, q.pause
      from share
      cross join lateral (
        select c.message_id, c.number,
               case when v_paused and (v_pausing_all or c.workspace_id = any(v_pausing)) then engine.pause_of(p_lane, c.workspace_id, c.destination, c.message_id) end as pause
        from queue c
        where c.lane = p_lane and c.line <> 0 and c.line = p_line and c.workspace_id = share.w and c.lease is null and not c.held
          and c.due <= now()
          and (v_actors is null or not exists (select 1 from message b where b.id = c.message_id and b.actor = any(v_actors)))
        order by c.due
        limit share.rows_max
        for update skip locked
      ) q
    )
    select array_agg(k.message_id), array_agg(k.number), array_agg(0::bigint), array_agg(k.pause), (select w from waiting where n = 64)
    into v_messages, v_numbers, v_lines, v_pauses, v_stopped
    from picked k;
  end if;

  if v_messages is not null and (v_avoiding or v_paused) then
    with aside as (
      update queue q
      set line = case when x.pause is null then x.line else q.line end, held = x.pause is not null, hold = x.pause
      from unnest(v_messages, v_numbers, v_lines, v_pauses) as x(message_id, number, line, pause)
      where q.lane = p_lane and q.message_id = x.message_id and q.number = x.number and (x.line <> 0 or x.pause is not null)
      returning 1
    )
    select case when v_stopped is null and exists (select from aside) then p_after else v_stopped end into v_stopped;
  end if;

  return query
  with taken as (
    update queue q
    set lease = p_lease
    from unnest(v_messages, v_numbers, v_lines, v_pauses) as x(message_id, number, line, pause)
    where q.lane = p_lane and q.message_id = x.message_id and q.number = x.number and x.line = 0 and x.pause is null
    returning q.message_id, q.number, q.workspace_id, q.destination, q.attempts, q.due, q.expires_at
  )
  select t.message_id, t.number, t.workspace_id, t.destination, t.attempts, t.due, t.expires_at, m.created_at, m.size_bytes, m.sensitive,
         m.from_domain, m.summary, r.address, r.address_index,
         coalesce(
           (select s.reason from suppression s where s.workspace_id = t.workspace_id and s.address_index = r.address_index
              and (s.applies_to = 'all' or p_lane = 'bulk') and (s.expires_at is null or s.expires_at > now())
              and (m.bypass is null or engine.stops(s.reason, s.reasons, s.evidence, m.bypass))),
           case when m.topic_id is not null and coalesce('topic' <> all(m.bypass), true) and exists (
             select from topic_suppression x
             where x.workspace_id = t.workspace_id and x.topic_id = m.topic_id and x.address_index = r.address_index) then 'topic' end), m.actor
  from taken t
  join message m on m.id = t.message_id
  join recipient r on r.message_id = t.message_id and r.number = t.number
  union all
  select null, null, v_stopped, null, null, null, null, null, null, null, null, null, null, null, null, null
  where v_stopped is not null;
end $$;

-- As in 0009, with why.
drop function engine.find_accepted(uuid, bytea);
create function engine.find_accepted(p_workspace uuid, p_key bytea)
returns table (message_id uuid, body_hash bytea, suppressed integer[], reasons text[])
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select i.message_id, i.body_hash, i.suppressed, coalesce(i.reasons, '{}') from idempotency i
  where i.workspace_id = p_workspace and i.key_hash = p_key
$$;

-- The topic that a message names, by its id or as the default of the workspace; nothing where there is none.
create function engine.find_topic(p_workspace uuid, p_topic uuid) returns table (id uuid)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select t.id from topic t
  where t.workspace_id = p_workspace and t.deleted_at is null and case when p_topic is null then t.is_default else t.id = p_topic end
$$;

-- As in 0033; who unsubscribes may mean the topic of the message (the usual) or everything.
drop function engine.ask_unsubscribe(uuid, uuid, integer, bytea, text, text);
create function engine.ask_unsubscribe(
  p_workspace uuid, p_message uuid, p_number integer, p_index bytea, p_wanted text, p_via text, p_everything boolean
) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_workspace uuid := coalesce(p_workspace, (select m.workspace_id from message m where m.id = p_message));
begin
  if v_workspace is null or (p_number = 0 and p_wanted = 'subscribed') then return; end if;
  if p_number = 0 and (select count(*) from (select 1 from unsubscribe_request r where r.message_id = p_message limit 200) x) >= 200
    and not exists (select from unsubscribe_request r where r.message_id = p_message and r.number = 0 and r.address_index = p_index) then
    delete from unsubscribe_request r
    where (r.message_id, r.number, r.address_index) in (
      select o.message_id, o.number, o.address_index from unsubscribe_request o
      where o.message_id = p_message and o.number = 0 and o.applied_at is not null
        and not exists (select from recipient p where p.message_id = p_message and p.address_index = o.address_index)
      order by o.applied_at limit 1 for update skip locked);
    if not found then return; end if;
  end if;
  insert into unsubscribe_request as r (message_id, number, address_index, workspace_id, wanted, via, everything)
  values (p_message, p_number, p_index, v_workspace, p_wanted, p_via, p_everything)
  on conflict (message_id, number, address_index) do update
  set wanted = excluded.wanted, via = excluded.via, everything = excluded.everything, asked_at = excluded.asked_at, applied_at = null,
      next_at = now(), attempts = 0
  where r.wanted <> excluded.wanted or excluded.wanted = 'unsubscribed' and excluded.everything and not r.everything;
  perform pg_notify('bulkhead_unsubscribe', '');
end $$;

-- As in 0033, with the topic that is left: none where everything is meant, or the topic is no more.
drop function engine.claim_unsubscribes(integer, integer);
create function engine.claim_unsubscribes(p_limit integer, p_hold_seconds integer) returns table (
  message_id uuid, number integer, address_index bytea, workspace_id uuid, wanted text, via text, asked_at timestamptz, attempts integer,
  recipient integer, recipient_index bytea, address bytea, topic_id uuid, topic_number integer
)
language sql security definer set search_path = public, engine, pg_temp as $$
  with due as (
    select c.message_id, c.number, c.address_index from unsubscribe_request c
    where c.applied_at is null and c.next_at <= now()
    order by c.next_at limit p_limit for update skip locked
  ), taken as (
    update unsubscribe_request r
    set next_at = now() + make_interval(secs => least(3600, p_hold_seconds * 2 ^ least(r.attempts, 10))), attempts = r.attempts + 1
    from due d
    where r.message_id = d.message_id and r.number = d.number and r.address_index = d.address_index
    returning r.*
  )
  select t.message_id, t.number, t.address_index, t.workspace_id, t.wanted, t.via, t.asked_at, t.attempts, c.number, c.address_index, c.address,
         o.id, o.number
  from taken t
  left join lateral (
    select p.number, p.address_index, p.address from recipient p
    where p.message_id = t.message_id and p.workspace_id = t.workspace_id
      and case when t.number = 0 then p.address_index = t.address_index else p.number = t.number end
    order by p.number limit 1
  ) c on true
  left join lateral (
    select x.id, x.number from message m join topic x on x.workspace_id = m.workspace_id and x.id = m.topic_id and x.deleted_at is null
    where m.id = t.message_id and m.workspace_id = t.workspace_id and not t.everything
  ) o on true
$$;

-- As in 0033; with p_topic the recipient leaves that topic only. Who takes it back is given again what this message's link took.
drop function engine.apply_unsubscribe(uuid, integer, bytea, timestamptz, uuid, bytea, integer, bytea, uuid, text);
create function engine.apply_unsubscribe(
  p_message uuid, p_number integer, p_index bytea, p_asked_at timestamptz, p_entry uuid, p_address bytea, p_recipient integer,
  p_recipient_index bytea, p_event uuid, p_evidence text, p_topic uuid
) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  r unsubscribe_request;
  v_left boolean;
begin
  update unsubscribe_request u set applied_at = now()
  where u.message_id = p_message and u.number = p_number and u.address_index = p_index and u.asked_at = p_asked_at and u.applied_at is null
  returning u.* into r;
  if not found then return false; end if;
  delete from unsubscribe_request u
  where (u.message_id, u.number, u.address_index) in (
    select o.message_id, o.number, o.address_index from unsubscribe_request o
    where o.applied_at < now() - interval '30 days' limit 20 for update skip locked);
  if p_recipient is null then return true; end if;
  perform set_config('bulkhead.reported', 'on', true);
  if r.wanted = 'unsubscribed' and p_topic is not null then
    insert into topic_suppression (workspace_id, topic_id, address_index, id, address, via, message_id)
    values (r.workspace_id, p_topic, p_recipient_index, p_entry, p_address, r.via, p_message)
    on conflict do nothing;
  elsif r.wanted = 'unsubscribed' then
    perform engine.suppress_with(array[p_entry], array[r.workspace_id], array[p_recipient_index], array[p_address],
                                 array['unsubscribe'], array[p_message], array[p_evidence]);
  end if;
  perform set_config('bulkhead.reported', '', true);
  if r.wanted <> 'unsubscribed' then
    delete from topic_suppression t
    where t.workspace_id = r.workspace_id and t.address_index = p_recipient_index and t.message_id = p_message;
    v_left := found;
    delete from suppression s
    where s.workspace_id = r.workspace_id and s.address_index = p_recipient_index and s.reason = 'unsubscribe' and s.applies_to = 'bulk'
      and s.message_id = p_message;
    if not found and not v_left then return true; end if;
  end if;
  perform engine.note_events(array[p_event], array[p_message], array[p_recipient], array['message.unsubscribed'], array[p_evidence]);
  return true;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('stops', 'stopped_detail', 'accept', 'claim', 'find_accepted', 'find_topic', 'ask_unsubscribe',
      'claim_unsubscribes', 'apply_unsubscribe')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
  -- As in 0003: hot functions keep one plan, and may only look rows up by index.
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('accept', 'claim')
  loop
    execute format('alter function %s set plan_cache_mode = force_generic_plan', signature);
    execute format('alter function %s set enable_seqscan = off', signature);
    execute format('alter function %s set enable_bitmapscan = off', signature);
    execute format('alter function %s set enable_hashjoin = off', signature);
    execute format('alter function %s set enable_mergejoin = off', signature);
    execute format('alter function %s set max_parallel_workers_per_gather = 0', signature);
  end loop;
end $$;
grant execute on function engine.accept, engine.find_accepted to bulkhead_api, bulkhead_smtp;
grant execute on function engine.find_topic to bulkhead_api;
grant execute on function engine.claim to bulkhead_sender;
grant execute on function engine.ask_unsubscribe(uuid, uuid, integer, bytea, text, text, boolean) to bulkhead_api, bulkhead_smtp;
grant execute on function engine.claim_unsubscribes(integer, integer) to bulkhead_api;
grant execute on function engine.apply_unsubscribe(uuid, integer, bytea, timestamptz, uuid, bytea, integer, bytea, uuid, text, uuid) to bulkhead_api;
revoke create on schema engine from bulkhead_engine;
