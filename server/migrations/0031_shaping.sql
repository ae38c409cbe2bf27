-- Shaping: what is learnt from replies holds for a while, for every sender.
-- Lock impact: none; the table is new.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

create table operations.shaping_overlay (
  id uuid primary key,
  kind text not null check (kind in ('suspend', 'set')),
  rule text not null check (length(rule) between 1 and 60),
  scope text not null check (scope in ('site', 'provider')),
  place text not null check (length(place) between 1 and 500),
  source text check (length(source) <= 100),
  workspace_id uuid references workspace on delete cascade,
  settings jsonb not null default '{}',
  reason text not null check (length(reason) <= 300),
  evidence jsonb not null default '[]',
  hits integer not null check (hits > 0),
  made_at timestamptz not null default clock_timestamp(),
  until timestamptz not null,
  ended_at timestamptz,
  ended_by text,
  check (jsonb_typeof(settings) = 'object' and octet_length(settings::text) <= 4000),
  check (jsonb_typeof(evidence) = 'array' and octet_length(evidence::text) <= 20000)
);
-- Two senders that learn the same at once make one row.
create unique index shaping_overlay_active on operations.shaping_overlay (kind, rule, scope, place, source, workspace_id)
  nulls not distinct where ended_at is null;
create index shaping_overlay_workspace on operations.shaping_overlay (workspace_id);
create index shaping_overlay_ended on operations.shaping_overlay (ended_at) where ended_at is not null;
comment on table operations.shaping_overlay is 'class: operational. Stricter limits and suspensions that replies of a site led to; each ends by itself. Kept: 30 days after their end.';
comment on column operations.shaping_overlay.id is 'class: identifier.';
comment on column operations.shaping_overlay.kind is 'class: operational. suspend: no mail goes there; set: stricter limits hold.';
comment on column operations.shaping_overlay.rule is 'class: operational. Which rule of the file made it.';
comment on column operations.shaping_overlay.scope is 'class: operational. Whether place is a site or a provider.';
comment on column operations.shaping_overlay.place is 'class: operational. As destination_site.site or .provider.';
comment on column operations.shaping_overlay.source is 'class: operational. The source that it holds for; null: the default route.';
comment on column operations.shaping_overlay.workspace_id is 'class: identifier. Whose mail it holds for; null: everybody''s.';
comment on column operations.shaping_overlay.settings is 'class: operational. Limits, as the file writes them.';
comment on column operations.shaping_overlay.reason is 'class: operational. From the rule, for people.';
comment on column operations.shaping_overlay.evidence is 'class: operational. At most 10 replies, without addresses.';
comment on column operations.shaping_overlay.hits is 'class: operational. Replies that the rule matched.';
comment on column operations.shaping_overlay.made_at is 'class: operational.';
comment on column operations.shaping_overlay.until is 'class: operational. When it ends by itself.';
comment on column operations.shaping_overlay.ended_at is 'class: operational. When it was over or lifted; null while nobody looked.';
comment on column operations.shaping_overlay.ended_by is 'class: identifier. Who lifted it; null: its time was over.';
grant select, insert, update, delete on operations.shaping_overlay to bulkhead_engine;

-- Makes an overlay or prolongs the one that is there, with the newest 10 replies of both as evidence. Answers the one in force; null where
-- its workspace is gone, 10,000 are in force (then something else is wrong than one site), or 1,000 of the workspace: whoever sends to
-- thousands of hosts of his own that answer as he likes takes no room from others.
create function engine.put_overlay(
  p_id uuid, p_kind text, p_rule text, p_scope text, p_place text, p_source text, p_workspace uuid, p_settings jsonb, p_reason text,
  p_evidence jsonb, p_hits integer, p_seconds integer
) returns uuid
language plpgsql security definer set search_path = public, engine, pg_temp as $$
declare
  v_now timestamptz := clock_timestamp();
  v_id uuid;
begin
  if p_seconds not between 60 and 604800 then
    raise exception 'an overlay lasts from a minute to seven days' using errcode = '22023';
  end if;
  if jsonb_array_length(p_evidence) > 10 then
    raise exception 'too many replies' using errcode = '22023';
  end if;
  if p_workspace is not null then
    if not exists (select from workspace w where w.id = p_workspace) then return null; end if;
    if (select count(*) from (select from operations.shaping_overlay o
                              where o.workspace_id = p_workspace and o.ended_at is null and o.until > v_now limit 1000) x) >= 1000
      and not exists (select from operations.shaping_overlay o
                      where o.kind = p_kind and o.rule = p_rule and o.scope = p_scope and o.place = p_place
                        and o.source is not distinct from p_source and o.workspace_id = p_workspace and o.ended_at is null) then
      return null;
    end if;
  end if;
  delete from operations.shaping_overlay o
  using (select x.id from operations.shaping_overlay x where x.ended_at < v_now - interval '30 days' limit 100 for update skip locked) old
  where o.id = old.id;
  update operations.shaping_overlay o set ended_at = o.until
  where o.kind = p_kind and o.rule = p_rule and o.scope = p_scope and o.place = p_place and o.source is not distinct from p_source
    and o.workspace_id is not distinct from p_workspace and o.ended_at is null and o.until <= v_now;
  if (select count(*) from (select from operations.shaping_overlay o where o.ended_at is null limit 10000) x) >= 10000 then
    update operations.shaping_overlay o set ended_at = o.until where o.ended_at is null and o.until <= v_now;
    if not found then return null; end if;
  end if;
  insert into operations.shaping_overlay as o (id, kind, rule, scope, place, source, workspace_id, settings, reason, evidence, hits, made_at, until)
  values (p_id, p_kind, p_rule, p_scope, p_place, p_source, p_workspace, p_settings, p_reason, p_evidence, p_hits, v_now,
          v_now + make_interval(secs => p_seconds))
  on conflict (kind, rule, scope, place, source, workspace_id) where ended_at is null do update
  set settings = excluded.settings,
      reason = excluded.reason,
      until = greatest(o.until, excluded.until),
      hits = least(o.hits::bigint + excluded.hits, 2147483647)::integer,
      evidence = (
        select coalesce(jsonb_agg(e.reply order by e.place), '[]')
        from (select r.reply, r.place from jsonb_array_elements(o.evidence || excluded.evidence) with ordinality as r(reply, place)
              order by r.place desc limit 10) e)
  returning o.id into v_id;
  return v_id;
end $$;

-- What is in force, without the evidence: every sender asks about once a second. remaining_seconds, because clocks of hosts differ.
create function engine.active_overlays() returns table (
  id uuid, kind text, rule text, scope text, place text, source text, workspace_id uuid, settings jsonb, reason text, hits integer,
  remaining_seconds double precision
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select o.id, o.kind, o.rule, o.scope, o.place, o.source, o.workspace_id, o.settings, o.reason, o.hits,
         extract(epoch from o.until - clock_timestamp())::double precision
  from operations.shaping_overlay o
  where o.ended_at is null and o.until > clock_timestamp()
  order by o.id
  limit 10000
$$;

-- Of the installation, for the operator; newest first. p_ended: also those that are over.
create function engine.list_overlays(p_ended boolean, p_limit integer) returns table (
  id uuid, kind text, rule text, scope text, place text, source text, workspace_id uuid, settings jsonb, reason text, evidence jsonb,
  hits integer, made_at timestamptz, until timestamptz, ended_at timestamptz, ended_by text
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select o.id, o.kind, o.rule, o.scope, o.place, o.source, o.workspace_id, o.settings, o.reason, o.evidence, o.hits, o.made_at, o.until,
         coalesce(o.ended_at, case when o.until <= clock_timestamp() then o.until end), o.ended_by
  from operations.shaping_overlay o
  where p_ended or (o.ended_at is null and o.until > clock_timestamp())
  order by o.id desc
  limit least(greatest(p_limit, 0), 1000)
$$;

-- False where none of that id is in force.
create function engine.lift_overlay(p_id uuid, p_actor text) returns boolean
language plpgsql security definer set search_path = public, engine, pg_temp as $$
begin
  update operations.shaping_overlay o set ended_at = clock_timestamp(), ended_by = p_actor
  where o.id = p_id and o.ended_at is null and o.until > clock_timestamp();
  return found;
end $$;

-- Why recipients of a message wait: where they go, what holds them, what is in force there. The caller's own workspace only.
create function engine.explain_waiting(p_message uuid) returns table (
  number integer, lane text, attempts integer, due timestamptz, expires_at timestamptz, held boolean, in_line boolean, leased boolean,
  site text, provider text, mx_hosts text[], policy text, resolved_at timestamptz, pause uuid, pause_reason text, pause_until timestamptz
)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select q.number, q.lane::text, q.attempts, q.due, q.expires_at, q.held, q.line <> 0, q.lease is not null,
         d.site, d.provider, d.mx_hosts, d.policy, d.resolved_at, p.id, p.reason, p.until
  from message m
  join queue q on q.lane = m.lane and q.message_id = m.id
  left join destination_site d on d.destination = q.destination
  left join operations.pause p on p.id = coalesce(q.hold, engine.pause_of(q.lane, q.workspace_id, q.destination, q.message_id))
  where m.id = p_message and m.workspace_id = engine.current_workspace()
  order by q.number
  limit 1000
$$;

-- An alarm of the installation: the file of rules is broken, and the last good one is in force.
create function engine.note_rules_broken(p_problem text) returns void
language sql security definer set search_path = public, engine, pg_temp as $$
  select engine.raise_alert('shaping.file_broken', 'high', null, null, 'shaping', interval '1 hour', jsonb_build_object('problem', left(p_problem, 500)))
$$;

do $$
declare signature text;
begin
  for signature in
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'engine'
      and p.proname in ('put_overlay', 'active_overlays', 'list_overlays', 'lift_overlay', 'explain_waiting', 'note_rules_broken')
  loop
    execute format('alter function %s owner to bulkhead_engine', signature);
    execute format('revoke execute on function %s from public', signature);
  end loop;
end $$;
grant execute on function engine.put_overlay to bulkhead_sender;
grant execute on function engine.active_overlays to bulkhead_sender, bulkhead_api;
grant execute on function engine.list_overlays, engine.lift_overlay, engine.explain_waiting to bulkhead_api;
grant execute on function engine.note_rules_broken to bulkhead_sender, bulkhead_api;
revoke create on schema engine from bulkhead_engine;
