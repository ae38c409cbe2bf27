-- Domains whose mail never leaves in clear text.
-- Lock impact: a short exclusive lock on sending_domain (a constant default, no rewrite). The function is made anew with one more column; who
-- asks for those that it had goes on as before.

grant bulkhead_engine to current_user;
grant create on schema engine to bulkhead_engine;

alter table sending_domain add column requires_tls boolean not null default false;
comment on column sending_domain.requires_tls is 'class: business. Whether mail from it goes only to servers that take it in TLS.';

drop function engine.find_sending_domain(uuid, text);
-- As in 0024, and whether its mail needs TLS.
create function engine.find_sending_domain(p_workspace uuid, p_name text)
returns table (state text, inert boolean, inert_senders uuid[], inert_indexes bytea[], requires_tls boolean)
language plpgsql stable security definer set search_path = public, engine, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select d.state, coalesce(d.inert_until > clock_timestamp(), false), x.ids, x.indexes, d.requires_tls
  from sending_domain d
  left join lateral (
    select array_agg(s.id order by s.id) as ids, array_agg(s.email_index order by s.id) as indexes
    from (select s.id, s.email_index from sender s
          where s.workspace_id = p_workspace and s.inert_until is not null and s.inert_until > clock_timestamp() limit 1000) s
  ) x on true
  where d.workspace_id = p_workspace and d.name = p_name;
end $$;

alter function engine.find_sending_domain owner to bulkhead_engine;
revoke all on function engine.find_sending_domain from public;
alter function engine.find_sending_domain set plan_cache_mode = force_generic_plan;
alter function engine.find_sending_domain set enable_seqscan = off;
alter function engine.find_sending_domain set enable_bitmapscan = off;
alter function engine.find_sending_domain set max_parallel_workers_per_gather = 0;
grant execute on function engine.find_sending_domain to bulkhead_api, bulkhead_smtp;

revoke create on schema engine from bulkhead_engine;
