//! On generation settings: 19 queries.

pub(super) const QUERIES: [&str; 19] = [
    // system_metrics
    "SELECT count(DISTINCT nullif(keycloak_user_id, '')) AS total_users, count(*) AS user_settings_rows,
            count(DISTINCT nullif(keycloak_user_id, '')) FILTER (WHERE accepted_tos IS NOT NULL) AS users_tos_accepted,
            count(DISTINCT nullif(keycloak_user_id, '')) FILTER (WHERE email <> '') AS users_with_email,
            count(DISTINCT lower(split_part(email, '@', 2))) FILTER (WHERE email LIKE '%_@_%') AS email_domains,
            coalesce(extract(day FROM $1::timestamp - min(accepted_tos)), 0)::bigint AS install_age_days
     FROM user_settings",
    "SELECT count(*) AS total_conversations,
            count(*) FILTER (WHERE conversation_version = 'V1') AS total_conversations_v1,
            count(*) FILTER (WHERE created_at > $1::timestamp) AS conversations_in_future,
            count(*) FILTER (WHERE created_at BETWEEN $1::timestamp - interval '30 days' AND $1) AS conversations_30d
     FROM conversation_metadata",
    "SELECT count(*) FILTER (WHERE status = 'PENDING') AS maintenance_tasks_pending,
            count(*) FILTER (WHERE status = 'ERROR') AS maintenance_tasks_error,
            count(*) FILTER (WHERE status = 'WORKING' AND started_at < $1::timestamp - interval '1 hour')
                AS maintenance_tasks_stale
     FROM maintenance_tasks",
    "SELECT count(*) AS repos_known, count(*) FILTER (WHERE NOT is_public) AS repos_private
     FROM repos WHERE $1::timestamp IS NOT NULL",
    // user_activity
    "SELECT active.*, per_user.* FROM
        (SELECT count(DISTINCT nullif(user_id, ''))
                    FILTER (WHERE last_updated_at BETWEEN $1::timestamp - interval '1 day' AND $1) AS active_users_1d,
                count(DISTINCT nullif(user_id, ''))
                    FILTER (WHERE last_updated_at BETWEEN $1::timestamp - interval '7 days' AND $1) AS active_users_7d,
                count(DISTINCT nullif(user_id, ''))
                    FILTER (WHERE last_updated_at BETWEEN $1::timestamp - interval '30 days' AND $1) AS active_users_30d,
                count(*) FILTER (WHERE created_at <= $1::timestamp) AS conversations_created
         FROM conversation_metadata) AS active,
        (SELECT count(*) FILTER (WHERE recent > 0) AS users_creating_30d,
                count(*) FILTER (WHERE recent > 0 AND earlier > 0) AS returning_users_30d,
                count(*) FILTER (WHERE recent >= 10) AS power_users_30d,
                coalesce(max(recent), 0) AS max_conversations_per_user_30d,
                coalesce(avg(recent) FILTER (WHERE recent > 0), 0)::float8 AS avg_conversations_per_user_30d
         FROM (SELECT user_id, count(*) FILTER (WHERE created_at >= $1::timestamp - interval '30 days') AS recent,
                      count(*) FILTER (WHERE created_at < $1::timestamp - interval '30 days') AS earlier
               FROM conversation_metadata
               WHERE created_at BETWEEN $1::timestamp - interval '60 days' AND $1 AND user_id <> ''
               GROUP BY user_id) AS counts) AS per_user",
    "SELECT count(DISTINCT nullif(keycloak_user_id, ''))
                FILTER (WHERE accepted_tos BETWEEN $1::timestamp - interval '7 days' AND $1) AS new_users_7d,
            count(DISTINCT nullif(keycloak_user_id, ''))
                FILTER (WHERE accepted_tos BETWEEN $1::timestamp - interval '30 days' AND $1) AS new_users_30d,
            count(DISTINCT nullif(keycloak_user_id, ''))
                FILTER (WHERE user_consents_to_analytics AND (accepted_tos IS NULL OR accepted_tos <= $1))
                AS users_analytics_opt_in
     FROM user_settings",
    "SELECT count(*) AS api_keys_total,
            count(DISTINCT nullif(user_id, ''))
                FILTER (WHERE last_used_at BETWEEN $1::timestamp - interval '30 days' AND $1) AS api_key_users_30d
     FROM api_keys WHERE name IS DISTINCT FROM 'MCP_API_KEY'",
    // conversation_metrics
    "SELECT count(*) FILTER (WHERE created_at >= $1::timestamp - interval '1 day') AS conversations_1d,
            count(*) FILTER (WHERE created_at >= $1::timestamp - interval '7 days') AS conversations_7d,
            count(*) FILTER (WHERE conversation_version = 'V1') AS conversations_v1_30d,
            count(parent_conversation_id) AS sub_conversations_30d,
            count(selected_repository) AS conversations_with_repo_30d,
            count(DISTINCT selected_repository) AS distinct_repos_30d,
            count(*) FILTER (WHERE CASE WHEN json_typeof(pr_number) = 'array' THEN json_array_length(pr_number) > 0 END)
                AS conversations_with_pr_30d,
            coalesce(sum(accumulated_cost), 0) AS llm_cost_usd_30d,
            count(*) FILTER (WHERE accumulated_cost > 0) AS conversations_with_cost_30d,
            coalesce(sum(prompt_tokens), 0) AS prompt_tokens_30d,
            coalesce(sum(completion_tokens), 0) AS completion_tokens_30d,
            count(DISTINCT llm_model) AS distinct_llm_models_30d
     FROM conversation_metadata WHERE created_at BETWEEN $1::timestamp - interval '30 days' AND $1",
    "SELECT count(*) AS feedback_count_30d, coalesce(avg(rating), 0)::float8 AS feedback_avg_rating_30d,
            count(*) FILTER (WHERE rating <= 2) AS feedback_negative_30d
     FROM conversation_feedback WHERE created_at BETWEEN $1::timestamp - interval '30 days' AND $1",
    // integration_usage
    "SELECT count(*) FILTER (WHERE trigger = 'gui') AS conversations_trigger_gui_30d,
            count(*) FILTER (WHERE trigger = 'resolver') AS conversations_trigger_resolver_30d,
            count(*) FILTER (WHERE trigger = 'slack') AS conversations_trigger_slack_30d,
            count(*) FILTER (WHERE trigger = 'suggested_task') AS conversations_trigger_suggested_task_30d,
            count(*) FILTER (WHERE trigger = 'openhands_api') AS conversations_trigger_openhands_api_30d,
            count(*) FILTER (WHERE trigger = 'microagent_management') AS conversations_trigger_microagent_management_30d,
            count(*) FILTER (WHERE trigger = 'jira') AS conversations_trigger_jira_30d,
            count(*) FILTER (WHERE trigger = 'jira_dc') AS conversations_trigger_jira_dc_30d,
            count(*) FILTER (WHERE trigger = 'linear') AS conversations_trigger_linear_30d,
            count(*) FILTER (WHERE trigger IS NULL) AS conversations_trigger_unknown_30d,
            count(*) FILTER (WHERE git_provider = 'github') AS conversations_github_30d,
            count(*) FILTER (WHERE git_provider = 'gitlab') AS conversations_gitlab_30d,
            count(*) FILTER (WHERE git_provider = 'bitbucket') AS conversations_bitbucket_30d,
            count(*) FILTER (WHERE git_provider IS NULL) AS conversations_no_provider_30d
     FROM conversation_metadata WHERE created_at BETWEEN $1::timestamp - interval '30 days' AND $1",
    "SELECT count(DISTINCT keycloak_user_id) FILTER (WHERE identity_provider = 'github') AS users_linked_github,
            count(DISTINCT keycloak_user_id) FILTER (WHERE identity_provider = 'gitlab') AS users_linked_gitlab,
            count(DISTINCT keycloak_user_id) FILTER (WHERE identity_provider = 'bitbucket') AS users_linked_bitbucket,
            count(DISTINCT keycloak_user_id) FILTER (WHERE identity_provider = 'enterprise_sso')
                AS users_linked_enterprise_sso
     FROM auth_tokens WHERE keycloak_user_id <> '' AND $1::timestamp IS NOT NULL",
    "SELECT (SELECT count(*) FROM github_app_installations) AS github_app_installations,
            (SELECT count(*) FROM slack_teams) AS slack_teams,
            (SELECT count(*) FROM gitlab_webhook WHERE webhook_exists) AS gitlab_webhooks_installed,
            (SELECT count(DISTINCT nullif(keycloak_user_id, '')) FROM slack_users) AS slack_users,
            (SELECT count(DISTINCT nullif(keycloak_user_id, '')) FROM custom_secrets) AS users_with_custom_secrets
     WHERE $1::timestamp IS NOT NULL",
    "SELECT (SELECT count(*) FROM jira_workspaces WHERE status = 'active') AS jira_workspaces_active,
            (SELECT count(*) FROM jira_dc_workspaces WHERE status = 'active') AS jira_dc_workspaces_active,
            (SELECT count(*) FROM linear_workspaces WHERE status = 'active') AS linear_workspaces_active,
            (SELECT count(DISTINCT nullif(keycloak_user_id, '')) FROM jira_users WHERE status = 'active') AS jira_users_active,
            (SELECT count(DISTINCT nullif(keycloak_user_id, '')) FROM jira_dc_users WHERE status = 'active')
                AS jira_dc_users_active,
            (SELECT count(DISTINCT nullif(keycloak_user_id, '')) FROM linear_users WHERE status = 'active')
                AS linear_users_active
     WHERE $1::timestamp IS NOT NULL",
    "SELECT count(*) FILTER (WHERE status = 'MERGED') AS prs_merged_30d,
            count(*) FILTER (WHERE status = 'CLOSED') AS prs_closed_unmerged_30d,
            count(*) FILTER (WHERE openhands_helped_author) AS prs_helped_30d
     FROM openhands_prs WHERE closed_at BETWEEN $1::timestamp - interval '30 days' AND $1",
    // performance_metrics
    "SELECT coalesce(sum(seconds), 0) AS agent_work_seconds_30d,
            coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), 0) AS agent_work_seconds_p50_30d,
            coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds), 0) AS agent_work_seconds_p95_30d
     FROM conversation_work JOIN conversation_metadata USING (conversation_id)
     WHERE conversation_metadata.created_at BETWEEN $1::timestamp - interval '30 days' AND $1",
    "SELECT coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY accumulated_cost)
                         FILTER (WHERE accumulated_cost > 0), 0) AS conversation_cost_usd_p95_30d,
            coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM last_updated_at - created_at)), 0)
                AS conversation_span_seconds_p50_30d
     FROM conversation_metadata WHERE created_at BETWEEN $1::timestamp - interval '30 days' AND $1",
    "SELECT count(*) AS v1_starts_30d, count(*) FILTER (WHERE status = 'READY') AS v1_starts_ready_30d,
            count(*) FILTER (WHERE status = 'ERROR') AS v1_starts_error_30d,
            count(*) FILTER (WHERE (status IS NULL OR status NOT IN ('READY', 'ERROR'))
                             AND created_at < ($1::timestamp - interval '1 hour') AT TIME ZONE 'UTC') AS v1_starts_stuck_30d,
            coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM updated_at - created_at))
                         FILTER (WHERE status = 'READY'), 0) AS v1_start_seconds_p95_30d
     FROM app_conversation_start_task
     WHERE created_at BETWEEN (($1::timestamp - interval '30 days') AT TIME ZONE 'UTC') AND ($1::timestamp AT TIME ZONE 'UTC')",
    "SELECT count(*) AS callbacks_30d, count(*) FILTER (WHERE status = 'ERROR') AS callbacks_error_30d
     FROM conversation_callbacks WHERE created_at BETWEEN $1::timestamp - interval '30 days' AND $1",
    "SELECT count(*) AS v1_callback_results_30d, count(*) FILTER (WHERE status = 'ERROR') AS v1_callback_results_error_30d
     FROM event_callback_result
     WHERE created_at BETWEEN (($1::timestamp - interval '30 days') AT TIME ZONE 'UTC') AND ($1::timestamp AT TIME ZONE 'UTC')",
];
