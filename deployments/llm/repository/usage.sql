-- What was spent, in groups. The dimensions that are not asked for are null in all rows.

-- name: totals
select case when 'day' = any (:by::text[]) then day end as day,
       case when 'user' = any (:by::text[]) then user_id end as user_id,
       case when 'key' = any (:by::text[]) then key_id end as key_id,
       case when 'feature' = any (:by::text[]) then feature end as feature,
       case when 'model' = any (:by::text[]) then model end as model,
       case when 'target' = any (:by::text[]) then target end as target,
       case when 'target' = any (:by::text[]) then provider end as provider,
       sum(requests)::bigint as requests, sum(failed)::bigint as failed, sum(cached)::bigint as cached,
       sum(input_tokens)::bigint as input_tokens, sum(output_tokens)::bigint as output_tokens,
       sum(microdollars)::bigint as microdollars
  from llm_usage
 where day between :first and :last and (:user_id::uuid is null or user_id = :user_id)
 group by 1, 2, 3, 4, 5, 6, 7
 order by sum(microdollars) desc, sum(input_tokens + output_tokens) desc, 1, 2, 3, 4, 5, 6, 7
 limit :limit;
