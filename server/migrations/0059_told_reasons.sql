-- What is told of an address beside what is known of it is kept, and counts as a change only where more is stopped than before.
-- Lock impact: none; a function is replaced.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

-- As in 0050, with what there was before beside what there is now.
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
  ), before as (
    select s.workspace_id, s.address_index, s.applies_to, s.expires_at, s.keeps_bulk
    from public.suppression s join x on s.workspace_id = x.w and s.address_index = x.i
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
    returning (s.xmax = 0) as is_new, s.workspace_id, s.address_index, s.applies_to, s.expires_at, s.keeps_bulk
  )
  select count(*) filter (where put.is_new),
         count(*) filter (where not put.is_new
           and (put.applies_to, put.expires_at, put.keeps_bulk) is distinct from (b.applies_to, b.expires_at, b.keeps_bulk))
  from put left join before b on b.workspace_id = put.workspace_id and b.address_index = put.address_index
$$;

revoke create on schema engine from bulkhead_engine;
