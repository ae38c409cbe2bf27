-- Acts on the queue: pause, resume, hold, release, requeue, expire, with previews, jobs in batches, and undo.
-- Lock impact: two indexes of queue are built while its lanes take no writes: about two seconds per million queued rows.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

-- The order in which acts walk the queue, one workspace after the other, and in which what has expired is found. It holds leased rows too: a
-- row keeps its place in it through claims, so that a walk in batches meets every row once.
create index queue_own on queue (workspace_id, expires_at, message_id, number);
-- As in 0028, in an order: an act gives a million rows back in batches, and none of them reads what the ones before left behind.
drop index queue_hold;
create index queue_hold on queue (hold, message_id, number) where hold is not null;

-- What an act is about. Every member that is not null has to hold; of a list, one.
create type operations.filter as (
  lanes text[], destinations bigint[], sites text[], providers text[], pools text[], tags text[], from_domains text[], messages uuid[],
  first uuid, below uuid, attempts_min integer, attempts_max integer, due_before timestamptz, due_after timestamptz,
  replies text[], reply_classes text[]
);
comment on type operations.filter is 'class: operational. What an act is about: keyed hashes of recipient domains, no address.';

create table operations.act (
  id uuid primary key,
  kind text not null check (kind in ('pause', 'hold', 'release', 'requeue', 'expire')),
  origin text not null check (origin in ('workspace', 'operator', 'staff')),
  workspace_id uuid references workspace on delete cascade,
  actor text not null,
  reason text not null,
  filter jsonb not null,
  undoes uuid,
  undone_by uuid,
  pause_id uuid,
  state text not null default 'taking' check (state in ('taking', 'standing', 'returning', 'ending', 'ended')),
  outcome text check (outcome in ('done', 'resumed', 'lapsed', 'undone', 'empty')),
  made_at timestamptz not null default clock_timestamp(),
  until timestamptz,
  grace_until timestamptz,
  spread_seconds integer not null default 0,
  shown bigint not null,
  scanned bigint not null default 0,
  taken bigint not null default 0,
  also bigint not null default 0,
  given_back bigint not null default 0,
  ended bigint not null default 0,
  gone bigint not null default 0,
  at_lane lane,
  at_workspace uuid,
  at_expires timestamptz,
  at_message uuid,
  at_number integer,
  stopped_xid xid8,
  step_began timestamptz,
  worked_at timestamptz,
  next_at timestamptz default clock_timestamp(),
  ended_at timestamptz,
  waits_for text
);
create index act_due on operations.act (next_at) where next_at is not null;
create index act_workspace on operations.act (workspace_id, id);
comment on table operations.act is 'class: operational. What people do with what waits, and how far it is. Kept: 90 days after its end.';
comment on column operations.act.id is 'class: identifier. Also queue.hold of the rows that it holds.';
comment on column operations.act.kind is 'class: operational.';
comment on column operations.act.origin is 'class: operational. Who made it: only the same or a higher one ends it.';
comment on column operations.act.workspace_id is 'class: identifier. Whose mail; null: of all.';
comment on column operations.act.actor is 'class: audit.';
comment on column operations.act.reason is 'class: business. Shown to those whose mail it is.';
comment on column operations.act.filter is 'class: operational. As operations.filter; recipient domains as keyed hashes.';
comment on column operations.act.undoes is 'class: identifier. The release or requeue whose rows it takes back.';
comment on column operations.act.undone_by is 'class: identifier.';
comment on column operations.act.pause_id is 'class: identifier. Of operations.pause. Claims mark rows with it; the act moves them to its own id and tells of it.';
comment on column operations.act.state is 'class: operational.';
comment on column operations.act.outcome is 'class: operational. How it ended, or is ending.';
comment on column operations.act.made_at is 'class: operational.';
comment on column operations.act.until is 'class: operational. Of a pause.';
comment on column operations.act.grace_until is 'class: operational. Of expire: until then nothing has ended.';
comment on column operations.act.spread_seconds is 'class: operational. Of requeue.';
comment on column operations.act.shown is 'class: operational. What the preview counted.';
comment on column operations.act.scanned is 'class: operational. Rows looked at.';
comment on column operations.act.taken is 'class: operational. Rows held, released or moved.';
comment on column operations.act.also is 'class: operational. Rows of taken that something else held already.';
comment on column operations.act.given_back is 'class: operational.';
comment on column operations.act.ended is 'class: operational. Recipients ended as expired.';
comment on column operations.act.gone is 'class: operational. Were in flight, and ended meanwhile.';
comment on column operations.act.at_lane is 'class: operational. How far the walk is; null: it has not begun.';
comment on column operations.act.at_workspace is 'class: operational.';
comment on column operations.act.at_expires is 'class: operational.';
comment on column operations.act.at_message is 'class: operational.';
comment on column operations.act.at_number is 'class: operational.';
comment on column operations.act.stopped_xid is 'class: operational. Claims that began before may still mark rows for the pause.';
comment on column operations.act.step_began is 'class: operational. First batch of the present step.';
comment on column operations.act.worked_at is 'class: operational. Last batch.';
comment on column operations.act.next_at is 'class: operational. When a worker is to look again; null: never.';
comment on column operations.act.ended_at is 'class: operational.';
comment on column operations.act.waits_for is 'class: operational. Why it does not go on.';

-- Rows that were in flight when an act met them: it takes them when they come back.
create table operations.awaited (
  act_id uuid not null references operations.act on delete cascade,
  message_id uuid not null,
  number integer not null,
  lane lane not null,
  primary key (act_id, message_id, number)
);
comment on table operations.awaited is 'class: operational. Recipients that an act takes when they come back from their attempt. Kept: until then.';
comment on column operations.awaited.act_id is 'class: identifier.';
comment on column operations.awaited.message_id is 'class: identifier.';
comment on column operations.awaited.number is 'class: identifier.';
comment on column operations.awaited.lane is 'class: operational.';

-- A row names one holder. The others stand here; the row is passed on to them and free when nobody is left.
create table operations.second_hold (
  message_id uuid not null,
  number integer not null,
  act_id uuid not null references operations.act on delete cascade,
  lane lane not null,
  primary key (message_id, number, act_id)
);
create index second_hold_act on operations.second_hold (act_id, message_id, number);
comment on table operations.second_hold is 'class: operational. Acts that also hold a recipient. Kept: until the act ends.';
comment on column operations.second_hold.message_id is 'class: identifier.';
comment on column operations.second_hold.number is 'class: identifier.';
comment on column operations.second_hold.act_id is 'class: identifier.';
comment on column operations.second_hold.lane is 'class: operational.';

-- What a release or requeue changed, so that it can be taken back.
create table operations.changed (
  act_id uuid not null references operations.act on delete cascade,
  lane lane not null,
  message_id uuid not null,
  number integer not null,
  due timestamptz not null,
  attempts integer not null,
  primary key (act_id, lane, message_id, number)
);
comment on table operations.changed is 'class: operational. How rows were before a release or requeue. Kept: 7 days after its end.';
comment on column operations.changed.act_id is 'class: identifier.';
comment on column operations.changed.lane is 'class: operational.';
comment on column operations.changed.message_id is 'class: identifier.';
comment on column operations.changed.number is 'class: identifier.';
comment on column operations.changed.due is 'class: operational. Before it.';
comment on column operations.changed.attempts is 'class: operational. Tells whether it was attempted since.';
grant select, insert, update, delete on operations.act, operations.awaited, operations.second_hold, operations.changed to bulkhead_engine;

alter table operations.pause
  add column providers text[], add column pools text[], add column from_domains text[], add column messages uuid[];
comment on column operations.pause.providers is 'class: operational. As destination_site.provider.';
comment on column operations.pause.pools is 'class: operational. As routing.pool.';
comment on column operations.pause.from_domains is 'class: business.';
comment on column operations.pause.messages is 'class: identifier.';

-- The pool that the operator gave to a lane of a workspace; where he gave none, default.
create function engine.pool_of(p_workspace uuid, p_lane lane) returns text
language sql stable as $$
  select coalesce((select r.pool from routing r where r.workspace_id = p_workspace and r.lane = p_lane), 'default')
$$;

-- Whether the last temporary refusal of a recipient is one of these: a code such as 421, an enhanced one such as 4.7.1 or the beginning of
-- one such as 4.7; or of one of these classes.
create function engine.last_reply_is(p_message uuid, p_number integer, p_replies text[], p_classes text[]) returns boolean
language plpgsql stable as $$
declare
  v_detail jsonb;
  v_enhanced text;
begin
  select e.detail into v_detail from event e
  where e.message_id = p_message and e.number = p_number and e.type in ('message.deferred', 'message.uncertain')
  order by e.id desc limit 1;
  if not found then return false; end if;
  if p_classes is not null and coalesce(v_detail ->> 'class', '') <> all(p_classes) then return false; end if;
  if p_replies is null then return true; end if;
  v_enhanced := coalesce(v_detail ->> 'enhanced', '');
  return exists (select from unnest(p_replies) as r(code)
                 where r.code = v_detail ->> 'code' or r.code = v_enhanced or v_enhanced like r.code || '.%');
end $$;

-- As in 0028, with what a filter can say besides.
create or replace function engine.pause_of(p_lane lane, p_workspace uuid, p_destination bigint, p_message uuid) returns uuid
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select p.id
  from operations.pause p
  join message m on m.id = p_message
  where p.ended_at is null and (p.until is null or p.until > clock_timestamp())
    and (p.workspace_id is null or p.workspace_id = p_workspace)
    and (p.lanes is null or p_lane::text = any(p.lanes))
    and (p.destinations is null or p_destination = any(p.destinations))
    and (p.sites is null or exists (select 1 from destination_site d where d.destination = p_destination and d.site = any(p.sites)))
    and (p.tags is null or m.tags && p.tags)
    and (p.from_domain is null or m.from_domain = p.from_domain)
    and (p.providers is null
         or exists (select 1 from destination_site d where d.destination = p_destination and d.provider = any(p.providers)))
    and (p.from_domains is null or m.from_domain = any(p.from_domains))
    and (p.messages is null or p_message = any(p.messages))
    and (p.pools is null or engine.pool_of(p_workspace, p_lane) = any(p.pools))
  order by p.id
  limit 1
$$;

-- The next rows of a lane in the order of a walk, behind a place, and whether a filter names them: of one workspace or of all; with
-- p_messages, of these only. What has to be looked up is asked last, and row by row: nothing here may read a table as a whole.
create function engine.queue_slice(
  f operations.filter, p_lane lane, p_workspace uuid, p_messages uuid[], p_after_workspace uuid, p_after_expires timestamptz,
  p_after_message uuid, p_after_number integer, p_limit integer
) returns table (
  place bigint, message_id uuid, number integer, workspace_id uuid, expires_at timestamptz, destination bigint, due timestamptz,
  attempts integer, lease bigint, held boolean, hold uuid, matches boolean
)
language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
  select row_number() over (), s.message_id, s.number, s.workspace_id, s.expires_at, s.destination, s.due, s.attempts, s.lease, s.held, s.hold,
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

-- Holds of people that somebody of this origin may release.
create function engine.releasable(p_origin text, p_workspace uuid) returns uuid[]
language sql stable as $$
  select coalesce(array_agg(a.id), '{}') from operations.act a
  where a.kind = 'hold' and a.state in ('taking', 'standing')
    and (p_origin = 'operator' or p_origin = a.origin and p_workspace = a.workspace_id)
$$;

-- One batch of a count: what a filter names among the next p_limit rows of a lane, by workspace, site and state, and whether an act of
-- p_kind would touch it ('look': all). p_after: where the batch before ended. Contained mail is told apart from what is ready.
create function engine.count_queue(
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
    select s.workspace_id, s.destination, s.due,
           case when s.held then 'held' when s.lease is not null then 'in flight'
                when s.due > now() and s.attempts = 0 then 'scheduled'
                when s.due > now() then 'deferred'
                when exists (select from kept k where k.workspace_id is null or k.workspace_id = s.workspace_id) then 'contained'
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
    select n.workspace_id, n.destination, n.state, n.applies, count(*) as recipients, min(n.due) as oldest from named n group by 1, 2, 3, 4
  ), groups as (
    select p.workspace_id, d.site, d.provider, p.state, p.applies, sum(p.recipients) as recipients, min(p.oldest) as oldest
    from places p left join destination_site d on d.destination = p.destination
    group by 1, 2, 3, 4, 5
  )
  select jsonb_build_object(
    'groups', coalesce((select jsonb_agg(jsonb_build_object('workspace', g.workspace_id, 'site', g.site, 'provider', g.provider, 'state', g.state,
      'applies', g.applies, 'recipients', g.recipients, 'oldest', g.oldest)) from groups g), '[]'),
    'scanned', (select count(*) from slice),
    'after', (select jsonb_build_object('workspace', s.workspace_id, 'expires', s.expires_at, 'message', s.message_id, 'number', s.number)
              from slice s order by s.place desc limit 1))
  into v_result;
  return v_result;
end $$;

-- Refuses who acts as what he is not: the api process for its workspace or, bound to none, for the operator; the staff process for staff.
create function engine.may_act(p_origin text, p_workspace uuid) returns void
language plpgsql stable as $$
begin
  if session_user = 'bulkhead_api' and (p_origin not in ('workspace', 'operator')
      or p_origin = 'workspace' and (p_workspace is null or p_workspace is distinct from engine.current_workspace()))
    or session_user = 'bulkhead_staff' and p_origin <> 'staff'
    or p_origin = 'workspace' and p_workspace is null then
    raise exception using errcode = 'BH403', message = 'a workspace acts on its own mail';
  end if;
end $$;

-- An act begins. Workers do the rest in batches. The audit record is written here, in the same transaction.
create function engine.make_queue_act(
  p_id uuid, p_kind text, p_origin text, p_workspace uuid, p_actor text, p_reason text, p_filter jsonb, p_shown bigint,
  p_until timestamptz, p_grace_seconds integer, p_spread_seconds integer
) returns void
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_pause uuid := case when p_kind = 'pause' then gen_random_uuid() end;
  f operations.filter := jsonb_populate_record(null::operations.filter, p_filter);
begin
  perform engine.may_act(p_origin, p_workspace);
  if p_origin = 'staff' and p_kind not in ('pause', 'hold') then
    raise exception using errcode = 'BH403', message = 'staff pause and hold; the operator does the rest';
  end if;
  if p_until is not null and p_until <= clock_timestamp() then
    raise exception using errcode = 'BH409', message = 'the end of the pause is past, by the clock of the database';
  end if;
  if (select count(*) from operations.act a where a.state <> 'ended' and a.workspace_id is not distinct from p_workspace) >= 200 then
    raise exception using errcode = 'BH409', message = 'there are 200 acts that have not ended; end some first';
  end if;
  insert into operations.act (id, kind, origin, workspace_id, actor, reason, filter, pause_id, until, grace_until, spread_seconds, shown)
  values (p_id, p_kind, p_origin, p_workspace, p_actor, p_reason, p_filter, v_pause, p_until,
    case when p_kind = 'expire' then clock_timestamp() + make_interval(secs => p_grace_seconds) end, coalesce(p_spread_seconds, 0), p_shown);
  if p_kind = 'pause' then
    insert into operations.pause (
      id, workspace_id, lanes, destinations, sites, tags, providers, pools, from_domains, messages, reason, made_by, until)
    values (v_pause, p_workspace, f.lanes, f.destinations, f.sites, f.tags,
      f.providers, f.pools, f.from_domains, f.messages, p_reason, p_actor, p_until);
  end if;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), p_workspace, p_actor,
    'queue.' || case p_kind when 'pause' then 'paused' when 'hold' then 'held' when 'release' then 'released' when 'requeue' then 'requeued'
      else 'expired' end,
    p_id::text, jsonb_build_object('act', p_id, 'shown', p_shown, 'filter', jsonb_strip_nulls(p_filter)) || case when p_until is null then '{}'
      else jsonb_build_object('until', to_char(p_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) end
      || case when p_kind = 'expire' then jsonb_build_object('graceSeconds', p_grace_seconds) else '{}' end);
  perform pg_notify('bulkhead_queue_acts', '');
end $$;

-- Ends or takes back an act, also one that is at work. What it held is given back in batches; a release or requeue is taken back by a new
-- act, p_id. Answers that act, or p_act itself.
create function engine.undo_queue_act(p_id uuid, p_act uuid, p_origin text, p_workspace uuid, p_actor text, p_reason text) returns uuid
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare a operations.act;
begin
  perform engine.may_act(p_origin, p_workspace);
  select * into a from operations.act x where x.id = p_act for update;
  if not found or p_origin = 'workspace' and a.workspace_id is distinct from p_workspace then
    raise exception using errcode = 'BH404', message = 'there is no such act';
  end if;
  if p_origin = 'staff' or p_origin = 'workspace' and a.origin <> 'workspace' then
    raise exception using errcode = 'BH403', message = 'this act was made by those who run the installation, and they end it';
  end if;
  if a.undone_by is not null or a.state = 'returning' then
    raise exception using errcode = 'BH409', message = 'this act was taken back already';
  end if;
  if a.kind in ('pause', 'hold', 'expire') then
    if a.state = 'ended' then
      raise exception using errcode = 'BH409', message = case when a.kind = 'expire' and a.ended > 0
        then format('this act has ended %s recipients as expired, and that cannot be taken back', a.ended)
        else 'this act has ended, and holds nothing any more' end;
    end if;
    update operations.pause p set ended_at = clock_timestamp() where p.id = a.pause_id and p.ended_at is null;
    update operations.act x
    set state = 'returning', outcome = case x.kind when 'pause' then 'resumed' else 'undone' end, stopped_xid = pg_current_xact_id(),
        at_message = null, at_number = null, step_began = null, next_at = clock_timestamp(), waits_for = null
    where x.id = p_act;
  else
    if not exists (select from operations.changed c where c.act_id = p_act) then
      raise exception using errcode = 'BH409', message = case when a.taken = 0 then 'this act has changed nothing'
        else 'what this act changed is kept for 7 days, and cannot be taken back any more' end;
    end if;
    insert into operations.act (id, kind, origin, workspace_id, actor, reason, filter, undoes, shown)
    values (p_id, case a.kind when 'release' then 'hold' else 'requeue' end, p_origin, a.workspace_id, p_actor, p_reason, '{}', p_act, a.taken);
    update operations.act x
    set undone_by = p_id, state = 'ended', outcome = case when x.state = 'ended' then x.outcome else 'undone' end,
        ended_at = coalesce(x.ended_at, clock_timestamp()), next_at = clock_timestamp() + interval '7 days'
    where x.id = p_act;
  end if;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), a.workspace_id, p_actor,
    case a.kind when 'pause' then 'queue.resumed' else 'queue.undone' end, p_act::text,
    jsonb_build_object('act', p_act, 'kind', a.kind));
  perform pg_notify('bulkhead_queue_acts', '');
  return case when a.kind in ('release', 'requeue') then p_id else p_act end;
end $$;

-- Acts, newest first. A workspace sees its own, whoever made them, and those of the installation while they hold something up.
create function engine.read_queue_acts(p_origin text, p_workspace uuid, p_id uuid, p_before uuid, p_open boolean, p_limit integer)
returns table (act operations.act, awaited bigint, seconded bigint, undoable boolean, sites text[])
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
begin
  perform engine.may_act(p_origin, p_workspace);
  return query
  select x, (select count(*) from (select 1 from operations.awaited w where w.act_id = x.id limit 100000) n),
         (select count(*) from (select 1 from operations.second_hold w where w.act_id = x.id limit 100000) n),
         case when x.kind in ('pause', 'hold', 'expire') then x.state in ('taking', 'standing', 'ending')
              else x.undone_by is null and exists (select from operations.changed c where c.act_id = x.id) end,
         (select array_agg(distinct d.site) from destination_site d
          where d.destination in (select v::bigint from jsonb_array_elements_text(case jsonb_typeof(x.filter -> 'destinations')
            when 'array' then x.filter -> 'destinations' else '[]' end) v))
  from operations.act x
  where (p_origin in ('operator', 'staff') and (p_workspace is null or x.workspace_id = p_workspace)
         or x.workspace_id = p_workspace or x.workspace_id is null and x.kind in ('pause', 'hold', 'expire') and x.state <> 'ended')
    and (p_id is null or x.id = p_id) and (p_before is null or x.id < p_before) and (not p_open or x.state <> 'ended')
  order by x.id desc
  limit least(p_limit, 1000);
end $$;

-- How people see the id of an act: qac_ and 26 characters of Crockford's base32, as kernel/ids.ts writes it.
create function engine.act_name(p_id uuid) returns text
language sql immutable as $$
  select 'qac_' || string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + substring(b.bits from 5 * n + 1 for 5)::integer, 1), '' order by n)
  from (select B'00' || ('x' || replace(p_id::text, '-', ''))::bit(128) as bits) b, generate_series(0, 25) n
$$;

-- Events of one kind for rows, and their webhooks. All are of the same act.
create function engine.tell_queue(
  p_type text, p_detail jsonb, p_message uuid[], p_number integer[], p_workspace uuid[]
) returns void
language sql as $$
  with x as materialized (
    select engine.new_event_id(gen_random_uuid()) as id, u.message_id, u.number, u.workspace_id
    from unnest(p_message, p_number, p_workspace) as u(message_id, number, workspace_id)
  ), noted as (
    insert into event (id, message_id, number, workspace_id, type, detail)
    select x.id, x.message_id, x.number, x.workspace_id, p_type, p_detail from x
  )
  insert into webhook_delivery (endpoint_id, workspace_id, event_id, message_id, number, type)
  select e.id, x.workspace_id, x.id, x.message_id, x.number, p_type
  from x join webhook_endpoint e
    on e.workspace_id = x.workspace_id and e.state = 'enabled' and (e.event_types = '{}' or p_type = any(e.event_types))
$$;

-- Holds rows of a lane for an act: free ones by the row, held ones as a second holder, leased or locked ones when they come back. Rows are
-- locked first and looked at afterwards, so that an act that gives them back at the same time sees either none or all of this.
create function engine.hold_rows(a operations.act, p_lane lane, p_message uuid[], p_number integer[]) returns integer
language plpgsql as $$
#variable_conflict use_column
declare
  v_free_m uuid[];
  v_free_n integer[];
  v_held_m uuid[];
  v_held_n integer[];
  v_workspaces uuid[];
  v_also integer := 0;
begin
  select array_agg(l.message_id) filter (where not l.held), array_agg(l.number) filter (where not l.held),
         array_agg(l.message_id) filter (where l.held), array_agg(l.number) filter (where l.held)
  into v_free_m, v_free_n, v_held_m, v_held_n
  from (
    select q.message_id, q.number, q.held from unnest(p_message, p_number) as w(m, n)
    join queue q on q.message_id = w.m and q.number = w.n
    where q.lane = p_lane and q.lease is null and q.hold is distinct from a.id
    for update of q skip locked
  ) l;
  if a.kind <> 'pause' then
    -- Locked: by whoever is about to claim it, or by another act that moves it.
    insert into operations.awaited (act_id, message_id, number, lane)
    select a.id, w.m, w.n, p_lane
    from (select m, n from unnest(p_message, p_number) as x(m, n)
          except (select m, n from unnest(v_free_m, v_free_n) as x(m, n) union all select m, n from unnest(v_held_m, v_held_n) as x(m, n))) w
    where exists (select from queue q where q.lane = p_lane and q.message_id = w.m and q.number = w.n and q.hold is distinct from a.id)
    on conflict do nothing;
    insert into operations.second_hold (message_id, number, act_id, lane)
    select t.m, t.n, a.id, p_lane from unnest(v_held_m, v_held_n) as t(m, n)
    on conflict do nothing;
    get diagnostics v_also = row_count;
  end if;
  if v_free_m is not null then
    with taken as (
      update queue q set held = true, hold = a.id
      from unnest(v_free_m, v_free_n) as t(m, n)
      where q.lane = p_lane and q.message_id = t.m and q.number = t.n
      returning q.message_id, q.number, q.workspace_id
    )
    select array_agg(t.message_id), array_agg(t.number), array_agg(t.workspace_id) into v_free_m, v_free_n, v_workspaces from taken t;
    perform engine.tell_queue('message.held', engine.act_detail(a), v_free_m, v_free_n, v_workspaces);
  end if;
  update operations.act x set taken = x.taken + coalesce(array_length(v_free_m, 1), 0) + v_also, also = x.also + v_also where x.id = a.id;
  return coalesce(array_length(v_free_m, 1), 0) + v_also;
end $$;

create function engine.act_detail(a operations.act) returns jsonb
language sql immutable as $$
  select jsonb_build_object('reason', a.reason, 'act', engine.act_name(a.id), 'by', a.origin)
$$;

-- Takes holds of p_acts from rows that are locked by the caller's own statement before: a row goes to whoever else holds it, and is free
-- when nobody is left. Its due time stays. Answers how many are free.
create function engine.free_rows(a operations.act, p_acts uuid[], p_lanes lane[], p_message uuid[], p_number integer[]) returns integer
language plpgsql as $$
#variable_conflict use_column
declare
  v_m uuid[];
  v_n integer[];
  v_w uuid[];
begin
  with x as materialized (
    select u.lane, u.m, u.n, q.hold = any(p_acts) as is_first, (
      select s.act_id from operations.second_hold s where s.message_id = u.m and s.number = u.n and s.act_id <> all(p_acts)
      order by s.act_id limit 1) as heir
    from unnest(p_lanes, p_message, p_number) as u(lane, m, n)
    join queue q on q.lane = u.lane and q.message_id = u.m and q.number = u.n
  ), dropped as (
    delete from operations.second_hold s using x
    where s.message_id = x.m and s.number = x.n and (s.act_id = any(p_acts) or x.is_first and s.act_id = x.heir)
  ), moved as (
    update queue q
    set held = x.heir is not null or exists (select from notices.hold h where h.message_id = x.m), hold = x.heir,
        line = case when x.heir is null then 0 else q.line end
    from x
    where q.lane = x.lane and q.message_id = x.m and q.number = x.n and x.is_first
    returning q.message_id, q.number, q.workspace_id, q.held
  )
  select array_agg(t.message_id), array_agg(t.number), array_agg(t.workspace_id) into v_m, v_n, v_w from moved t where not t.held;
  if v_m is null then return 0; end if;
  perform engine.tell_queue('message.released', engine.act_detail(a), v_m, v_n, v_w);
  return array_length(v_m, 1);
end $$;

-- One step of a walk: a hold, pause or expire holds, a release frees, a requeue moves. What takes back a release or requeue walks through what
-- that one has changed. Answers how many rows it looked at.
create function engine.take_rows(a operations.act, p_walk integer, p_rows integer) returns integer
language plpgsql as $$
#variable_conflict use_column
declare
  c_zero constant uuid := '00000000-0000-0000-0000-000000000000';
  f operations.filter := jsonb_populate_record(null::operations.filter, a.filter);
  v_lane lane := coalesce(a.at_lane, 'critical');
  v_next lane;
  v_m uuid[];
  v_n integer[];
  v_scanned integer;
  v_wanted integer;
  v_last record;
  v_rows integer := 0;
  v_releasable uuid[] := '{}';
  v_is_through boolean;
begin
  if f.lanes is not null and v_lane::text <> all(f.lanes) then
    v_scanned := 0;
    v_is_through := true;
  elsif a.undoes is not null then
    select array_agg(c.message_id order by c.message_id, c.number), array_agg(c.number order by c.message_id, c.number), count(*)
    into v_m, v_n, v_scanned
    from (select x.message_id, x.number from operations.changed x
          where x.act_id = a.undoes and x.lane = v_lane
            and (x.message_id, x.number) > (coalesce(a.at_message, c_zero), coalesce(a.at_number, 0))
          order by x.message_id, x.number limit p_rows) c;
    v_is_through := v_scanned < p_rows;
    if not v_is_through then
      update operations.act x set at_lane = v_lane, at_message = v_m[v_scanned], at_number = v_n[v_scanned] where x.id = a.id;
    end if;
  else
    if a.kind = 'release' then v_releasable := engine.releasable(a.origin, a.workspace_id); end if;
    with slice as materialized (
      select s.* from engine.queue_slice(f, v_lane, a.workspace_id, f.messages, coalesce(a.at_workspace, c_zero), coalesce(a.at_expires, '-infinity'),
        coalesce(a.at_message, c_zero), coalesce(a.at_number, 0), p_walk) s
    ), wanted as materialized (
      select s.message_id, s.number, s.place from slice s
      where s.matches and case a.kind
          when 'release' then s.held and (s.hold = any(v_releasable) or exists (
            select from operations.second_hold h
            where h.message_id = s.message_id and h.number = s.number and h.act_id = any(v_releasable)))
          when 'requeue' then s.lease is null and not s.held and s.due > now() and s.attempts > 0
          else s.hold is distinct from a.id end
      order by s.place limit p_rows
    ), upto as (
      select case when (select count(*) from wanted) = p_rows then (select max(w.place) from wanted w)
                  else (select max(s.place) from slice s) end as place
    )
    select s.workspace_id, s.expires_at, s.message_id, s.number, s.place, (select count(*) from slice) as scanned,
           w.m, w.n
    into v_last
    from (select array_agg(w.message_id order by w.place) as m, array_agg(w.number order by w.place) as n from wanted w) w
    left join slice s on s.place = (select u.place from upto u);
    v_m := v_last.m;
    v_n := v_last.n;
    v_scanned := coalesce(v_last.place, 0);
    v_is_through := coalesce(v_last.scanned, 0) < p_walk and v_scanned = coalesce(v_last.scanned, 0);
    if not v_is_through then
      update operations.act x
      set at_lane = v_lane, at_workspace = v_last.workspace_id, at_expires = v_last.expires_at, at_message = v_last.message_id,
          at_number = v_last.number
      where x.id = a.id;
    end if;
  end if;

  if v_m is not null then
    case
      when a.kind in ('hold', 'pause', 'expire') then v_rows := engine.hold_rows(a, v_lane, v_m, v_n);
      when a.kind = 'release' then v_rows := engine.release_rows(a, v_releasable, v_lane, v_m, v_n);
      else v_rows := engine.requeue_rows(a, v_lane, v_m, v_n);
    end case;
  end if;
  update operations.act x set scanned = x.scanned + v_scanned where x.id = a.id;
  if v_is_through then
    select l into v_next from unnest(enum_range(null::lane)) l where l > v_lane order by l limit 1;
    if v_next is not null then
      update operations.act x set at_lane = v_next, at_workspace = null, at_expires = null, at_message = null, at_number = null where x.id = a.id;
    elsif a.kind in ('hold', 'pause', 'expire') then
      update operations.act x
      set state = 'standing', at_lane = null, at_workspace = null, at_expires = null, at_message = null, at_number = null
      where x.id = a.id;
    else
      perform engine.end_act(a.id, 'done');
    end if;
  end if;
  return v_scanned;
end $$;

-- Frees rows of a lane from the holds of people, and keeps which, so that it can be taken back.
create function engine.release_rows(a operations.act, p_acts uuid[], p_lane lane, p_message uuid[], p_number integer[]) returns integer
language plpgsql as $$
#variable_conflict use_column
declare
  v_m uuid[];
  v_n integer[];
begin
  select array_agg(l.message_id), array_agg(l.number) into v_m, v_n
  from (
    select q.message_id, q.number from unnest(p_message, p_number) as w(m, n)
    join queue q on q.message_id = w.m and q.number = w.n
    where q.lane = p_lane and q.held
    for update of q skip locked
  ) l;
  if v_m is null then return 0; end if;
  insert into operations.changed (act_id, lane, message_id, number, due, attempts)
  select a.id, p_lane, q.message_id, q.number, q.due, q.attempts
  from unnest(v_m, v_n) as t(m, n) join queue q on q.lane = p_lane and q.message_id = t.m and q.number = t.n
  on conflict do nothing;
  perform engine.free_rows(a, p_acts, array_fill(p_lane, array[array_length(v_m, 1)]), v_m, v_n);
  update operations.act x set taken = x.taken + array_length(v_m, 1) where x.id = a.id;
  return array_length(v_m, 1);
end $$;

-- Makes deferred rows of a lane due, spread over the time that was asked for and never later than they were; or, where a takes back a
-- requeue, gives those that were not attempted since their old time.
create function engine.requeue_rows(a operations.act, p_lane lane, p_message uuid[], p_number integer[]) returns integer
language plpgsql as $$
#variable_conflict use_column
declare
  v_m uuid[];
  v_n integer[];
  v_gone integer;
begin
  select array_agg(l.message_id), array_agg(l.number) into v_m, v_n
  from (
    select q.message_id, q.number from unnest(p_message, p_number) as w(m, n)
    join queue q on q.message_id = w.m and q.number = w.n
    where q.lane = p_lane and q.lease is null and (a.undoes is not null or not q.held and q.due > now() and q.attempts > 0)
    for update of q skip locked
  ) l;
  v_gone := case when a.undoes is null then 0 else array_length(p_message, 1) - coalesce(array_length(v_m, 1), 0) end;
  if v_m is null then
    update operations.act x set gone = x.gone + v_gone where x.id = a.id;
    return 0;
  end if;
  if a.undoes is null then
    insert into operations.changed (act_id, lane, message_id, number, due, attempts)
    select a.id, p_lane, q.message_id, q.number, q.due, q.attempts
    from unnest(v_m, v_n) as t(m, n) join queue q on q.lane = p_lane and q.message_id = t.m and q.number = t.n
    on conflict do nothing;
    update queue q
    set line = 0, due = least(q.due, greatest(now(), a.made_at + random() * make_interval(secs => a.spread_seconds)))
    from unnest(v_m, v_n) as t(m, n)
    where q.lane = p_lane and q.message_id = t.m and q.number = t.n;
  else
    with back as (
      update queue q set due = greatest(q.due, c.due)
      from unnest(v_m, v_n) as t(m, n)
      join operations.changed c on c.act_id = a.undoes and c.lane = p_lane and c.message_id = t.m and c.number = t.n
      where q.lane = p_lane and q.message_id = t.m and q.number = t.n and q.attempts = c.attempts
      returning q.message_id, q.number
    )
    select array_agg(b.message_id), array_agg(b.number) into v_m, v_n from back b;
    v_gone := array_length(p_message, 1) - coalesce(array_length(v_m, 1), 0);
  end if;
  update operations.act x set taken = x.taken + coalesce(array_length(v_m, 1), 0), gone = x.gone + v_gone where x.id = a.id;
  return coalesce(array_length(v_m, 1), 0);
end $$;

-- Takes what came back from its attempt since the act met it, where it is still what the act is about. Answers how many it still waits for;
-- it counts no further than one.
create function engine.await_rows(a operations.act, p_rows integer) returns integer
language plpgsql as $$
#variable_conflict use_column
declare
  c_zero constant uuid := '00000000-0000-0000-0000-000000000000';
  f operations.filter := jsonb_populate_record(null::operations.filter, a.filter);
  v_m uuid[];
  v_n integer[];
  v_lanes lane[];
  v_lane lane;
  v_done_m uuid[];
  v_done_n integer[];
  v_free_m uuid[];
  v_free_n integer[];
  v_gone integer := 0;
  v_rows integer;
begin
  select array_agg(w.message_id order by w.message_id, w.number), array_agg(w.number order by w.message_id, w.number),
         array_agg(w.lane order by w.message_id, w.number), count(*)
  into v_m, v_n, v_lanes, v_rows
  from (select x.message_id, x.number, x.lane from operations.awaited x
        where x.act_id = a.id and (x.message_id, x.number) > (coalesce(a.at_message, c_zero), coalesce(a.at_number, 0))
        order by x.message_id, x.number limit p_rows) w;
  if v_rows > 0 then
    foreach v_lane in array (select array_agg(distinct l) from unnest(v_lanes) l) loop
      -- What is gone, what this act holds and what it is not about any more is waited for no longer.
      select array_agg(x.m) filter (where x.state = 'done'), array_agg(x.n) filter (where x.state = 'done'),
             array_agg(x.m) filter (where x.state = 'free'), array_agg(x.n) filter (where x.state = 'free'),
             v_gone + count(*) filter (where x.is_gone)
      into v_done_m, v_done_n, v_free_m, v_free_n, v_gone
      from (
        select u.m, u.n, s.message_id is null as is_gone,
               case when s.message_id is null or s.hold is not distinct from a.id then 'done' when s.lease is not null then 'flying'
                    when s.matches then 'free' else 'done' end as state
        from unnest(v_m, v_n, v_lanes) as u(m, n, l)
        left join lateral (
          select * from engine.queue_slice(f, v_lane, null, array[u.m], c_zero, '-infinity', u.m, u.n - 1, 1) k
          where k.message_id = u.m and k.number = u.n
        ) s on true
        where u.l = v_lane
      ) x;
      if v_free_m is not null then
        perform engine.hold_rows(a, v_lane, v_free_m, v_free_n);
        delete from operations.awaited w using unnest(v_free_m, v_free_n) as t(m, n)
        where w.act_id = a.id and w.message_id = t.m and w.number = t.n
          and (exists (select from queue q where q.lane = v_lane and q.message_id = t.m and q.number = t.n and q.hold = a.id)
               or exists (select from operations.second_hold s where s.message_id = t.m and s.number = t.n and s.act_id = a.id));
      end if;
      delete from operations.awaited w using unnest(v_done_m, v_done_n) as t(m, n)
      where w.act_id = a.id and w.message_id = t.m and w.number = t.n;
    end loop;
  end if;
  update operations.act x
  set gone = x.gone + v_gone, at_message = case when v_rows = p_rows then v_m[v_rows] end, at_number = case when v_rows = p_rows then v_n[v_rows] end
  where x.id = a.id;
  return (select count(*) from (select 1 from operations.awaited w where w.act_id = a.id limit 1) n);
end $$;

-- Gives back what an act holds, in batches. Answers how many rows it moved; 0: nothing is left.
create function engine.return_rows(a operations.act, p_rows integer) returns integer
language plpgsql as $$
#variable_conflict use_column
declare
  c_zero constant uuid := '00000000-0000-0000-0000-000000000000';
  v_hold uuid := a.id;
  v_lanes lane[];
  v_m uuid[];
  v_n integer[];
  v_rows integer;
  v_lane lane;
begin
  if a.pause_id is not null and exists (select from queue q where q.hold = a.pause_id) then v_hold := a.pause_id; end if;
  select array_agg(l.lane), array_agg(l.message_id), array_agg(l.number), count(*) into v_lanes, v_m, v_n, v_rows
  from (
    select q.lane, q.message_id, q.number from queue q
    where q.hold = v_hold
      and (v_hold <> a.id or (q.message_id, q.number) > (coalesce(a.at_message, c_zero), coalesce(a.at_number, 0)))
    order by q.message_id, q.number limit p_rows
    for update skip locked
  ) l;
  if v_rows > 0 then
    perform engine.free_rows(a, array_remove(array[a.id, a.pause_id], null), v_lanes, v_m, v_n);
    update operations.act x
    set given_back = x.given_back + v_rows, at_message = case when v_hold = a.id then v_m[v_rows] else x.at_message end,
        at_number = case when v_hold = a.id then v_n[v_rows] else x.at_number end
    where x.id = a.id;
    foreach v_lane in array (select array_agg(distinct l) from unnest(v_lanes) l) loop
      perform pg_notify('bulkhead_queue', v_lane::text);
    end loop;
    return v_rows;
  end if;
  delete from operations.second_hold s using (
    select x.message_id, x.number from operations.second_hold x where x.act_id = a.id limit p_rows) o
  where s.message_id = o.message_id and s.number = o.number and s.act_id = a.id;
  get diagnostics v_rows = row_count;
  update operations.act x set given_back = x.given_back + v_rows where x.id = a.id and v_rows > 0;
  if v_rows > 0 then return v_rows; end if;
  delete from operations.awaited w using (
    select x.message_id, x.number from operations.awaited x where x.act_id = a.id limit p_rows) o
  where w.message_id = o.message_id and w.number = o.number and w.act_id = a.id;
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;

-- Ends what an act of kind expire holds, also what others hold as well. Mail of a workspace that is contained stays. Answers how many.
create function engine.end_rows(a operations.act, p_rows integer) returns integer
language plpgsql as $$
#variable_conflict use_column
declare
  v_everything boolean;
  v_blocked uuid[];
  v_rows integer;
begin
  select f.everything, f.workspaces into v_everything, v_blocked
  from engine.contained_for('sender', array['deliver', 'deliver:critical', 'deliver:transactional', 'deliver:bulk', 'deliver:internal']) f;
  if v_everything then return 0; end if;
  with chosen as materialized (
    select x.lane, x.message_id, x.number from (
      (select q.lane, q.message_id, q.number, q.workspace_id from queue q where q.hold = a.id and q.workspace_id <> all(v_blocked) limit p_rows)
      union all
      (select q.lane, q.message_id, q.number, q.workspace_id
       from operations.second_hold s join queue q on q.lane = s.lane and q.message_id = s.message_id and q.number = s.number
       where s.act_id = a.id and q.workspace_id <> all(v_blocked) limit p_rows)
    ) x limit p_rows
  ), locked as materialized (
    select q.lane, q.message_id, q.number from chosen c
    join queue q on q.lane = c.lane and q.message_id = c.message_id and q.number = c.number
    where q.held and q.lease is null for update of q skip locked
  ), finished as (
    delete from queue q using locked l
    where q.lane = l.lane and q.message_id = l.message_id and q.number = l.number
    returning q.message_id, q.number, q.workspace_id, q.attempts, gen_random_uuid() as event_id
  ), dropped as (
    delete from operations.second_hold s using finished g where s.message_id = g.message_id and s.number = g.number
  ), written as (
    insert into outcome (message_id, number, workspace_id, event_id, state, attempts, detail)
    select g.message_id, g.number, g.workspace_id, engine.new_event_id(g.event_id), 'expired', g.attempts, engine.act_detail(a) from finished g
  ), heard as (
    insert into webhook_delivery (endpoint_id, workspace_id, event_id, message_id, number, type)
    select e.id, g.workspace_id, engine.new_event_id(g.event_id), g.message_id, g.number, 'message.expired'
    from finished g join webhook_endpoint e
      on e.workspace_id = g.workspace_id and e.state = 'enabled'
      and (e.event_types = '{}' or 'message.expired' = any(e.event_types))
  )
  select count(*) into v_rows from finished;
  update operations.act x set ended = x.ended + v_rows where x.id = a.id;
  return v_rows;
end $$;

-- An act is over. What came of it stands in the audit log.
create function engine.end_act(p_id uuid, p_outcome text) returns void
language plpgsql as $$
declare a operations.act;
begin
  update operations.act x
  set state = 'ended', outcome = coalesce(x.outcome, p_outcome), ended_at = clock_timestamp(), waits_for = null,
      next_at = clock_timestamp() + interval '7 days'
  where x.id = p_id returning * into a;
  insert into audit_outbox (id, workspace_id, actor, action, target, detail)
  values (engine.new_event_id(gen_random_uuid()), a.workspace_id, 'process:worker', 'queue.act_ended', p_id::text,
    jsonb_build_object('act', p_id, 'kind', a.kind, 'outcome', a.outcome, 'taken', a.taken, 'givenBack', a.given_back, 'ended', a.ended));
end $$;

-- Whether something other than a person keeps what an act does from going on: whoever made it is contained, or his workspace is.
create function engine.act_contained(a operations.act) returns boolean
language sql stable as $$
  select a.origin = 'workspace' and exists (
    select from containment c
    where c.state in ('active', 'lift_requested') and c.until > clock_timestamp() and c.actor_class in ('any', 'api')
      and 'write' = any(c.capabilities) and (c.workspace_id is null or c.workspace_id = a.workspace_id)
      and (c.subject is null or c.subject = a.actor))
$$;

-- One batch of the act that is due next; nothing where none is. Everything of a batch is one transaction: a worker that dies in it has done
-- nothing, and the next one goes on behind the batch before. p_walk: rows looked at, p_rows: rows changed.
create function engine.work_queue_acts(p_walk integer, p_rows integer)
returns table (act_id uuid, rows integer, step text)
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  a operations.act;
  v_rows integer := 0;
  v_step text;
  v_flying integer;
  v_fresh_lanes lane[];
  v_m uuid[];
  v_n integer[];
  v_w uuid[];
begin
  select x.* into a from operations.act x where x.next_at <= clock_timestamp() order by x.next_at limit 1 for update skip locked;
  if not found then return; end if;
  v_step := a.state;
  if a.step_began is null then update operations.act x set step_began = clock_timestamp() where x.id = a.id; end if;
  if a.kind = 'pause' and a.state in ('taking', 'standing') and a.until <= clock_timestamp() then
    update operations.pause p set ended_at = clock_timestamp() where p.id = a.pause_id and p.ended_at is null;
    update operations.act x
    set state = 'returning', outcome = 'lapsed', stopped_xid = pg_current_xact_id(), at_message = null, at_number = null,
        step_began = clock_timestamp()
    where x.id = a.id returning * into a;
  end if;
  if (a.state in ('returning', 'ending') or a.kind in ('release', 'requeue') and a.state = 'taking') and engine.act_contained(a) then
    update operations.act x set next_at = clock_timestamp() + interval '2 seconds', waits_for = 'containment' where x.id = a.id;
    return query select a.id, 0, 'contained';
    return;
  end if;

  case a.state
    when 'taking' then
      v_rows := engine.take_rows(a, p_walk, p_rows);
      if a.kind in ('release', 'requeue') then perform pg_notify('bulkhead_queue', 'critical,transactional,bulk,internal'); end if;
      update operations.act x set next_at = clock_timestamp() where x.id = a.id and x.state <> 'ended';
    when 'standing' then
      if a.kind = 'pause' then
        -- What claims have marked since: it gets the act's own id, and is told of.
        select array_agg(t.lane), array_agg(t.message_id), array_agg(t.number), array_agg(t.workspace_id), count(*)
        into v_fresh_lanes, v_m, v_n, v_w, v_rows
        from (
          select q.lane, q.message_id, q.number, q.workspace_id from queue q
          where q.hold = a.pause_id order by q.message_id, q.number limit p_rows for update skip locked
        ) t;
        if v_rows > 0 then
          update queue q set hold = a.id from unnest(v_fresh_lanes, v_m, v_n) as t(l, m, n)
          where q.lane = t.l and q.message_id = t.m and q.number = t.n;
          perform engine.tell_queue('message.held', engine.act_detail(a), v_m, v_n, v_w);
          update operations.act x set taken = x.taken + v_rows where x.id = a.id;
        end if;
        update operations.act x
        set next_at = case when v_rows = p_rows then clock_timestamp()
                           else least(clock_timestamp() + interval '1 second', coalesce(a.until, 'infinity')) end
        where x.id = a.id;
      else
        v_flying := engine.await_rows(a, p_rows);
        if a.kind = 'expire' and a.grace_until <= clock_timestamp() then
          update operations.act x
          set state = 'ending', step_began = null, at_message = null, at_number = null, next_at = clock_timestamp() where x.id = a.id;
        elsif v_flying = 0 and not exists (select from queue q where q.hold = a.id)
          and not exists (select from operations.second_hold s where s.act_id = a.id) then
          perform engine.end_act(a.id, 'empty');
        else
          update operations.act x
          set next_at = clock_timestamp() + case when v_flying > 0 then interval '500 milliseconds' when a.kind = 'expire' then
                          least(interval '1 minute', a.grace_until - clock_timestamp()) else interval '1 minute' end
          where x.id = a.id;
        end if;
      end if;
    when 'returning' then
      v_rows := engine.return_rows(a, p_rows);
      if v_rows = 0 and a.at_message is null and (a.pause_id is null or pg_snapshot_xmin(pg_current_snapshot()) > a.stopped_xid)
        and not exists (select from queue q where q.hold in (a.id, a.pause_id)) then
        perform engine.end_act(a.id, 'undone');
      else
        -- Once more from the beginning: rows that were locked were passed over.
        update operations.act x
        set next_at = clock_timestamp() + case when v_rows = 0 then interval '200 milliseconds' else interval '0' end,
            at_message = case when v_rows = 0 then null else x.at_message end, at_number = case when v_rows = 0 then null else x.at_number end
        where x.id = a.id;
      end if;
    when 'ending' then
      v_flying := engine.await_rows(a, p_rows);
      v_rows := engine.end_rows(a, p_rows);
      if v_rows = 0 and v_flying = 0 and not exists (select from queue q where q.hold = a.id)
        and not exists (select from operations.second_hold s join queue q on q.lane = s.lane and q.message_id = s.message_id and q.number = s.number
                        where s.act_id = a.id) then
        delete from operations.second_hold s where s.act_id = a.id;
        perform engine.end_act(a.id, 'done');
      else
        update operations.act x
        set next_at = clock_timestamp() + case when v_rows > 0 then interval '0' when v_flying > 0 then interval '500 milliseconds'
                        else interval '5 seconds' end,
            waits_for = case when v_rows = 0 and v_flying = 0 then 'containment' end
        where x.id = a.id;
      end if;
    else
      delete from operations.changed c using (
        select x.lane, x.message_id, x.number from operations.changed x where x.act_id = a.id limit p_rows) o
      where c.act_id = a.id and c.lane = o.lane and c.message_id = o.message_id and c.number = o.number;
      get diagnostics v_rows = row_count;
      if v_rows = 0 and a.ended_at < clock_timestamp() - interval '90 days' then
        delete from operations.pause p where p.id = a.pause_id;
        delete from operations.act x where x.id = a.id;
      else
        update operations.act x
        set next_at = case when v_rows > 0 then clock_timestamp() else a.ended_at + interval '90 days' end where x.id = a.id;
      end if;
  end case;
  update operations.act x
  set worked_at = clock_timestamp(), waits_for = case when a.state = 'ending' then x.waits_for end
  where x.id = a.id and x.state <> 'ended';
  return query select a.id, v_rows, v_step;
end $$;

-- As in 0031; it names the act that holds a recipient, whatever its kind.
create or replace function engine.explain_waiting(p_message uuid) returns table (
  number integer, lane text, attempts integer, due timestamptz, expires_at timestamptz, held boolean, in_line boolean, leased boolean,
  site text, provider text, mx_hosts text[], policy text, resolved_at timestamptz, pause uuid, pause_reason text, pause_until timestamptz
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select q.number, q.lane::text, q.attempts, q.due, q.expires_at, q.held, q.line <> 0, q.lease is not null,
         d.site, d.provider, d.mx_hosts, d.policy, d.resolved_at, coalesce(a.id, p.id), coalesce(a.reason, p.reason),
         coalesce(a.until, p.until)
  from message m
  join queue q on q.lane = m.lane and q.message_id = m.id
  left join destination_site d on d.destination = q.destination
  left join lateral (
    select coalesce(q.hold, engine.pause_of(q.lane, q.workspace_id, q.destination, q.message_id)) as id) h on true
  left join operations.act a on h.id in (a.id, a.pause_id)
  left join operations.pause p on p.id = h.id
  where m.id = p_message and m.workspace_id = engine.current_workspace()
  order by q.number
  limit 1000
$$;

-- As in 0024; what people hold as well stays held when what is new is new no more.
create or replace function engine.release_new(p_limit integer) returns integer
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_hold record;
  v_done integer := 0;
  v_is_there boolean;
begin
  delete from notices.inert_domain i where i.until <= clock_timestamp();
  for v_hold in
    select h.*, case h.cause when 'domain' then d.id is not null else s.id is not null end as is_there
    from notices.hold h
    left join sending_domain d on d.id = h.row_id and d.workspace_id = h.workspace_id
    left join sender s on s.id = h.row_id and s.workspace_id = h.workspace_id
    where h.made_at < clock_timestamp() - interval '1 minute' and not exists (select from queue q where q.message_id = h.message_id)
       or coalesce(d.inert_until, s.inert_until) is null or coalesce(d.inert_until, s.inert_until) <= clock_timestamp()
    order by h.until limit p_limit
    for update of h skip locked
  loop
    begin
      v_is_there := v_hold.is_there;
      if not v_is_there then
        perform engine.cancel(v_hold.workspace_id, v_hold.message_id);
      else
        perform 1 from queue q where q.message_id = v_hold.message_id for update;
        with moved as (
          update queue q
          set held = x.heir is not null, hold = x.heir, due = greatest(q.due, now())
          from (select r.lane, r.message_id, r.number, (
                  select s.act_id from operations.second_hold s
                  where s.message_id = r.message_id and s.number = r.number order by s.act_id limit 1) as heir
                from queue r where r.message_id = v_hold.message_id) x
          where q.lane = x.lane and q.message_id = x.message_id and q.number = x.number and q.held and q.hold is null and q.lease is null
          returning q.message_id, q.number, q.workspace_id, q.held, q.hold
        ), passed as (
          delete from operations.second_hold s using moved m
          where s.message_id = m.message_id and s.number = m.number and s.act_id = m.hold
        )
        insert into event (id, message_id, number, workspace_id, type, detail)
        select engine.new_event_id(gen_random_uuid()), f.message_id, f.number, f.workspace_id, 'message.released',
               jsonb_build_object('reason', 'the ' || v_hold.cause || ' is new no more')
        from moved f where not f.held;
      end if;
      delete from notices.hold h where h.message_id = v_hold.message_id;
      v_done := v_done + 1;
    exception when sqlstate 'BH423' then
      null;
    end;
  end loop;
  if v_done > 0 then perform pg_notify('bulkhead_queue', 'critical,transactional,bulk,internal'); end if;
  return v_done;
end $$;

-- As in 0003, but it reads no row that has not expired: it skips from workspace to workspace, whose rows stand in the order of their end.
create or replace function engine.expire(p_limit integer) returns bigint
language plpgsql security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
declare
  v_lane lane;
  v_rows bigint := 0;
  v_more bigint;
begin
  foreach v_lane in array enum_range(null::lane) loop
    exit when v_rows >= p_limit;
    with recursive ends(w, e) as (
      (select q.workspace_id, q.expires_at from queue q where q.lane = v_lane order by q.workspace_id, q.expires_at limit 1)
      union all
      select n.workspace_id, n.expires_at
      from ends cross join lateral (
        select q.workspace_id, q.expires_at from queue q
        where q.lane = v_lane and q.workspace_id > ends.w order by q.workspace_id, q.expires_at limit 1) n
    ), chosen as materialized (
      select c.message_id, c.number
      from ends cross join lateral (
        select q.message_id, q.number from queue q
        where q.lane = v_lane and q.workspace_id = ends.w and q.expires_at <= now() and q.lease is null
        order by q.expires_at limit p_limit - v_rows for update skip locked) c
      where ends.e <= now()
      limit p_limit - v_rows
    ), gone as (
      delete from queue q using chosen c
      where q.lane = v_lane and q.message_id = c.message_id and q.number = c.number
      returning q.message_id, q.number, q.workspace_id, q.attempts, gen_random_uuid() as event_id
    ), written as (
      insert into outcome (message_id, number, workspace_id, event_id, state, attempts, detail)
      select message_id, number, workspace_id, engine.new_event_id(event_id), 'expired', attempts, '{"reason":"not delivered before it expired"}'
      from gone
    ), heard as (
      insert into webhook_delivery (endpoint_id, workspace_id, event_id, message_id, number, type)
      select e.id, g.workspace_id, engine.new_event_id(g.event_id), g.message_id, g.number, 'message.expired'
      from gone g join webhook_endpoint e
        on e.workspace_id = g.workspace_id and e.state = 'enabled'
        and (e.event_types = '{}' or 'message.expired' = any(e.event_types))
    )
    select count(*) into v_more from gone;
    v_rows := v_rows + v_more;
  end loop;
  return v_rows;
end $$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('pool_of', 'last_reply_is', 'pause_of', 'queue_slice', 'releasable', 'count_queue', 'may_act',
      'make_queue_act', 'undo_queue_act', 'read_queue_acts', 'act_name', 'tell_queue', 'hold_rows', 'act_detail', 'free_rows', 'take_rows',
      'release_rows', 'requeue_rows', 'await_rows', 'return_rows', 'end_rows', 'end_act', 'act_contained', 'work_queue_acts', 'release_new',
      'expire', 'explain_waiting')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
  -- As the hot functions of 0003: a plan made while a lane was empty must not scan it when it is full.
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine' and p.proname in ('work_queue_acts', 'count_queue', 'expire')
  loop
    execute format('alter function %s set plan_cache_mode = force_generic_plan', signature);
    execute format('alter function %s set enable_seqscan = off', signature);
    execute format('alter function %s set enable_bitmapscan = off', signature);
    execute format('alter function %s set enable_hashjoin = off', signature);
    execute format('alter function %s set enable_mergejoin = off', signature);
    execute format('alter function %s set max_parallel_workers_per_gather = 0', signature);
  end loop;
end $$;

grant execute on function engine.count_queue, engine.make_queue_act, engine.read_queue_acts to bulkhead_api, bulkhead_staff;
grant execute on function engine.undo_queue_act to bulkhead_api;
grant execute on function engine.work_queue_acts, engine.expire, engine.release_new to bulkhead_worker;
revoke create on schema engine from bulkhead_engine;
