//! What is different on OHE's databases of 2026, to the definition, on rows made by hand around each boundary.

use sample_data::Tables;

use crate::{
    MICROSECOND,
    ohe::{Ohe, float, int},
};

const ALICE: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const BOB: &str = "bbbbbbbb-0000-4000-8000-000000000002";
const CAROL: &str = "cccccccc-0000-4000-8000-000000000003";
const RELEASES: [Tables; 2] = [Tables::Orgs154, Tables::Orgs];

#[tokio::test]
async fn a_fresh_install_counts_its_accounts() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
            "INSERT INTO \"user\" (id, accepted_tos, email, user_consents_to_analytics, first_login_at, last_login_at, role_id)
             VALUES ('{ALICE}', {{now}} - interval '7 days', 'alice@Acme.example', true, {{now}} - interval '7 days',
                     {{now}} - interval '7 days', (SELECT id FROM role WHERE name = 'admin')),
                 ('{BOB}', {{now}} - interval '30 days' - {MICROSECOND}, 'bob@acme.example', false, NULL,
                     {{now}} - interval '7 days' - {MICROSECOND}, (SELECT id FROM role WHERE name = 'owner')),
                 ('{CAROL}', NULL, '', NULL, NULL, NULL, NULL)"
        ))
        .await;
        ohe.expect([
            ("total_users", int(3)),
            ("user_settings_rows", int(0)),
            ("users_tos_accepted", int(2)),
            ("users_with_email", int(2)),
            ("email_domains", int(1)),
            ("install_age_days", int(30)),
            ("new_users_7d", int(1)),
            ("new_users_30d", int(1)),
            ("users_analytics_opt_in", int(1)),
            ("users_logged_in_7d", int(1)),
            ("users_logged_in_30d", int(2)),
            ("users_never_logged_in", int(1)),
            ("superadmins", int(1)),
        ])
        .await;
    }
}

#[tokio::test]
async fn an_upgraded_install_counts_each_person_once() {
    let ohe = Ohe::for_rows_by_hand(Tables::Orgs).await;
    let capitals = ALICE.to_uppercase();
    ohe.run(&format!(
        "INSERT INTO \"user\" (id, accepted_tos, email) VALUES ('{ALICE}', {{now}} - interval '1 day', 'alice@acme.example');
         INSERT INTO user_settings (keycloak_user_id, accepted_tos, email, user_consents_to_analytics, already_migrated) VALUES
             ('{ALICE}', {{now}} - interval '400 days', 'old@old.example', true, true),
             ('{capitals}', {{now}} - interval '300 days', NULL, true, true),
             ('{BOB}', {{now}} - interval '200 days', NULL, true, false), ('{BOB}', NULL, 'bob@b.example', false, false),
             ('{}', NULL, NULL, NULL, false), ('', {{now}} - interval '500 days', 'x@x.example', true, false),
             (NULL, NULL, NULL, true, false)",
        BOB.to_uppercase(),
    ))
    .await;
    ohe.expect([
        ("total_users", int(3)),
        ("user_settings_rows", int(7)),
        ("users_tos_accepted", int(2)),
        ("users_with_email", int(2)),
        ("email_domains", int(2)),
        ("install_age_days", int(500)),
        ("new_users_7d", int(1)),
        ("users_analytics_opt_in", int(1)),
        ("users_never_logged_in", int(0)),
    ])
    .await;
    ohe.run("DROP TABLE user_settings").await;
    ohe.expect([("total_users", int(1)), ("users_analytics_opt_in", int(0)), ("install_age_days", int(1))]).await;
    ohe.expect_missing(&["user_settings_rows"], "This release of OHE does not record this.").await;
}

#[tokio::test]
async fn the_owner_of_a_conversation_is_who_it_was_made_for() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
            "INSERT INTO conversation_metadata (conversation_id, user_id, created_at, last_updated_at) VALUES
                 ('new', NULL, {{now}}, {{now}}), ('migrated', '{BOB}', {{now}}, {{now}}), ('old', '{CAROL}', {{now}}, {{now}}),
                 ('old too', '{BOB}', {{now}} - interval '30 days', {{now}} - interval '30 days'),
                 ('nobody''s', '', {{now}}, {{now}}), ('a moment old', NULL, {{now}}, {{now}}),
                 ('before', NULL, {{now}} - interval '60 days', {{now}} - interval '7 days');
             INSERT INTO conversation_metadata_saas (conversation_id, user_id) VALUES
                 ('new', '{ALICE}'), ('migrated', '{ALICE}'), ('before', '{ALICE}'), ('deleted for good', '{BOB}')"
        ))
        .await;
        ohe.expect([
            ("active_users_1d", int(2)),
            ("active_users_7d", int(2)),
            ("active_users_30d", int(3)),
            ("users_creating_30d", int(3)),
            ("returning_users_30d", int(1)),
            ("max_conversations_per_user_30d", int(2)),
            ("avg_conversations_per_user_30d", float(1.3333)),
            ("conversations_created", int(7)),
            ("conversations_30d", int(6)),
        ])
        .await;
    }
}

#[tokio::test]
async fn a_deleted_conversation_leaves_every_count_but_its_money_is_spent() {
    let ohe = Ohe::for_rows_by_hand(Tables::Orgs).await;
    ohe.run(&format!(
        "INSERT INTO conversation_metadata
             (conversation_id, created_at, last_updated_at, accumulated_cost, trigger, conversation_version, deleted_at) VALUES
             ('kept', {{now}}, {{now}}, 1, 'gui', 'V1', NULL),
             ('gone', {{now}}, {{now}}, 2, 'gui', 'V1', {{now_tz}}),
             ('gone a month ago', {{now}} - interval '60 days', {{now}}, 4, 'gui', 'V1', {{now_tz}} - interval '30 days'),
             ('gone before', {{now}} - interval '60 days', {{now}}, 8, 'gui', 'V1', {{now_tz}} - interval '30 days' - {MICROSECOND}),
             ('to be gone', {{now}}, {{now}}, 16, 'gui', 'V1', {{now_tz}} + {MICROSECOND});
         INSERT INTO conversation_metadata_saas (conversation_id, user_id)
             SELECT conversation_id, '{ALICE}' FROM conversation_metadata;
         INSERT INTO conversation_work (conversation_id, seconds) VALUES ('kept', 1), ('gone', 10);
         INSERT INTO conversation_cost_events (conversation_id, cost_delta, occurred_at) VALUES
             ('kept', 0.5, {{now_tz}}), ('gone', 0.25, {{now_tz}})"
    ))
    .await;
    ohe.expect([
        ("total_conversations", int(1)),
        ("total_conversations_v1", int(1)),
        ("conversations_created", int(1)),
        ("conversations_30d", int(1)),
        ("conversations_trigger_gui_30d", int(1)),
        ("llm_cost_usd_30d", float(1.0)),
        ("max_conversations_per_user_30d", int(1)),
        ("agent_work_seconds_30d", float(1.0)),
        ("conversations_deleted_30d", int(2)),
        ("llm_spend_usd_30d", float(0.75)),
    ])
    .await;
    let before = Ohe::for_rows_by_hand(Tables::Orgs154).await;
    before.expect_missing(&["conversations_deleted_30d"], "This release of OHE does not record this.").await;
}

#[tokio::test]
async fn keys_that_ohe_makes_are_nobodys_but_a_command_line_is_a_persons() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
            "INSERT INTO api_keys (user_id, key, name, last_used_at) VALUES
                 ('a', '1', NULL, {{now}}), ('b', '2', 'ci', {{now}} - interval '30 days'), ('c', '3', '', NULL),
                 ('d', '4', 'MCP_API_KEY', {{now}}), ('e', '5', '__SYSTEM__:automation', {{now}}),
                 ('f', '6', '__SYSTEM__:automation', {{now}} - interval '30 days' - {MICROSECOND}),
                 ('g', '7', '__SYSTEM__:something', {{now}}), ('h', '8', 'Device Link Access Key (ABCD-1234)', {{now}}),
                 ('i', '9', 'Device Link Access Key', {{now}}), ('', '10', '__SYSTEM__:automation', {{now}}),
                 ('j', '11', '__system__:automation', {{now}} + {MICROSECOND})"
        ))
        .await;
        ohe.expect([("api_keys_total", int(5)), ("api_key_users_30d", int(4)), ("automation_users", int(1))]).await;
    }
}

#[tokio::test]
async fn an_organization_of_a_team_is_one_that_is_nobodys_personal_one() {
    let (team, empty) = ("dddddddd-0000-4000-8000-000000000004", "eeeeeeee-0000-4000-8000-000000000005");
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
            "INSERT INTO \"user\" (id) VALUES ('{ALICE}'), ('{BOB}');
             INSERT INTO org (id, name) VALUES ('{ALICE}', 'a'), ('{BOB}', 'b'), ('{CAROL}', 'left behind'), ('{team}', 't'),
                 ('{empty}', 'e');
             INSERT INTO org_member (org_id, user_id, role_id, status)
                 SELECT org_id::uuid, user_id::uuid, role.id, status FROM (VALUES
                     ('{ALICE}', '{ALICE}', 'owner', 'active'), ('{BOB}', '{BOB}', 'owner', 'active'),
                     ('{team}', '{ALICE}', 'member', 'active'), ('{team}', '{BOB}', 'admin', NULL),
                     ('{team}', '{CAROL}', 'owner', 'inactive'), ('{CAROL}', '{ALICE}', 'owner', 'active')
                 ) AS members (org_id, user_id, name, status) JOIN role USING (name);
             INSERT INTO org_invitation (token, org_id, email, role_id, inviter_id, status, expires_at) VALUES
                 ('1', '{team}', 'x@x', 1, '{ALICE}', 'pending', {{now}}),
                 ('2', '{team}', 'x@x', 1, '{ALICE}', 'pending', {{now}} - {MICROSECOND}),
                 ('3', '{team}', 'x@x', 1, '{ALICE}', 'accepted', {{now}}), ('4', '{team}', 'x@x', 1, '{ALICE}', 'revoked', {{now}});
             INSERT INTO org_budget_settings (org_id, enabled, cycle_start_at) VALUES
                 ('{team}', true, {{now_tz}}), ('{empty}', false, {{now_tz}}), ('{BOB}', true, {{now_tz}})"
        ))
        .await;
        ohe.expect([
            ("team_orgs", int(3)),
            ("team_org_members", int(2)),
            ("team_org_admins", int(2)),
            ("invitations_open", int(1)),
            ("team_orgs_with_budget", int(1)),
        ])
        .await;
    }
}

#[tokio::test]
async fn money_is_by_the_time_it_was_spent_and_by_what_for() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
            "INSERT INTO conversation_cost_events (cost_delta, occurred_at, usage_id, llm_model) VALUES
                 (1, {{now_tz}}, 'agent', 'a'), (2, {{now_tz}} - interval '7 days', 'condenser', 'a'),
                 (4, {{now_tz}} - interval '7 days' - {MICROSECOND}, NULL, NULL),
                 (0.5, {{now_tz}} - interval '30 days', 'profile:x', ''), (0.0000004, {{now_tz}}, 'Agent', NULL),
                 (100, {{now_tz}} + {MICROSECOND}, 'agent', 'b'), (100, {{now_tz}} - interval '30 days' - {MICROSECOND}, 'agent', 'b');
             INSERT INTO conversation_metadata (created_at, cache_read_tokens) VALUES
                 ({{now}}, 2147483647), ({{now}}, 2147483647), ({{now}} - interval '31 days', 5), ({{now}}, NULL)"
        ))
        .await;
        ohe.expect([
            ("llm_spend_usd_7d", float(3.0)),
            ("llm_spend_usd_30d", float(7.5)),
            ("llm_spend_top_model_share_30d", float(0.533_333)),
            ("llm_spend_usd_non_agent_30d", float(6.5)),
            ("cache_read_tokens_30d", int(4_294_967_294)),
        ])
        .await;
        ohe.run("ALTER TABLE conversation_cost_events DROP COLUMN usage_id").await;
        ohe.expect([("llm_spend_usd_30d", float(7.5))]).await;
        ohe.expect_missing(
            &["llm_spend_top_model_share_30d", "llm_spend_usd_non_agent_30d"],
            "This release of OHE does not record this.",
        )
        .await;
    }
}

#[tokio::test]
async fn nothing_spent_has_no_largest_share() {
    let ohe = Ohe::for_rows_by_hand(Tables::Orgs).await;
    ohe.expect([("llm_spend_usd_30d", float(0.0)), ("llm_spend_top_model_share_30d", float(0.0))]).await;
    ohe.run("INSERT INTO conversation_cost_events (cost_delta, occurred_at) VALUES (0, {now_tz})").await;
    ohe.expect([("llm_spend_top_model_share_30d", float(0.0))]).await;
    ohe.run("INSERT INTO conversation_cost_events (cost_delta, occurred_at) VALUES (3, {now_tz})").await;
    ohe.expect([("llm_spend_top_model_share_30d", float(1.0))]).await;
}

#[tokio::test]
async fn what_conversations_of_2026_record_is_counted() {
    let ohe = Ohe::for_rows_by_hand(Tables::Orgs).await;
    ohe.run(
        "INSERT INTO conversation_metadata (created_at, agent_kind, execution_status, trigger, git_provider) VALUES
             ({now}, 'acp', 'error', 'automation', 'bitbucket_data_center'), ({now}, 'openhands', 'stuck', 'gui', 'azure_devops'),
             ({now}, NULL, 'finished', 'automation', 'azure_devops'), ({now}, 'ACP', 'ERROR', NULL, NULL),
             ({now} - interval '31 days', 'acp', 'error', 'automation', 'azure_devops')",
    )
    .await;
    ohe.expect([
        ("conversations_acp_30d", int(1)),
        ("conversations_failed_30d", int(2)),
        ("conversations_trigger_automation_30d", int(2)),
        ("conversations_bitbucket_data_center_30d", int(1)),
        ("conversations_azure_devops_30d", int(2)),
    ])
    .await;
}

#[tokio::test]
async fn integrations_of_2026_are_counted() {
    let ohe = Ohe::for_rows_by_hand(Tables::Orgs).await;
    ohe.run(&format!(
        "DROP INDEX idx_auth_tokens_keycloak_user_identity_provider;
         INSERT INTO auth_tokens (keycloak_user_id, identity_provider) VALUES
             ('a', 'bitbucket_data_center'), ('a', 'bitbucket_data_center'), ('b', 'azure_devops'), ('', 'azure_devops');
         INSERT INTO bitbucket_webhook (workspace, repo_slug, user_id, webhook_uuid) VALUES
             ('w', 'r', 'a', '1'), ('w', 'r', 'b', '2'), ('w', NULL, 'a', '3'), ('w', NULL, 'b', '4'), ('v', NULL, 'a', '5'),
             ('w', 's', 'a', '6');
         INSERT INTO bitbucket_dc_webhook (project_key, repo_slug, user_id) VALUES ('w', 'r', 'a'), ('w', 'r', 'a'), ('p', 'r', 'a');
         INSERT INTO device_codes (device_code, user_code, expires_at, authorized_at) VALUES
             ('1', '1', {{now_tz}}, {{now_tz}}), ('2', '2', {{now_tz}}, {{now_tz}} - interval '30 days'), ('3', '3', {{now_tz}}, NULL),
             ('4', '4', {{now_tz}}, {{now_tz}} + {MICROSECOND}), ('5', '5', {{now_tz}}, {{now_tz}} - interval '30 days' - {MICROSECOND});
         INSERT INTO custom_secrets (keycloak_user_id, is_org_shared) VALUES ('a', true), ('b', false), ('c', NULL), ('b', true)"
    ))
    .await;
    ohe.expect([
        ("users_linked_bitbucket_data_center", int(1)),
        ("users_linked_azure_devops", int(1)),
        ("bitbucket_repos_with_webhook", int(6)),
        ("device_logins_30d", int(2)),
        ("users_with_custom_secrets", int(2)),
    ])
    .await;
    let before = Ohe::for_rows_by_hand(Tables::Orgs154).await;
    before.run("INSERT INTO custom_secrets (keycloak_user_id) VALUES ('a'), ('b')").await;
    before.expect([("users_with_custom_secrets", int(2))]).await;
}

const WORK: [&str; 3] = ["agent_work_seconds_30d", "agent_work_seconds_p50_30d", "agent_work_seconds_p95_30d"];
const NO_WORK: &str = "OHE no longer records how long the agent works since its 2026 releases.";
const STARTS: [&str; 5] =
    ["v1_starts_30d", "v1_starts_ready_30d", "v1_starts_error_30d", "v1_starts_stuck_30d", "v1_start_seconds_p95_30d"];
const STARTS_ARE_DELETED: &str =
    "OHE on this install deletes starts after a day, so those of 30 days cannot be counted.";

#[tokio::test]
async fn a_table_that_nobody_writes_any_more_is_no_measure() {
    let ohe = Ohe::for_rows_by_hand(Tables::Orgs).await;
    ohe.expect_missing(&WORK, NO_WORK).await;
    let callbacks = ["callbacks_30d", "callbacks_error_30d"];
    let no_callbacks = "OHE no longer records callbacks of this kind since its 2026 releases.";
    ohe.expect_missing(&callbacks, no_callbacks).await;
    let feedback = ["feedback_count_30d", "feedback_avg_rating_30d", "feedback_negative_30d"];
    let no_feedback = "OHE no longer records ratings since its 2026 releases.";
    ohe.expect_missing(&feedback, no_feedback).await;
    let pull_requests = ["prs_merged_30d", "prs_closed_unmerged_30d", "prs_helped_30d"];
    let no_pull_requests = "OHE records pull requests only where the collection of GitHub interactions is switched on.";
    ohe.expect_missing(&pull_requests, no_pull_requests).await;
    let no_sso = "OHE records no single sign-on by SAML, so nobody and somebody cannot be told apart.";
    ohe.expect_missing(&["users_linked_enterprise_sso"], no_sso).await;

    // Rows outside of the windows: the window alone counts, but for pull requests, where the whole table does.
    ohe.run(
        "INSERT INTO conversation_metadata (conversation_id, created_at) VALUES ('old', {now} - interval '31 days');
         INSERT INTO conversation_work (conversation_id, seconds) VALUES ('old', 5), ('deleted', 5);
         INSERT INTO conversation_callbacks (status, created_at) VALUES ('ERROR', {now} - interval '31 days');
         INSERT INTO conversation_feedback (rating, created_at) VALUES (1, {now} - interval '31 days');
         INSERT INTO auth_tokens (keycloak_user_id, identity_provider) VALUES ('', 'enterprise_sso'), ('a', 'github');
         INSERT INTO openhands_prs (status, closed_at) VALUES ('MERGED', {now} - interval '31 days')",
    )
    .await;
    ohe.expect_missing(&WORK, NO_WORK).await;
    ohe.expect_missing(&callbacks, no_callbacks).await;
    ohe.expect_missing(&feedback, no_feedback).await;
    ohe.expect_missing(&["users_linked_enterprise_sso"], no_sso).await;
    ohe.expect([("prs_merged_30d", int(0)), ("prs_helped_30d", int(0)), ("users_linked_github", int(1))]).await;

    ohe.run(
        "INSERT INTO conversation_metadata (conversation_id, created_at) VALUES ('new', {now});
         INSERT INTO conversation_work (conversation_id, seconds) VALUES ('new', 0);
         INSERT INTO conversation_callbacks (status, created_at) VALUES ('ACTIVE', {now});
         INSERT INTO conversation_feedback (rating, created_at) VALUES (5, {now});
         INSERT INTO auth_tokens (keycloak_user_id, identity_provider) VALUES ('a', 'enterprise_sso')",
    )
    .await;
    ohe.expect([
        ("agent_work_seconds_30d", float(0.0)),
        ("callbacks_30d", int(1)),
        ("callbacks_error_30d", int(0)),
        ("feedback_count_30d", int(1)),
        ("feedback_negative_30d", int(0)),
        ("users_linked_enterprise_sso", int(1)),
    ])
    .await;
}

#[tokio::test]
async fn starts_are_counted_unless_a_cleaner_deletes_them() {
    for (starts, conversation, is_missing) in [
        ("", "", false),
        ("", "{now} - interval '7 days'", false),
        ("", "{now} - interval '7 days' - interval '1 microsecond'", true),
        ("{now_tz} - interval '2 days' + interval '1 microsecond'", "{now} - interval '8 days'", true),
        ("{now_tz} - interval '2 days'", "{now} - interval '8 days'", false),
        ("{now_tz} - interval '1 day'", "{now} - interval '6 days'", false),
    ] {
        let ohe = Ohe::for_rows_by_hand(Tables::Orgs).await;
        if !starts.is_empty() {
            let insert =
                format!("INSERT INTO app_conversation_start_task (created_at) VALUES ({{now_tz}}), ({starts})");
            ohe.run(&insert).await;
        }
        if !conversation.is_empty() {
            ohe.run(&format!("INSERT INTO conversation_metadata (created_at) VALUES ({conversation})")).await;
        }
        if is_missing {
            ohe.expect_missing(&STARTS, STARTS_ARE_DELETED).await;
        } else {
            let count = if starts.is_empty() { 0 } else { 2 };
            ohe.expect([("v1_starts_30d", int(count)), ("v1_starts_ready_30d", int(0))]).await;
        }
    }
}

#[tokio::test]
async fn on_the_older_generation_nothing_is_silent_and_nothing_new_is_known() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run("INSERT INTO conversation_metadata (created_at) VALUES ({now} - interval '8 days')").await;
    let mut zeros = WORK.map(|key| (key, float(0.0))).to_vec();
    zeros.extend([("prs_merged_30d", int(0)), ("users_linked_enterprise_sso", int(0)), ("v1_starts_30d", int(0))]);
    for zero in zeros {
        ohe.expect([zero]).await;
    }
    let new = ["superadmins", "team_orgs", "llm_spend_usd_30d", "conversations_acp_30d", "device_logins_30d"];
    ohe.expect_missing(&new, "OHE records this only since its 2026 releases.").await;
    let collection = ohe.collect().await;
    assert_eq!(collection.metrics.len(), 90);
    assert_eq!(collection.database.to_string(), "generation settings, revision 081, answers 90 of 115 metrics");
}

#[tokio::test]
async fn the_generation_is_told_by_columns_and_never_by_the_revision() {
    let ohe = Ohe::as_it_is(Tables::Orgs).await;
    let described = async |ohe: &Ohe| ohe.collect().await.database.to_string();
    assert_eq!(described(&ohe).await, "generation orgs, revision 173, answers 103 of 115 metrics");
    ohe.run("UPDATE alembic_version SET version_num = '158_private_schema_bridge'").await;
    assert!(described(&ohe).await.starts_with("generation orgs, revision 158_private_schema_bridge, "));
    ohe.run("UPDATE alembic_version SET version_num = '081'").await;
    assert!(described(&ohe).await.starts_with("generation orgs, revision 081, "));
    ohe.run("DROP TABLE alembic_version").await;
    assert!(described(&ohe).await.starts_with("generation orgs, revision unknown, "));
    ohe.run("ALTER TABLE \"user\" RENAME current_org_id TO elsewhere").await;
    assert!(described(&ohe).await.starts_with("generation settings, "));
    ohe.run("ALTER TABLE \"user\" RENAME elsewhere TO current_org_id; DROP TABLE conversation_metadata_saas").await;
    assert!(described(&ohe).await.starts_with("generation settings, "));
}

#[tokio::test]
async fn a_release_is_told_from_the_next_by_what_it_answers() {
    let ohe = Ohe::as_it_is(Tables::Orgs154).await;
    let collection = ohe.collect().await;
    assert_eq!(collection.database.to_string(), "generation orgs, revision 152, answers 102 of 115 metrics");
    let missing = collection.runs.iter().flat_map(|run| &run.missing);
    let by_columns: Vec<_> = missing.filter(|missing| !missing.columns.is_empty()).collect();
    assert_eq!((by_columns.len(), by_columns[0].keys.as_slice()), (1, &["conversations_deleted_30d".to_owned()][..]));
    assert_eq!(by_columns[0].columns, ["conversation_metadata.deleted_at"]);
}
