-- Schema and applied migrations of the auth database at version 0.1.0, by pg_dump.

SET check_function_bodies = false;

CREATE FUNCTION public.audit_append(contents text[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    declare
      at bigint;
      line_hash bytea;
      line text;
      hashes bytea[] := '{}';
    begin
      perform set_config('synchronous_commit', 'on', true);
      select seq, hash into strict at, line_hash from audit_head for update;
      foreach line in array contents loop
        at := at + 1;
        line_hash := sha256(line_hash || int8send(at) || convert_to(line, 'UTF8'));
        hashes := hashes || line_hash;
      end loop;
      insert into audit_log (seq, content, hash)
        select at - cardinality(contents) + lines.place, lines.content, lines.hash
        from unnest(contents, hashes) with ordinality as lines (content, hash, place);
      update audit_head set seq = at, hash = line_hash;
      return at;
    end $$;

CREATE FUNCTION public.audit_batch_goes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    begin
      if not exists (select from audit_chains where id = old.chain and state = 'exported') then
        raise exception 'the audit log is only added to: chain % was not exported', old.chain;
      end if;
      return old;
    end $$;

CREATE FUNCTION public.audit_central_add(new_kind text, of_chain bigint, at_batches bigint, at_head bytea, new_note text) RETURNS bytea
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    declare
      place bigint;
      before bytea;
      said text;
      new_hash bytea;
      new_ms bigint := floor(extract(epoch from clock_timestamp()) * 1000)::bigint;
    begin
      perform set_config('synchronous_commit', 'on', true);
      select seq, hash into place, before from audit_central_head for update;
      if not found then
        insert into audit_central_head (seq, hash) values (0, sha256('rollcall audit chains')) on conflict do nothing;
        select seq, hash into strict place, before from audit_central_head for update;
        said := 'the head of the central chain is missing';
      elsif place <> 0 and not exists (select from audit_central where seq = place and hash = before) then
        said := 'the entry that the head of the central chain names is not there';
      elsif exists (select from audit_central where seq = place + 1) then
        said := 'somebody else wrote an entry of the central chain';
      end if;
      if said is not null then
        -- The next number that is free: somebody may have written the largest there is.
        select coalesce(min(c.seq), 0) into place from audit_central c
          where c.seq >= 0 and c.seq < 9223372036854775807 and not exists (select from audit_central n where n.seq = c.seq + 1);
        before := sha256(sha256('rollcall audit chains') || convert_to(
          concat_ws('|', place + 1, 'break', '', 0, '', new_ms, said), 'UTF8'));
        insert into audit_central (seq, kind, chain, batches, head, at_ms, note, hash)
          values (place + 1, 'break', null, 0, '', new_ms, said, before);
        place := place + 1;
      end if;
      new_hash := sha256(before || convert_to(
        concat_ws('|', place + 1, new_kind, coalesce(of_chain::text, ''), at_batches, encode(at_head, 'hex'), new_ms, new_note), 'UTF8'));
      insert into audit_central (seq, kind, chain, batches, head, at_ms, note, hash)
        values (place + 1, new_kind, of_chain, at_batches, at_head, new_ms, new_note, new_hash);
      update audit_central_head set seq = place + 1, hash = new_hash;
      return new_hash;
    end $$;

CREATE FUNCTION public.audit_chain_goes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    begin
      if old.state <> 'exported' then
        raise exception 'the audit log is only added to: chain % was not exported', old.id;
      end if;
      return old;
    end $$;

CREATE FUNCTION public.audit_close(of_chain bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    declare
      kept record;
    begin
      update audit_chains set state = 'closed' where id = of_chain and state = 'open'
        returning batches, hash into kept;
      if found then perform audit_central_add('close', of_chain, kept.batches, kept.hash, ''); end if;
    end $$;

CREATE FUNCTION public.audit_export(of_chain bigint, digest text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    declare
      kept record;
    begin
      update audit_chains set state = 'exported' where id = of_chain and state = 'closed'
        returning batches, hash into kept;
      if not found then raise exception 'chain % is not closed, or was exported before', of_chain; end if;
      perform audit_central_add('export', of_chain, kept.batches, kept.hash, digest);
    end $$;

CREATE FUNCTION public.audit_extend(of_chain bigint, after integer, after_hash bytea, new_lines bytea) RETURNS TABLE(is_written boolean, state text, batches integer, hash bytea)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    declare
      kept record;
      new_hash bytea;
      is_whole boolean;
    begin
      perform set_config('synchronous_commit', 'on', true);
      select c.state, c.batches, c.hash into kept from audit_chains c where c.id = of_chain for update;
      is_whole := found and kept.state = 'open' and kept.batches = after and kept.hash = after_hash and (after = 0 or exists (
        select from audit_batches b where b.chain = of_chain and b.seq = after and b.hash = after_hash));
      if is_whole then
        new_hash := sha256(after_hash || int4send(after + 1) || new_lines);
        insert into audit_batches (chain, seq, hash, lines) values (of_chain, after + 1, new_hash, new_lines)
          on conflict do nothing;
        is_whole := found;
      end if;
      if not is_whole then
        return query select false, kept.state, kept.batches, kept.hash;
        return;
      end if;
      update audit_chains c set batches = after + 1, hash = new_hash where c.id = of_chain;
      return query select true, 'open', after + 1, new_hash;
    end $$;

CREATE FUNCTION public.audit_log_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    begin
      raise exception 'the audit log is only added to: % of % is refused', tg_op, tg_table_name;
    end $$;

CREATE FUNCTION public.audit_look_after() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    declare
      abandoned bigint;
      old record;
    begin
      for abandoned in select id from audit_chains where state = 'open' and noted_ms < floor(extract(epoch from clock_timestamp()) * 1000)::bigint - 7200000 order by id loop
        perform audit_close(abandoned);
      end loop;
      select seq, hash into old from audit_head;
      if found and old.seq is distinct from
        (select batches from audit_central where kind = 'legacy' order by seq desc limit 1) then
        perform audit_central_add('legacy', null, old.seq, old.hash, 'the log before chains');
      end if;
    end $$;

CREATE FUNCTION public.audit_note(of_chain bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    declare
      kept record;
    begin
      update audit_chains set noted_ms = floor(extract(epoch from clock_timestamp()) * 1000)::bigint where id = of_chain and state = 'open'
        returning batches, hash into kept;
      if found then perform audit_central_add('note', of_chain, kept.batches, kept.hash, ''); end if;
    end $$;

CREATE FUNCTION public.audit_open(by_whom text, broken bigint, broken_batches integer, broken_head bytea, why text) RETURNS TABLE(chain text, hash bytea)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    declare
      new_id bigint := ('x' || encode(substr(sha256(convert_to(gen_random_uuid()::text, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint;
      opening bytea;
    begin
      if broken is not null then
        update audit_chains c set state = 'broken' where c.id = broken;
        perform audit_central_add('break', broken, broken_batches, broken_head, why);
      end if;
      opening := audit_central_add('open', new_id, 0, '', by_whom);
      insert into audit_chains (id, batches, hash, state, noted_ms) values (new_id, 0, opening, 'open', floor(extract(epoch from clock_timestamp()) * 1000)::bigint);
      return query select new_id::text, opening;
    end $$;

CREATE FUNCTION public.audit_prune(of_chain bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    declare
      kept record;
    begin
      select batches, hash into kept from audit_chains where id = of_chain and state = 'exported' for update;
      if not found then raise exception 'chain % was not exported', of_chain; end if;
      perform audit_central_add('prune', of_chain, kept.batches, kept.hash, '');
      delete from audit_batches where chain = of_chain;
      delete from audit_chains where id = of_chain;
    end $$;

CREATE FUNCTION public.audit_stays() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    begin
      raise exception 'the audit log is only added to: % of % is refused', tg_op, tg_table_name;
    end $$;

CREATE FUNCTION public.caller_grants_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    begin
      update caller_grants_version set version = version + 1;
      return null;
    end $$;

CREATE FUNCTION public.forget_words(tenant text, words text[]) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
      begin
        with unused as (
          select part as word from name_parts
          where tenant_id = tenant and kind = 0 and part = any(words) and name_parts.word = part
          for update skip locked),
        gone as (select word from unused where not exists (
          select 1 from user_words where tenant_id = tenant and user_words.word = unused.word))
        delete from name_parts using (
          select word, 0::smallint as kind, word as part from gone
          union all
          select word, parts.kind, parts.part from gone, search_parts(gone.word) parts) each
        where name_parts.tenant_id = tenant and name_parts.kind = each.kind and name_parts.part = each.part
          and name_parts.word = each.word;
      end $$;

CREATE FUNCTION public.index_new_users() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
      declare
        tenants text[];
        words text[];
      begin
        with made as (
          insert into user_words (tenant_id, word, user_id, entry)
          select tenant_id, split_part(item, ':', 1), id, entry
          from new_users, search_entry(first_name, last_name, display_name, business_name) entry,
            string_to_table(entry, ' ') item
          where item <> '' order by 1, 2, 3
          returning tenant_id, word)
        select array_agg(tenant_id), array_agg(word) into tenants, words
        from (select distinct tenant_id, word from made order by 1, 2) known;
        if words is not null then
          perform know_words(tenants, words);
        end if;
        return null;
      end $$;

CREATE FUNCTION public.index_renamed_user() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
      declare
        new_entry text := search_entry(new.first_name, new.last_name, new.display_name, new.business_name);
        was text[] := string_to_array(regexp_replace(search_entry(old.first_name, old.last_name, old.display_name, old.business_name), ':[0-9]+', '', 'g'), ' ');
        is_now text[] := string_to_array(regexp_replace(new_entry, ':[0-9]+', '', 'g'), ' ');
        added text[];
        gone text[];
      begin
        with kept as (
          update user_words set entry = new_entry
          where tenant_id = new.tenant_id and user_id = new.id and word = any(is_now) returning word)
        select array(select unnest(is_now) except select word from kept order by 1),
          array(select unnest(was) except select unnest(is_now)) into added, gone;
        if cardinality(added) > 0 then
          perform know_words(array_fill(new.tenant_id, array[cardinality(added)]), added);
          insert into user_words (tenant_id, word, user_id, entry)
          select new.tenant_id, word, new.id, new_entry from unnest(added) word;
        end if;
        if cardinality(gone) > 0 then
          delete from user_words where tenant_id = old.tenant_id and user_id = old.id and word = any(gone);
          perform forget_words(old.tenant_id, gone);
        end if;
        return null;
      end $$;

CREATE FUNCTION public.know_word(tenant text, new_word text) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
      begin
        loop
          perform 1 from name_parts
          where tenant_id = tenant and kind = 0 and part = new_word and word = new_word for key share;
          exit when found;
          insert into name_parts (tenant_id, kind, part, word) values (tenant, 0, new_word, new_word) on conflict do nothing;
          if found then
            insert into name_parts (tenant_id, kind, part, word)
            select tenant, parts.kind, parts.part, new_word from search_parts(new_word) parts on conflict do nothing;
            exit;
          end if;
        end loop;
      end $$;

CREATE FUNCTION public.know_words(tenants text[], words text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
      declare
        held integer;
      begin
        if cardinality(words) <= 64 then
          for place in 1..cardinality(words) loop
            perform know_word(tenants[place], words[place]);
          end loop;
          return;
        end if;
        loop
          with made as (
            insert into name_parts (tenant_id, kind, part, word)
            select tenant, 0, word, word from unnest(tenants, words) given (tenant, word) order by 1, 3
            on conflict do nothing returning tenant_id, word)
          insert into name_parts (tenant_id, kind, part, word)
          select made.tenant_id, parts.kind, parts.part, made.word from made, search_parts(made.word) parts
          on conflict do nothing;
          select count(*) into held from (
            select 1 from unnest(tenants, words) given (tenant, word)
            join name_parts on tenant_id = tenant and kind = 0 and part = given.word and name_parts.word = given.word
            for key share of name_parts) locked;
          exit when held >= cardinality(words);
        end loop;
      end $$;

CREATE FUNCTION public.remove_user_changes(older_than_s double precision) RETURNS bigint
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
      declare
        removed bigint;
      begin
        with old as (
          select max(xid) as xid from user_changes
          where create_time < now() - make_interval(secs => older_than_s)
            and xid < pg_snapshot_xmin(pg_current_snapshot())
        ), mark as (
          update user_change_feed set removed_through = old.xid from old
          where old.xid is not null and old.xid > removed_through
          returning removed_through
        )
        delete from user_changes using mark where xid <= mark.removed_through;
        get diagnostics removed = row_count;
        return removed;
      end $$;

CREATE FUNCTION public.search_entry(first_name text, last_name text, display_name text, business_name text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
      declare
        texts text[] := array[first_name, last_name, display_name, business_name];
        words text[] := '{}';
        fields integer[] := '{}';
        word text;
        place integer;
      begin
        for field in 1..4 loop
          continue when texts[field] = '';
          foreach word in array string_to_array(search_text(texts[field]), ' ') loop
            continue when word = '';
            word := left(word, 64);
            place := array_position(words, word);
            if place is not null then
              fields[place] := fields[place] | (1 << (field - 1));
            elsif cardinality(words) < 32 then
              words := words || word;
              fields := fields || (1 << (field - 1));
            end if;
          end loop;
        end loop;
        for place in 1..cardinality(words) loop
          words[place] := words[place] || ':' || fields[place];
        end loop;
        return array_to_string(words, ' ');
      end $$;

CREATE FUNCTION public.search_parts(word text) RETURNS TABLE(kind smallint, part text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $_$
    select 0::smallint, substr(word, at)
    from generate_series(2, length(word) - case when word ~ '[\u1200-\u1248\u124a-\u124d\u1250-\u1256\u1258\u125a-\u125d\u1260-\u1288\u128a-\u128d\u1290-\u12b0\u12b2-\u12b5\u12b8-\u12be\u12c0\u12c2-\u12c5\u12c8-\u12d6\u12d8-\u1310\u1312-\u1315\u1318-\u135a\u1380-\u138f\u13a0-\u13f5\u13f8-\u13fd\u1401-\u166c\u166f-\u167f\u18b0-\u18f5\u2d80-\u2d96\u2da0-\u2da6\u2da8-\u2dae\u2db0-\u2db6\u2db8-\u2dbe\u2dc0-\u2dc6\u2dc8-\u2dce\u2dd0-\u2dd6\u2dd8-\u2dde\u3005\u303b\u3041-\u304b\u304d\u304f\u3051\u3053\u3055\u3057\u3059\u305b\u305d\u305f\u3061\u3063\u3064\u3066\u3068\u306a-\u306f\u3072\u3075\u3078\u307b\u307e-\u3093\u3095\u3096\u309d\u30a1-\u30ab\u30ad\u30af\u30b1\u30b3\u30b5\u30b7\u30b9\u30bb\u30bd\u30bf\u30c1\u30c3\u30c4\u30c6\u30c8\u30ca-\u30cf\u30d2\u30d5\u30d8\u30db\u30de-\u30f3\u30f5\u30f6\u30fc\u30fd\u31f0-\u31ff\u3400-\u4dbf\u4e00-\ua48c\ua500-\ua60c\ua610-\ua61f\ua62a\ua62b\uab01-\uab06\uab09-\uab0e\uab11-\uab16\uab20-\uab26\uab28-\uab2e\uab70-\uabbf\ufa0e\ufa0f\ufa11\ufa13\ufa14\ufa1f\ufa21\ufa23\ufa24\ufa27-\ufa29\U00011ab0-\U00011abf\U00016fe0\U00016fe1\U00016fe3\U00016ff2\U00016ff3\U00017000-\U00018aff\U00018d00-\U00018d1e\U00018d80-\U00018df2\U0001aff0-\U0001aff3\U0001aff5-\U0001affb\U0001affd\U0001affe\U0001b000-\U0001b122\U0001b132\U0001b150-\U0001b152\U0001b155\U0001b164-\U0001b167\U0001b170-\U0001b2fb\U0001e7e0-\U0001e7e6\U0001e7e8-\U0001e7eb\U0001e7ed\U0001e7ee\U0001e7f0-\U0001e7fe\U00020000-\U0002a6df\U0002a700-\U0002b81d\U0002b820-\U0002cead\U0002ceb0-\U0002ebe0\U0002ebf0-\U0002ee5d\U00030000-\U0003134a\U00031350-\U00033479]$' then 0 else 1 end) at
    union
    select 1::smallint, left(word, at - 1) || substr(word, at + 1) from generate_series(1, length(word)) at
    where length(word) between 3 and 20 $_$;

CREATE FUNCTION public.search_text(value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$
  begin
    if value !~ '^[\x20-\x7e]*$' then
      value := normalize(regexp_replace(value, '[\u0001-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u00b4\u02b9-\u02cf\u02ee\u034f\u055a\u05f3\u05f4\u061c\u0640\u07f4\u07f5\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1fbd\u1fbf\u1fef\u1ffd\u1ffe\u200b-\u200f\u2018\u2019\u201b\u202a-\u202e\u2032-\u2037\u2060-\u206f\u2800\u3164\ua78b\ua78c\ufe00-\ufe0f\ufeff\uff07\uff40\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff\u0241\u0242\u0294\u0384\u275b\u275c]+', '', 'g'), NFKD);
      value := regexp_replace(value, '[\u0300-\u0344\u0346-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u0897-\u089f\u08ca-\u08e1\u08e3-\u08ff\u0951-\u0954\u1ab0-\u1add\u1ae0-\u1aeb\u1cd0-\u1cd2\u1cd4-\u1ce0\u1ce2-\u1ce8\u1ced\u1cf4\u1cf8\u1cf9\u1dc0-\u1dff\u20d0-\u20f0\u2cef-\u2cf1\u2de0-\u2dff\u302a-\u302d\ua66f-\ua672\ua674-\ua67d\ua69e\ua69f\ufb1e\ufe00-\ufe0f\ufe20-\ufe2f\U000101fd\U000102e0\U00010efa-\U00010eff\U0001133b\U0001cf00-\U0001cf2d\U0001cf30-\U0001cf46\U0001d167-\U0001d169\U0001d17b-\U0001d182\U0001d185-\U0001d18b\U0001d1aa-\U0001d1ad\U0001d242-\U0001d244\U0001e000-\U0001e006\U0001e008-\U0001e018\U0001e01b-\U0001e021\U0001e023\U0001e024\U0001e026-\U0001e02a\U0001e08f\U000e0100-\U000e01ef\u093c\u09bc\u0a3c\u0abc\u0b3c\u0c3c\u0cbc\u0001-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u00b4\u02b9-\u02cf\u02ee\u034f\u055a\u05f3\u05f4\u061c\u0640\u07f4\u07f5\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1fbd\u1fbf\u1fef\u1ffd\u1ffe\u200b-\u200f\u2018\u2019\u201b\u202a-\u202e\u2032-\u2037\u2060-\u206f\u2800\u3164\ua78b\ua78c\ufe00-\ufe0f\ufeff\uff07\uff40\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff\u0241\u0242\u0294\u0384\u275b\u275c]+', '', 'g');
      if value !~ '^[\x20-\x7e]*$' then
        value := regexp_replace(value, '([lL])[\u00b7\u2022\u2027\u2219\u22c5](?=[lL])', '\1', 'g');
        value := regexp_replace(value, '[\u0009-\u000d\u0085\u00a1\u00a7\u00ab\u00b6\u00b7\u00bb\u00bf\u055b-\u055f\u0589\u058a\u05be\u05c0\u05c3\u05c6\u0609\u060a\u060c\u060d\u061b\u061d-\u061f\u066a-\u066d\u06d4\u0700-\u070d\u07f7-\u07f9\u0830-\u083e\u085e\u0964\u0965\u0970\u09fd\u0a76\u0af0\u0c77\u0c84\u0df4\u0e4f\u0e5a\u0e5b\u0f04-\u0f0b\u0f0d-\u0f12\u0f14\u0f3a-\u0f3d\u0f85\u0fd0-\u0fd4\u0fd9\u0fda\u104a-\u104f\u10fb\u1360-\u1368\u1400\u166e\u1680\u169b\u169c\u16eb-\u16ed\u1735\u1736\u17d4-\u17d6\u17d8-\u17da\u1800-\u180a\u1944\u1945\u1a1e\u1a1f\u1aa0-\u1aa6\u1aa8-\u1aad\u1b4e\u1b4f\u1b5a-\u1b60\u1b7d-\u1b7f\u1bfc-\u1bff\u1c3b-\u1c3f\u1c7e\u1c7f\u1cc0-\u1cc7\u1cd3\u2010\u2012-\u2016\u201a\u201c-\u2023\u2027-\u2029\u2030\u2031\u2038-\u203b\u203d\u203f-\u2046\u204a-\u2056\u2058-\u205e\u2212\u2308-\u230b\u2768-\u2775\u27c5\u27c6\u27e6-\u27ef\u2983-\u2998\u29d8-\u29db\u29fc\u29fd\u2cf9-\u2cfc\u2cfe\u2cff\u2d70\u2e00-\u2e2e\u2e30-\u2e4f\u2e52-\u2e5d\u3001-\u3003\u3008-\u3011\u3014-\u301f\u3030\u303d\u30a0\u30fb\ua4fe\ua4ff\ua60d-\ua60f\ua673\ua67e\ua6f2-\ua6f7\ua874-\ua877\ua8ce\ua8cf\ua8f8-\ua8fa\ua8fc\ua92e\ua92f\ua95f\ua9c1-\ua9cd\ua9de\ua9df\uaa5c-\uaa5f\uaade\uaadf\uaaf0\uaaf1\uabeb\ufd3e\ufd3f\ufe45\ufe46\U00010100-\U00010102\U0001039f\U000103d0\U0001056f\U00010857\U0001091f\U0001093f\U00010a50-\U00010a58\U00010a7f\U00010af0-\U00010af6\U00010b39-\U00010b3f\U00010b99-\U00010b9c\U00010d6e\U00010ead\U00010ed0\U00010f55-\U00010f59\U00010f86-\U00010f89\U00011047-\U0001104d\U000110bb\U000110bc\U000110be-\U000110c1\U00011140-\U00011143\U00011174\U00011175\U000111c5-\U000111c8\U000111cd\U000111db\U000111dd-\U000111df\U00011238-\U0001123d\U000112a9\U000113d4\U000113d5\U000113d7\U000113d8\U0001144b-\U0001144f\U0001145a\U0001145b\U0001145d\U000114c6\U000115c1-\U000115d7\U00011641-\U00011643\U00011660-\U0001166c\U000116b9\U0001173c-\U0001173e\U0001183b\U00011944-\U00011946\U000119e2\U00011a3f-\U00011a46\U00011a9a-\U00011a9c\U00011a9e-\U00011aa2\U00011b00-\U00011b09\U00011be1\U00011c41-\U00011c45\U00011c70\U00011c71\U00011ef7\U00011ef8\U00011f43-\U00011f4f\U00011fff\U00012470-\U00012474\U00012ff1\U00012ff2\U00016a6e\U00016a6f\U00016af5\U00016b37-\U00016b3b\U00016b44\U00016d6d-\U00016d6f\U00016e97-\U00016e9a\U00016fe2\U0001bc9f\U0001da87-\U0001da8b\U0001e5ff\U0001e95e\U0001e95f\u02d7\u2219\u22c5]+', ' ', 'g');
        if value ~ '[ÐØðøĐđĦħıĸŁłŊŋŦŧƀƁƂƃƄƆƇƈƉƊƋƌƎƏƐƑƒƓƔƖƗƘƙƚƜƝƞƟƢƤƥƦƧƩƬƭƮƱƲƳƴƵƶƷƸƼǝǤǥǶǷȜȠȢȤȥȺȻȼȽȾȿɀɁɃɄɅɆɇɈɉɊɌɍɎɏ]' then value := translate(value, 'ÐØðøĐđĦħıĸŁłŊŋŦŧƀƁƂƃƄƆƇƈƉƊƋƌƎƏƐƑƒƓƔƖƗƘƙƚƜƝƞƟƢƤƥƦƧƩƬƭƮƱƲƳƴƵƶƷƸƼǝǤǥǶǷȜȠȢȤȥȺȻȼȽȾȿɀɁɃɄɅɆɇɈɉɊɌɍɎɏ', 'dododdhhiqllnnttbbbbƅoccddddeeeffggiikklɯnnoƣppʀƨʃtttuvyyzzzƹƽeggƕƿȝnȣzzⱥccltszɂbuʌeejjɋrryy'); end if;
        if value ~ '[ɓɔɖɗəɛɠɣɨɩɫɲɵɽʈʉʊʋʒͅͰͲͶͿΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςϏϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿ]' then value := translate(value, 'ɓɔɖɗəɛɠɣɨɩɫɲɵɽʈʉʊʋʒͅͰͲͶͿΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςϏϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿ', 'boddeeggiilnortuuvzιͱͳͷϳαβγδεζηθικλμνξοπρστυφχψωσϗϙϛϝϟϡϣϥϧϩϫϭϯϸϻͻͼͽ'); end if;
        if value ~ '[ЂЄЅІЈЉЊЋЏАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӃӅӇӉӋӍӔӘӠӨӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮ]' then value := translate(value, 'ЂЄЅІЈЉЊЋЏАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӃӅӇӉӋӍӔӘӠӨӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮ', 'ђєѕіјљњћџабвгдежзиклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӄӆӈӊӌӎӕәӡөӷӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯ'); end if;
        if value ~ '[ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖةىٱکھہیەႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍ]' then value := translate(value, 'ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖةىٱکھہیەႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍ', 'աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆهياكههيهⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭ'); end if;
        if value ~ '[ᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲀᲁᲂᲃᲄᲅᲆᲇᲈᲉᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿỺỼỾℲↃⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱡⱢⱣⱤⱦⱧⱨⱩⱪⱫⱭⱮⱯⱰⱲⱳⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲ]' then value := translate(value, 'ᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲀᲁᲂᲃᲄᲅᲆᲇᲈᲉᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿỺỼỾℲↃⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱡⱢⱣⱤⱦⱧⱨⱩⱪⱫⱭⱮⱯⱰⱲⱳⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲ', 'ꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽвдосттъѣꙋᲊაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿỻỽỿⅎↄⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟlllᵽrthhkkⱬɑɱɐɒwwⱶszⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳ'); end if;
        if value ~ '[ァアィイゥウェエォオカキクケコサシスセソタチッツテトナニヌネノハヒフヘホマミムメモャヤュユョヨラリルレロヮワヰヱヲンヵヶ]' then value := translate(value, 'ァアィイゥウェエォオカキクケコサシスセソタチッツテトナニヌネノハヒフヘホマミムメモャヤュユョヨラリルレロヮワヰヱヲンヵヶ', 'ぁあぃいぅうぇえぉおかきくけこさしすせそたちっつてとなにぬねのはひふへほまみむめもゃやゅゆょよらりるれろゎわゐゑをんゕゖ'); end if;
        if value ~ '[ꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟋꟌ꟎Ꟑ꟒꟔ꟖꟘꟚꟜꟵ]' then value := translate(value, 'ꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟀꟂꟄꟅꟆꟇꟉꟋꟌ꟎Ꟑ꟒꟔ꟖꟘꟚꟜꟵ', 'ꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟁꟃꞔʂᶎꟈꟊɤꟍ꟏ꟑꟓꟕꟗꟙꟛƛꟶ'); end if;
        if value ~ '[𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𐵐𐵑𐵒𐵓𐵔𐵕𐵖𐵗𐵘𐵙𐵚𐵛𐵜𐵝𐵞𐵟𐵠𐵡𐵢𐵣𐵤𐵥𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𖺠𖺡𖺢𖺣𖺤𖺥𖺦𖺧𖺨𖺩𖺪𖺫𖺬𖺭𖺮𖺯𖺰𖺱𖺲𖺳𖺴𖺵𖺶𖺷𖺸𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡]' then value := translate(value, '𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𐵐𐵑𐵒𐵓𐵔𐵕𐵖𐵗𐵘𐵙𐵚𐵛𐵜𐵝𐵞𐵟𐵠𐵡𐵢𐵣𐵤𐵥𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𖺠𖺡𖺢𖺣𖺤𖺥𖺦𖺧𖺨𖺩𖺪𖺫𖺬𖺭𖺮𖺯𖺰𖺱𖺲𖺳𖺴𖺵𖺶𖺷𖺸𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡', '𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𐵰𐵱𐵲𐵳𐵴𐵵𐵶𐵷𐵸𐵹𐵺𐵻𐵼𐵽𐵾𐵿𐶀𐶁𐶂𐶃𐶄𐶅𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𖺻𖺼𖺽𖺾𖺿𖻀𖻁𖻂𖻃𖻄𖻅𖻆𖻇𖻈𖻉𖻊𖻋𖻌𖻍𖻎𖻏𖻐𖻑𖻒𖻓𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃'); end if;
        if value ~ '[ⱥɑꟈɡꞡɦȷꝁꝃꝅꞣɬꝉȴɱꞥȵꝋᵽꝑꝓɋꝗꝙꞧʂꞩꟊȶ]' then value := translate(value, 'ⱥɑꟈɡꞡɦȷꝁꝃꝅꞣɬꝉȴɱꞥȵꝋᵽꝑꝓɋꝗꝙꞧʂꞩꟊȶ', 'aadgghjkkkklllmnnopppqqqrssst'); end if;
        value := replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(value, 'Æ', 'ae'), 'Þ', 'th'), 'ß', 'ss'), 'æ', 'ae'), 'þ', 'th'), 'Œ', 'oe'), 'œ', 'oe'), 'ẞ', 'ss'), 'ꜳ', 'aa'), 'ꜵ', 'ao'), 'ꜷ', 'au'), 'ꜹ', 'av'), 'ꜻ', 'av'), 'ꜽ', 'ay'), 'ꝏ', 'oo'), 'װ', 'וו'), 'ױ', 'וי'), 'ײ', 'יי'), 'ൔ', 'മ്'), 'ൕ', 'യ്'), 'ൖ', 'ഴ്'), 'ൺ', 'ണ്'), 'ൻ', 'ന്'), 'ർ', 'ര്'), 'ൽ', 'ല്'), 'ൾ', 'ള്'), 'ൿ', 'ക്'), 'ৎ', 'ত্');
      end if;
    end if;
    return translate(lower(value collate "C"), '"(),-./:;<>?!&[]{|}`''', '                   ');
  end $_$;

CREATE FUNCTION public.unindex_user() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
      declare
        was text[] := array(select split_part(item, ':', 1) from string_to_table(
          search_entry(old.first_name, old.last_name, old.display_name, old.business_name), ' ') item where item <> '');
      begin
        delete from user_words where tenant_id = old.tenant_id and user_id = old.id and word = any(was);
        perform forget_words(old.tenant_id, was);
        return null;
      end $$;

CREATE FUNCTION public.user_changes_between(first_xid xid8, end_xid xid8, after_seq bigint, tenants text[], most integer) RETURNS TABLE(seq bigint, tenant_id text, user_id uuid, version bigint, kind text)
    LANGUAGE plpgsql STABLE ROWS 100
    SET enable_seqscan TO 'off'
    AS $$
      begin
        return query
          select c.seq, c.tenant_id, c.user_id, c.version, c.kind from user_changes c
          where c.xid >= first_xid and c.xid < user_changes_between.end_xid and c.seq > after_seq
            and (tenants is null or c.tenant_id = any(tenants))
          order by c.seq limit most;
      end $$;

CREATE FUNCTION public.user_changes_with_views(first_xid xid8, end_xid xid8, after_seq bigint, tenants text[], most integer) RETURNS TABLE(seq bigint, tenant_id text, user_id uuid, version bigint, kind text, touched_view text, figures_view text, update_time timestamp with time zone)
    LANGUAGE plpgsql STABLE ROWS 100
    SET enable_seqscan TO 'off'
    AS $$
      begin
        return query
          select c.seq, c.tenant_id, c.user_id, c.version, c.kind, c.touched_view, c.figures_view, c.update_time::timestamptz
          from user_changes c
          where c.xid >= first_xid and c.xid < user_changes_with_views.end_xid and c.seq > after_seq
            and (tenants is null or c.tenant_id = any(tenants))
          order by c.seq limit most;
      end $$;

CREATE TABLE public.audit_batches (
    chain bigint NOT NULL,
    seq integer NOT NULL,
    hash bytea NOT NULL,
    lines bytea NOT NULL,
    CONSTRAINT audit_batches_hash_check CHECK ((octet_length(hash) = 32))
);
ALTER TABLE ONLY public.audit_batches ALTER COLUMN lines SET STORAGE EXTERNAL;

CREATE TABLE public.audit_central (
    seq bigint NOT NULL,
    kind text NOT NULL,
    chain bigint,
    batches bigint NOT NULL,
    head bytea NOT NULL,
    at_ms bigint NOT NULL,
    note text NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_central_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT audit_central_kind_check CHECK ((kind = ANY (ARRAY['legacy'::text, 'open'::text, 'note'::text, 'close'::text, 'break'::text, 'export'::text, 'prune'::text])))
);

CREATE TABLE public.audit_central_head (
    only_row boolean DEFAULT true NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_central_head_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT audit_central_head_only_row_check CHECK (only_row)
);

CREATE TABLE public.audit_chains (
    id bigint NOT NULL,
    batches integer NOT NULL,
    hash bytea NOT NULL,
    state text NOT NULL,
    noted_ms bigint NOT NULL,
    CONSTRAINT audit_chains_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT audit_chains_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text, 'broken'::text, 'exported'::text])))
)
WITH (fillfactor='50');

CREATE TABLE public.audit_head (
    only_row boolean DEFAULT true NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_head_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT audit_head_only_row_check CHECK (only_row)
);

CREATE TABLE public.audit_log (
    seq bigint NOT NULL,
    content text NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_log_hash_check CHECK ((octet_length(hash) = 32))
);

CREATE TABLE public.caller_grants (
    caller text NOT NULL,
    name text NOT NULL,
    methods text[] NOT NULL,
    views text[] NOT NULL,
    tenants text[] NOT NULL,
    rate_per_second double precision DEFAULT 0 NOT NULL,
    burst integer DEFAULT 0 NOT NULL,
    concurrency integer DEFAULT 0 NOT NULL,
    update_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT caller_grants_burst_check CHECK ((burst >= 0)),
    CONSTRAINT caller_grants_concurrency_check CHECK ((concurrency >= 0)),
    CONSTRAINT caller_grants_methods_check CHECK ((cardinality(methods) > 0)),
    CONSTRAINT caller_grants_rate_per_second_check CHECK ((rate_per_second >= (0)::double precision)),
    CONSTRAINT caller_grants_tenants_check CHECK ((cardinality(tenants) > 0))
);

CREATE TABLE public.caller_grants_version (
    only_row boolean DEFAULT true NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT caller_grants_version_only_row_check CHECK (only_row)
);

CREATE TABLE public.credentials (
    tenant_id text NOT NULL,
    user_id uuid NOT NULL,
    password_hash text NOT NULL,
    create_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    update_time timestamp(3) with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.erasure_reports (
    tenant_id text NOT NULL,
    user_id uuid NOT NULL,
    consumer text NOT NULL,
    report_time timestamp(3) with time zone DEFAULT clock_timestamp() NOT NULL,
    remaining text DEFAULT ''::text NOT NULL,
    CONSTRAINT erasure_reports_remaining_check CHECK ((char_length(remaining) <= 500))
);

CREATE TABLE public.key_rotations (
    table_name text NOT NULL,
    sealing_key_id text NOT NULL,
    index_key_id text NOT NULL,
    after_key text[],
    found bigint NOT NULL,
    finish_time timestamp(3) with time zone
);

CREATE TABLE public.mail_outbox (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    user_id uuid,
    email_key bytea NOT NULL,
    mail_sealed bytea NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    create_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    expire_time timestamp(3) with time zone NOT NULL,
    CONSTRAINT mail_outbox_email_key_check CHECK ((octet_length(email_key) = 32))
);

CREATE TABLE public.mail_tokens (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    purpose text NOT NULL,
    user_id uuid,
    email_key bytea NOT NULL,
    person_sealed bytea NOT NULL,
    password_hash text,
    create_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    expire_time timestamp(3) with time zone NOT NULL,
    CONSTRAINT mail_tokens_check CHECK (((purpose = 'REGISTER'::text) = (user_id IS NULL))),
    CONSTRAINT mail_tokens_check1 CHECK (((purpose = 'REGISTER'::text) = (password_hash IS NOT NULL))),
    CONSTRAINT mail_tokens_email_key_check CHECK ((octet_length(email_key) = 32)),
    CONSTRAINT mail_tokens_purpose_check CHECK ((purpose = ANY (ARRAY['REGISTER'::text, 'VERIFY_EMAIL'::text, 'RESET_PASSWORD'::text]))),
    CONSTRAINT mail_tokens_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

CREATE TABLE public.mikro_orm_migrations (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    executed_at timestamp(6) with time zone DEFAULT CURRENT_TIMESTAMP(6) NOT NULL
);

CREATE SEQUENCE public.mikro_orm_migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.mikro_orm_migrations_id_seq OWNED BY public.mikro_orm_migrations.id;

CREATE TABLE public.name_parts (
    tenant_id text NOT NULL,
    kind smallint NOT NULL,
    part text NOT NULL COLLATE pg_catalog."C",
    word text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.refresh_tokens (
    tenant_id text NOT NULL,
    token_hash bytea NOT NULL,
    session_id uuid NOT NULL,
    create_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    use_time timestamp(3) with time zone,
    CONSTRAINT refresh_tokens_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

CREATE TABLE public.sessions (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    create_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    refresh_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    expire_time timestamp(3) with time zone NOT NULL,
    revoke_time timestamp(3) with time zone,
    revoke_reason text,
    CONSTRAINT sessions_check CHECK (((revoke_time IS NULL) = (revoke_reason IS NULL))),
    CONSTRAINT sessions_revoke_reason_check CHECK ((revoke_reason = ANY (ARRAY['SIGNED_OUT'::text, 'TOKEN_REUSED'::text, 'PASSWORD_CHANGED'::text, 'PASSWORD_RESET'::text, 'USER_NOT_ACTIVE'::text])))
);

CREATE TABLE public.sign_ins (
    tenant_id text NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid,
    outcome text NOT NULL,
    source_address text NOT NULL,
    session_id uuid,
    create_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT sign_ins_outcome_check CHECK ((outcome = ANY (ARRAY['SUCCEEDED'::text, 'WRONG_PASSWORD'::text, 'NO_PASSWORD'::text, 'NOT_ACTIVE'::text, 'UNKNOWN_ADDRESS'::text])))
);

CREATE TABLE public.signing_keys (
    id text NOT NULL,
    public_key bytea NOT NULL,
    private_key_sealed bytea NOT NULL,
    activate_time timestamp(3) with time zone NOT NULL,
    create_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    CONSTRAINT signing_keys_public_key_check CHECK ((octet_length(public_key) = 32))
);

CREATE TABLE public.throttles (
    tenant_id text NOT NULL,
    kind text NOT NULL,
    key bytea NOT NULL,
    failures double precision NOT NULL,
    blocked_until timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    CONSTRAINT throttles_key_check CHECK ((octet_length(key) = 32)),
    CONSTRAINT throttles_kind_check CHECK ((kind = ANY (ARRAY['ACCOUNT'::text, 'SOURCE'::text, 'MAIL'::text, 'MAIL_SOURCE'::text])))
);

CREATE TABLE public.user_activities (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    "time" timestamp(3) with time zone NOT NULL,
    summary text NOT NULL,
    attributes jsonb
);

CREATE TABLE public.user_change_feed (
    only_row boolean DEFAULT true NOT NULL,
    feed_id uuid DEFAULT gen_random_uuid() NOT NULL,
    removed_through xid8 DEFAULT '0'::xid8 NOT NULL,
    line text,
    CONSTRAINT user_change_feed_only_row_check CHECK (only_row)
);

CREATE TABLE public.user_changes (
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    seq bigint NOT NULL,
    tenant_id text NOT NULL,
    user_id uuid NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    create_time timestamp(3) with time zone DEFAULT now() NOT NULL,
    touched_view text,
    figures_view text,
    update_time timestamp(3) with time zone,
    CONSTRAINT user_changes_figures_view_check CHECK ((figures_view = ANY (ARRAY['REFERENCE'::text, 'BASIC'::text, 'FULL'::text]))),
    CONSTRAINT user_changes_kind_check CHECK ((kind = ANY (ARRAY['CREATED'::text, 'UPDATED'::text, 'DELETED'::text, 'UNDELETED'::text, 'ERASED'::text, 'MERGED'::text, 'UNMERGED'::text]))),
    CONSTRAINT user_changes_touched_view_check CHECK ((touched_view = ANY (ARRAY['REFERENCE'::text, 'BASIC'::text, 'FULL'::text])))
);

ALTER TABLE public.user_changes ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.user_changes_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.user_external_ids (
    tenant_id text NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    user_id uuid NOT NULL,
    create_time timestamp(3) with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.user_merge_moves (
    tenant_id text NOT NULL,
    merge_id uuid NOT NULL,
    area text NOT NULL,
    row_key text NOT NULL
);

CREATE TABLE public.user_merges (
    tenant_id text NOT NULL,
    merge_id uuid NOT NULL,
    seq bigint NOT NULL,
    survivor_id uuid NOT NULL,
    loser_id uuid NOT NULL,
    take_from_loser text[] NOT NULL,
    survivor_before bytea,
    loser_before bytea,
    create_time timestamp(3) with time zone NOT NULL,
    undo_id uuid,
    undone_time timestamp(3) with time zone,
    run_id uuid,
    score double precision,
    reasons text[],
    CONSTRAINT user_merges_check CHECK ((survivor_id <> loser_id)),
    CONSTRAINT user_merges_check1 CHECK (((undo_id IS NULL) = (undone_time IS NULL)))
);

ALTER TABLE public.user_merges ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.user_merges_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.user_notes (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    text text NOT NULL,
    author text NOT NULL,
    create_time timestamp(3) with time zone NOT NULL
);

CREATE TABLE public.user_profiles (
    tenant_id text NOT NULL,
    user_id uuid NOT NULL,
    profile jsonb NOT NULL
);

CREATE TABLE public.user_statistics (
    tenant_id text NOT NULL,
    user_id uuid NOT NULL,
    source text NOT NULL,
    revision bigint NOT NULL,
    total_bookings bigint NOT NULL,
    total_spent jsonb NOT NULL,
    first_booking_time timestamp(3) with time zone,
    last_booking_time timestamp(3) with time zone,
    last_activity_time timestamp(3) with time zone,
    average_rating double precision NOT NULL,
    total_reviews integer NOT NULL
);

CREATE TABLE public.user_tags (
    tenant_id text NOT NULL,
    user_id uuid NOT NULL,
    tag text NOT NULL,
    "position" integer NOT NULL
);

CREATE TABLE public.user_words (
    tenant_id text NOT NULL,
    word text NOT NULL COLLATE pg_catalog."C",
    user_id uuid NOT NULL,
    entry text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.users (
    tenant_id text NOT NULL,
    id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    state text NOT NULL,
    role text NOT NULL,
    first_name text DEFAULT ''::text NOT NULL,
    last_name text DEFAULT ''::text NOT NULL,
    display_name text DEFAULT ''::text NOT NULL,
    profile_image text DEFAULT ''::text NOT NULL,
    business_name text DEFAULT ''::text NOT NULL,
    average_rating double precision DEFAULT 0 NOT NULL,
    total_reviews integer DEFAULT 0 NOT NULL,
    create_time timestamp(3) with time zone NOT NULL,
    update_time timestamp(3) with time zone NOT NULL,
    delete_time timestamp(3) with time zone,
    email_sealed bytea,
    phone_sealed bytea,
    email_key bytea,
    phone_key bytea,
    erase_time timestamp(3) with time zone,
    state_before_delete text,
    last_activity_time timestamp(3) with time zone,
    sort_name text GENERATED ALWAYS AS ("left"(public.search_text(COALESCE(NULLIF(display_name, ''::text), NULLIF(btrim(((first_name || ' '::text) || last_name)), ''::text), business_name)), 100)) STORED NOT NULL COLLATE pg_catalog."C",
    merged_into uuid,
    email_base_key bytea,
    CONSTRAINT users_check CHECK (((state = 'DELETED'::text) = (delete_time IS NOT NULL))),
    CONSTRAINT users_check1 CHECK ((merged_into <> id)),
    CONSTRAINT users_email_base_key_check CHECK (((email_base_key IS NULL) OR (octet_length(email_base_key) = 32))),
    CONSTRAINT users_email_key_check CHECK (((email_key IS NULL) OR (octet_length(email_key) = 32))),
    CONSTRAINT users_phone_key_check CHECK (((phone_key IS NULL) OR (octet_length(phone_key) = 32))),
    CONSTRAINT users_role_check CHECK ((role = ANY (ARRAY['CUSTOMER'::text, 'VENDOR'::text, 'ADMIN'::text]))),
    CONSTRAINT users_state_before_delete_check CHECK ((state_before_delete = ANY (ARRAY['ACTIVE'::text, 'SUSPENDED'::text]))),
    CONSTRAINT users_state_check CHECK ((state = ANY (ARRAY['ACTIVE'::text, 'SUSPENDED'::text, 'DELETED'::text]))),
    CONSTRAINT users_version_check CHECK ((version > 0))
);

CREATE TABLE public.verified_emails (
    tenant_id text NOT NULL,
    user_id uuid NOT NULL,
    email_sealed bytea NOT NULL,
    verify_time timestamp(3) with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.write_requests (
    tenant_id text NOT NULL,
    request_id uuid NOT NULL,
    method text NOT NULL,
    fingerprint bytea NOT NULL,
    user_id uuid NOT NULL,
    create_time timestamp(3) with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY public.mikro_orm_migrations ALTER COLUMN id SET DEFAULT nextval('public.mikro_orm_migrations_id_seq'::regclass);

ALTER TABLE ONLY public.audit_batches
    ADD CONSTRAINT audit_batches_pkey PRIMARY KEY (chain, seq);

ALTER TABLE ONLY public.audit_central_head
    ADD CONSTRAINT audit_central_head_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.audit_central
    ADD CONSTRAINT audit_central_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.audit_chains
    ADD CONSTRAINT audit_chains_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.caller_grants
    ADD CONSTRAINT caller_grants_pkey PRIMARY KEY (caller, name);

ALTER TABLE ONLY public.caller_grants_version
    ADD CONSTRAINT caller_grants_version_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.credentials
    ADD CONSTRAINT credentials_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY public.erasure_reports
    ADD CONSTRAINT erasure_reports_pkey PRIMARY KEY (tenant_id, user_id, consumer);

ALTER TABLE ONLY public.key_rotations
    ADD CONSTRAINT key_rotations_pkey PRIMARY KEY (table_name, sealing_key_id, index_key_id);

ALTER TABLE ONLY public.mail_outbox
    ADD CONSTRAINT mail_outbox_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.mail_tokens
    ADD CONSTRAINT mail_tokens_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.mail_tokens
    ADD CONSTRAINT mail_tokens_tenant_id_token_hash_key UNIQUE (tenant_id, token_hash);

ALTER TABLE ONLY public.mikro_orm_migrations
    ADD CONSTRAINT mikro_orm_migrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.name_parts
    ADD CONSTRAINT name_parts_pkey PRIMARY KEY (tenant_id, kind, part, word);

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (tenant_id, token_hash);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.sign_ins
    ADD CONSTRAINT sign_ins_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.throttles
    ADD CONSTRAINT throttles_pkey PRIMARY KEY (tenant_id, kind, key);

ALTER TABLE ONLY public.user_activities
    ADD CONSTRAINT user_activities_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.user_change_feed
    ADD CONSTRAINT user_change_feed_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.user_changes
    ADD CONSTRAINT user_changes_pkey PRIMARY KEY (xid, seq);

ALTER TABLE ONLY public.user_external_ids
    ADD CONSTRAINT user_external_ids_pkey PRIMARY KEY (tenant_id, source, external_id);

ALTER TABLE ONLY public.user_merge_moves
    ADD CONSTRAINT user_merge_moves_pkey PRIMARY KEY (tenant_id, merge_id, area, row_key);

ALTER TABLE ONLY public.user_merges
    ADD CONSTRAINT user_merges_pkey PRIMARY KEY (tenant_id, merge_id);

ALTER TABLE ONLY public.user_notes
    ADD CONSTRAINT user_notes_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.user_profiles
    ADD CONSTRAINT user_profiles_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY public.user_statistics
    ADD CONSTRAINT user_statistics_pkey PRIMARY KEY (tenant_id, user_id, source);

ALTER TABLE ONLY public.user_tags
    ADD CONSTRAINT user_tags_pkey PRIMARY KEY (tenant_id, user_id, tag);

ALTER TABLE ONLY public.user_words
    ADD CONSTRAINT user_words_pkey PRIMARY KEY (tenant_id, word, user_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY public.verified_emails
    ADD CONSTRAINT verified_emails_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY public.write_requests
    ADD CONSTRAINT write_requests_pkey PRIMARY KEY (tenant_id, request_id);

CREATE INDEX audit_central_rare ON public.audit_central USING btree (kind, seq) WHERE (kind = ANY (ARRAY['legacy'::text, 'break'::text]));

CREATE INDEX mail_outbox_email_key ON public.mail_outbox USING btree (tenant_id, email_key);

CREATE INDEX mail_outbox_next_attempt_time ON public.mail_outbox USING btree (next_attempt_time);

CREATE INDEX mail_tokens_email_key ON public.mail_tokens USING btree (tenant_id, email_key);

CREATE INDEX mail_tokens_expire_time ON public.mail_tokens USING btree (expire_time);

CREATE INDEX mail_tokens_user ON public.mail_tokens USING btree (tenant_id, user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX refresh_tokens_session ON public.refresh_tokens USING btree (tenant_id, session_id);

CREATE INDEX sessions_expire_time ON public.sessions USING btree (expire_time);

CREATE INDEX sessions_user ON public.sessions USING btree (tenant_id, user_id);

CREATE INDEX sign_ins_create_time ON public.sign_ins USING btree (create_time);

CREATE INDEX sign_ins_user ON public.sign_ins USING btree (tenant_id, user_id, create_time DESC, id DESC);

CREATE INDEX throttles_update_time ON public.throttles USING btree (update_time);

CREATE INDEX user_activities_user ON public.user_activities USING btree (tenant_id, user_id, "time", id);

CREATE INDEX user_changes_create_time ON public.user_changes USING btree (create_time);

CREATE INDEX user_external_ids_user ON public.user_external_ids USING btree (tenant_id, user_id, source, external_id);

CREATE INDEX user_merges_loser ON public.user_merges USING btree (tenant_id, loser_id, seq);

CREATE UNIQUE INDEX user_merges_open_loser ON public.user_merges USING btree (tenant_id, loser_id) WHERE (undone_time IS NULL);

CREATE INDEX user_merges_run ON public.user_merges USING btree (tenant_id, run_id, seq) WHERE (run_id IS NOT NULL);

CREATE INDEX user_merges_survivor ON public.user_merges USING btree (tenant_id, survivor_id, seq);

CREATE INDEX user_notes_user ON public.user_notes USING btree (tenant_id, user_id, create_time, id);

CREATE INDEX user_profiles_birth_date ON public.user_profiles USING btree (tenant_id, ((profile ->> 'birthDate'::text)), user_id) WHERE ((profile ->> 'birthDate'::text) IS NOT NULL);

CREATE INDEX user_tags_tag ON public.user_tags USING btree (tenant_id, tag, user_id);

CREATE INDEX users_create_time ON public.users USING btree (tenant_id, state, role, create_time, id);

CREATE INDEX users_deleted_email_key ON public.users USING btree (tenant_id, email_key) WHERE (delete_time IS NOT NULL);

CREATE INDEX users_email_base_key ON public.users USING btree (tenant_id, email_base_key) WHERE ((email_base_key IS NOT NULL) AND (delete_time IS NULL) AND (merged_into IS NULL));

CREATE UNIQUE INDEX users_email_key ON public.users USING btree (tenant_id, email_key) WHERE (delete_time IS NULL);

CREATE INDEX users_erased ON public.users USING btree (erase_time, tenant_id, id) WHERE (erase_time IS NOT NULL);

CREATE INDEX users_last_activity_time ON public.users USING btree (tenant_id, last_activity_time) WHERE (last_activity_time IS NOT NULL);

CREATE INDEX users_live_phone_key ON public.users USING btree (tenant_id, phone_key) WHERE ((phone_key IS NOT NULL) AND (delete_time IS NULL) AND (merged_into IS NULL));

CREATE INDEX users_merged_into ON public.users USING btree (tenant_id, merged_into) WHERE (merged_into IS NOT NULL);

CREATE INDEX users_phone_key ON public.users USING btree (tenant_id, phone_key) WHERE (phone_key IS NOT NULL);

CREATE INDEX users_sort_name ON public.users USING btree (tenant_id, state, role, sort_name, id);

CREATE INDEX users_update_time ON public.users USING btree (tenant_id, state, role, update_time, id);

CREATE INDEX write_requests_user ON public.write_requests USING btree (tenant_id, user_id);

CREATE TRIGGER audit_batch_goes BEFORE DELETE ON public.audit_batches FOR EACH ROW EXECUTE FUNCTION public.audit_batch_goes();

CREATE TRIGGER audit_batches_stays BEFORE UPDATE OR TRUNCATE ON public.audit_batches FOR EACH STATEMENT EXECUTE FUNCTION public.audit_stays();

CREATE TRIGGER audit_central_head_stays BEFORE DELETE OR TRUNCATE ON public.audit_central_head FOR EACH STATEMENT EXECUTE FUNCTION public.audit_stays();

CREATE TRIGGER audit_central_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_central FOR EACH STATEMENT EXECUTE FUNCTION public.audit_stays();

CREATE TRIGGER audit_chain_goes BEFORE DELETE ON public.audit_chains FOR EACH ROW EXECUTE FUNCTION public.audit_chain_goes();

CREATE TRIGGER audit_chains_stays BEFORE TRUNCATE ON public.audit_chains FOR EACH STATEMENT EXECUTE FUNCTION public.audit_stays();

CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON public.audit_head FOR EACH STATEMENT EXECUTE FUNCTION public.audit_log_stays();

CREATE TRIGGER audit_log_stays BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION public.audit_log_stays();

CREATE TRIGGER caller_grants_changed AFTER INSERT OR DELETE OR UPDATE OR TRUNCATE ON public.caller_grants FOR EACH STATEMENT EXECUTE FUNCTION public.caller_grants_changed();

CREATE TRIGGER users_indexed AFTER INSERT ON public.users REFERENCING NEW TABLE AS new_users FOR EACH STATEMENT EXECUTE FUNCTION public.index_new_users();

CREATE TRIGGER users_renamed AFTER UPDATE ON public.users FOR EACH ROW WHEN (((((old.first_name IS DISTINCT FROM new.first_name) OR (old.last_name IS DISTINCT FROM new.last_name)) OR (old.display_name IS DISTINCT FROM new.display_name)) OR (old.business_name IS DISTINCT FROM new.business_name))) EXECUTE FUNCTION public.index_renamed_user();

CREATE TRIGGER users_unindexed AFTER DELETE ON public.users FOR EACH ROW EXECUTE FUNCTION public.unindex_user();

ALTER TABLE ONLY public.credentials
    ADD CONSTRAINT credentials_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES public.sessions(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);

ALTER TABLE ONLY public.user_activities
    ADD CONSTRAINT user_activities_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);

ALTER TABLE ONLY public.user_external_ids
    ADD CONSTRAINT user_external_ids_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);

ALTER TABLE ONLY public.user_merge_moves
    ADD CONSTRAINT user_merge_moves_tenant_id_merge_id_fkey FOREIGN KEY (tenant_id, merge_id) REFERENCES public.user_merges(tenant_id, merge_id);

ALTER TABLE ONLY public.user_merges
    ADD CONSTRAINT user_merges_tenant_id_loser_id_fkey FOREIGN KEY (tenant_id, loser_id) REFERENCES public.users(tenant_id, id);

ALTER TABLE ONLY public.user_merges
    ADD CONSTRAINT user_merges_tenant_id_survivor_id_fkey FOREIGN KEY (tenant_id, survivor_id) REFERENCES public.users(tenant_id, id);

ALTER TABLE ONLY public.user_notes
    ADD CONSTRAINT user_notes_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);

ALTER TABLE ONLY public.user_profiles
    ADD CONSTRAINT user_profiles_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);

ALTER TABLE ONLY public.user_statistics
    ADD CONSTRAINT user_statistics_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);

ALTER TABLE ONLY public.user_tags
    ADD CONSTRAINT user_tags_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_tenant_id_merged_into_fkey FOREIGN KEY (tenant_id, merged_into) REFERENCES public.users(tenant_id, id);

ALTER TABLE ONLY public.verified_emails
    ADD CONSTRAINT verified_emails_tenant_id_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES public.users(tenant_id, id);

INSERT INTO public.mikro_orm_migrations VALUES (1, '2026-11-20-users', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (2, '2026-11-20-user-changes', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (3, '2026-11-20-seal-contact', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (4, '2026-11-20-user-records', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (5, '2026-11-20-people', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (6, '2026-11-20-callers', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (7, '2026-11-20-rotated-tables', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (8, '2026-11-20-search', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (9, '2026-11-20-merges', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (10, '2026-11-20-renames', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (11, '2026-12-01-feed-line', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (12, '2026-12-01-pooled-feed', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (13, '2026-12-01-audit-chains', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (14, '2026-12-01-touched-views', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (15, '2026-12-02-phone-keys', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (16, '2026-12-02-erasures', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (17, '2026-12-02-folded-names', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (18, '2026-12-02-last-moments', '2026-12-01 15:05:24.306691+00');
INSERT INTO public.mikro_orm_migrations VALUES (19, '2026-12-02-more-folded-letters', '2026-12-01 15:05:24.306691+00');

SELECT pg_catalog.setval('public.mikro_orm_migrations_id_seq', 19, true);
