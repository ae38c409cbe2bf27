-- Sensitive leftovers name their workspace, so that the keyring destroys keys of no other.
-- Lock impact: none on tables that have rows.

drop function engine.sensitive_leftovers(uuid[], integer);
create function engine.sensitive_leftovers(p_message uuid[], p_limit integer)
returns table (message_id uuid, workspace_id uuid, key_id uuid)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select m.id, m.workspace_id, encode(substring(b.sealed from 2 for 16), 'hex')::uuid
  from message m
  join body b on b.message_id = m.id
  where m.sensitive and (m.id = any(p_message) or p_message is null and m.expires_at > now() - interval '7 days')
    and not exists (select 1 from queue q where q.message_id = m.id)
  limit p_limit;
end $$;

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;
alter function engine.sensitive_leftovers(uuid[], integer) owner to bulkhead_engine;
revoke create on schema engine from bulkhead_engine;
revoke execute on function engine.sensitive_leftovers(uuid[], integer) from public;
grant execute on function engine.sensitive_leftovers(uuid[], integer) to bulkhead_worker, bulkhead_sender;
