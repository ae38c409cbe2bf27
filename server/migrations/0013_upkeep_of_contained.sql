-- What is left over from older versions is gone through in order, so that contained workspaces, whose rows must wait, keep nobody else's
-- from being sealed and peppered.
-- Lock impact: none on tables.

drop function engine.unsealed_workspaces(integer);
create function engine.unsealed_workspaces(p_after uuid, p_limit integer) returns table (workspace_id uuid)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select x.workspace_id
  from (select s.workspace_id from sender s where s.email is not null
        union
        select p.workspace_id from suppression p where p.note is not null) x
  where p_after is null or x.workspace_id > p_after
  order by x.workspace_id
  limit p_limit
$$;

drop function engine.unpeppered_credentials(integer);
create function engine.unpeppered_credentials(p_after uuid, p_limit integer)
returns table (kind text, id uuid, workspace_id uuid, digest bytea)
language sql stable security definer set search_path = public, engine, pg_temp as $$
  select x.kind, x.id, x.workspace_id, x.digest
  from ((select 'api_key' as kind, k.id, k.workspace_id, k.secret_hash as digest from api_key k
         where k.pepper_version = 0 and (p_after is null or k.id > p_after) order by k.id limit p_limit)
        union all
        (select 'smtp_credential', c.id, c.workspace_id, c.secret_hash from smtp_credential c
         where c.pepper_version = 0 and (p_after is null or c.id > p_after) order by c.id limit p_limit)) x
  order by x.id
  limit p_limit
$$;

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;
alter function engine.unsealed_workspaces(uuid, integer) owner to bulkhead_engine;
alter function engine.unpeppered_credentials(uuid, integer) owner to bulkhead_engine;
revoke create on schema engine from bulkhead_engine;
revoke execute on function engine.unsealed_workspaces, engine.unpeppered_credentials from public;
grant execute on function engine.unsealed_workspaces, engine.unpeppered_credentials to bulkhead_api;
