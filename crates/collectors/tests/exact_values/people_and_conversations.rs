//! Users, activity and conversations.

use crate::{
    MICROSECOND, RELEASES,
    ohe::{Ohe, float, int},
};
use sample_data::Tables;

#[tokio::test]
async fn users_are_distinct_ids_that_are_neither_null_nor_empty() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(
        "INSERT INTO user_settings (keycloak_user_id, email, accepted_tos) VALUES
             ('a', NULL, NULL), ('a', 'a@X.example', {now}), ('b', '', NULL), ('c', 'no address', {now} + interval '1 day'),
             ('d', '@x', NULL), ('e', 'e@', NULL), ('f', 'f@x.EXAMPLE', NULL), ('g', '\"g@h\"@y.example', NULL),
             (NULL, 'n@z.example', {now}), ('', 'm@z.example', {now})",
    )
    .await;
    ohe.expect([
        ("total_users", int(7)),
        ("user_settings_rows", int(10)),
        ("users_tos_accepted", int(2)),
        ("users_with_email", int(6)),
        ("email_domains", int(2)),
    ])
    .await;
}

#[tokio::test]
async fn the_age_is_in_whole_days_and_never_negative() {
    for (accepted, days) in [
        ("NULL", 0),
        ("{now} + interval '3 days'", 0),
        ("{now} - interval '1 day' + interval '1 microsecond'", 0),
        ("{now} - interval '1 day'", 1),
        ("{now} - interval '100 days 23:59:59.999999'", 100),
        ("'-infinity'", 0),
    ] {
        let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
        ohe.run(&format!(
            "INSERT INTO user_settings (keycloak_user_id, accepted_tos) VALUES ('a', {accepted}), ('b', {{now}} + interval '9 days')"
        ))
        .await;
        ohe.expect([("install_age_days", int(days))]).await;
    }
}

#[tokio::test]
async fn conversations_are_counted_by_version_and_by_creation_up_to_now() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
            "INSERT INTO conversation_metadata (created_at, conversation_version) VALUES
             ({{now}} - interval '30 days' - {MICROSECOND}, 'V0'), ({{now}} - interval '30 days', 'V1'),
             ({{now}} - interval '7 days' - {MICROSECOND}, 'V1'), ({{now}} - interval '7 days', 'V0'),
             ({{now}} - interval '1 day' - {MICROSECOND}, 'V7'), ({{now}} - interval '1 day', 'V0'),
             ({{now}}, 'V1'), ({{now}} + {MICROSECOND}, 'V1'), ('infinity', 'V0')"
        ))
        .await;
        ohe.expect([
            ("total_conversations", int(9)),
            ("total_conversations_v1", int(4)),
            ("conversations_in_future", int(2)),
            ("conversations_created", int(7)),
            ("conversations_30d", int(6)),
            ("conversations_7d", int(4)),
            ("conversations_1d", int(2)),
            ("conversations_v1_30d", int(3)),
        ])
        .await;
    }
}

#[tokio::test]
async fn maintenance_tasks_are_stale_after_more_than_an_hour_at_work() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
            "INSERT INTO maintenance_tasks (status, started_at) VALUES
             ('PENDING', NULL), ('PENDING', {{now}} - interval '3 hours'), ('ERROR', {{now}} - interval '3 hours'),
             ('COMPLETED', {{now}} - interval '3 hours'), ('INACTIVE', NULL), ('WORKING', NULL),
             ('WORKING', {{now}} - interval '1 hour'), ('WORKING', {{now}} - interval '1 hour' - {MICROSECOND})"
        ))
        .await;
        ohe.expect([
            ("maintenance_tasks_pending", int(2)),
            ("maintenance_tasks_error", int(1)),
            ("maintenance_tasks_stale", int(1)),
        ])
        .await;
    }
}

#[tokio::test]
async fn a_repository_is_private_unless_it_is_public() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run("INSERT INTO repos (is_public) VALUES (true), (true), (false)").await;
        ohe.expect([("repos_known", int(3)), ("repos_private", int(1))]).await;
    }
}

#[tokio::test]
async fn activity_is_by_last_update_and_in_windows_closed_on_both_sides() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(&format!(
        "INSERT INTO conversation_metadata (user_id, last_updated_at, created_at) VALUES
             ('now', {{now}}, {{now}}), ('now', {{now}} - interval '90 days', {{now}}),
             ('one', {{now}} - interval '1 day', {{now}}), ('seven', {{now}} - interval '1 day' - {MICROSECOND}, {{now}}),
             ('seven', {{now}} - interval '7 days', {{now}}), ('thirty', {{now}} - interval '7 days' - {MICROSECOND}, {{now}}),
             ('last', {{now}} - interval '30 days', {{now}}), ('gone', {{now}} - interval '30 days' - {MICROSECOND}, {{now}}),
             ('future', {{now}} + {MICROSECOND}, {{now}}), ('both', {{now}} + interval '1 day', {{now}}),
             ('both', {{now}} - interval '2 days', {{now}}), (NULL, {{now}}, {{now}}), ('', {{now}}, {{now}})"
    ))
    .await;
    ohe.expect([("active_users_1d", int(2)), ("active_users_7d", int(4)), ("active_users_30d", int(6))]).await;
}

#[tokio::test]
async fn returning_users_created_in_the_30_days_before_the_last_30_too() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(&format!(
        "INSERT INTO conversation_metadata (user_id, created_at) VALUES
             ('a', {{now}} - interval '30 days'), ('a', {{now}} - interval '30 days' - {MICROSECOND}),
             ('b', {{now}}), ('b', {{now}} - interval '60 days'),
             ('c', {{now}}), ('c', {{now}} - interval '60 days' - {MICROSECOND}),
             ('d', {{now}} - interval '30 days' - {MICROSECOND}), ('e', {{now}} + {MICROSECOND}), ('e', {{now}} - interval '40 days'),
             ('', {{now}}), ('', {{now}} - interval '40 days'), (NULL, {{now}}), (NULL, {{now}} - interval '40 days')"
    ))
    .await;
    ohe.expect([
        ("users_creating_30d", int(3)),
        ("returning_users_30d", int(2)),
        ("power_users_30d", int(0)),
        ("max_conversations_per_user_30d", int(1)),
        ("avg_conversations_per_user_30d", float(1.0)),
    ])
    .await;
}

#[tokio::test]
async fn power_users_create_ten_and_the_mean_is_over_users_that_create() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    for (user, rows) in [("'ten'", 10), ("'nine'", 9), ("'one'", 1), ("''", 50), ("NULL", 60)] {
        ohe.run(&format!(
            "INSERT INTO conversation_metadata (user_id, created_at) SELECT {user}, {{now}} FROM generate_series(1, {rows})"
        ))
        .await;
    }
    ohe.run("INSERT INTO conversation_metadata (user_id, created_at) VALUES ('old', {now} - interval '40 days')").await;
    ohe.expect([
        ("users_creating_30d", int(3)),
        ("power_users_30d", int(1)),
        ("max_conversations_per_user_30d", int(10)),
        ("avg_conversations_per_user_30d", float(6.6667)),
        ("conversations_30d", int(130)),
    ])
    .await;
}

#[tokio::test]
async fn new_users_are_by_any_of_their_rows_and_consent_counts_until_now() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(&format!(
        "INSERT INTO user_settings (keycloak_user_id, accepted_tos, user_consents_to_analytics) VALUES
             ('a', {{now}}, true), ('a', {{now}} - interval '99 days', false), ('b', {{now}} - interval '7 days', NULL),
             ('c', {{now}} - interval '7 days' - {MICROSECOND}, true), ('d', {{now}} - interval '30 days', false),
             ('e', {{now}} - interval '30 days' - {MICROSECOND}, NULL), ('f', {{now}} + {MICROSECOND}, true),
             ('g', NULL, true), ('', {{now}}, true), (NULL, {{now}}, true)"
    ))
    .await;
    ohe.expect([("new_users_7d", int(2)), ("new_users_30d", int(4)), ("users_analytics_opt_in", int(3))]).await;
}

#[tokio::test]
async fn api_keys_are_those_that_users_made() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run(&format!(
        "INSERT INTO api_keys (user_id, key, name, last_used_at) VALUES
             ('a', '1', NULL, {{now}}), ('a', '2', 'ci', {{now}} - interval '30 days'), ('b', '3', 'MCP_API_KEY', {{now}}),
             ('c', '4', '', {{now}} - interval '30 days'), ('d', '5', 'x', {{now}} - interval '30 days' - {MICROSECOND}),
             ('e', '6', 'x', {{now}} + {MICROSECOND}), ('f', '7', 'mcp_api_key', NULL), ('', '8', 'x', {{now}})"
    ))
    .await;
    ohe.expect([("api_keys_total", int(7)), ("api_key_users_30d", int(2))]).await;
}

#[tokio::test]
async fn conversations_are_described_over_the_30_day_set_alone() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
        "INSERT INTO conversation_metadata
             (created_at, parent_conversation_id, selected_repository, pr_number, llm_model, accumulated_cost) VALUES
             ({{now}}, 'p', 'o/r', '[1]', 'm', 0.1), ({{now}}, 'p', 'o/r', '[1, 2]', 'm', 0.2), ({{now}}, NULL, 'o/R', '[]', 'M', 0),
             ({{now}}, NULL, NULL, 'null', NULL, NULL), ({{now}}, NULL, '', NULL, '', -1), ({{now}}, NULL, 'é', ' [ [] ] ', NULL, 0.0000004),
             ({{now}}, NULL, NULL, '7', NULL, NULL), ({{now}}, NULL, NULL, '{{\"a\": [1]}}', NULL, NULL),
             ({{now}}, NULL, NULL, '\"[1]\"', NULL, NULL),
             ({{now}} + {MICROSECOND}, 'q', 'future', '[1]', 'future', 9),
             ({{now}} - interval '30 days' - {MICROSECOND}, 'q', 'past', '[1]', 'past', 9)"
    ))
    .await;
        ohe.expect([
            ("sub_conversations_30d", int(2)),
            ("conversations_with_repo_30d", int(5)),
            ("distinct_repos_30d", int(4)),
            ("conversations_with_pr_30d", int(3)),
            ("llm_cost_usd_30d", float(-0.7)),
            ("conversations_with_cost_30d", int(3)),
            ("distinct_llm_models_30d", int(3)),
        ])
        .await;
    }
}

#[tokio::test]
async fn sums_of_tokens_are_of_64_bits() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(
        "INSERT INTO conversation_metadata (created_at, prompt_tokens, completion_tokens) VALUES
             ({now}, 2147483647, 2147483647), ({now}, 2147483647, 2147483647), ({now}, 2147483647, NULL), ({now}, NULL, 1)",
    )
    .await;
        ohe.expect([("prompt_tokens_30d", int(6_442_450_941)), ("completion_tokens_30d", int(4_294_967_295))]).await;
    }
}

#[tokio::test]
async fn a_rating_of_two_is_the_best_negative_one() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(&format!(
            "INSERT INTO conversation_feedback (rating, created_at) VALUES
             (1, {{now}}), (2, {{now}} - interval '30 days'), (3, {{now}}), (5, {{now}}), (5, {{now}}), (4, {{now}}),
             (1, {{now}} + {MICROSECOND}), (1, {{now}} - interval '30 days' - {MICROSECOND})"
        ))
        .await;
        ohe.expect([
            ("feedback_count_30d", int(6)),
            ("feedback_avg_rating_30d", float(3.3333)),
            ("feedback_negative_30d", int(2)),
        ])
        .await;
    }
}

#[tokio::test]
async fn empty_tables_give_zero_for_every_metric() {
    let ohe = Ohe::as_it_is(Tables::Settings).await;
    let collection = ohe.collect().await;
    assert_eq!(collection.metrics.len(), 90);
    for (key, value) in &collection.metrics {
        let declaration = ohe.registry.dictionary().find(key).unwrap().declaration;
        assert!([int(0), float(0.0)].contains(value), "{}: {value:?}", declaration.key);
        assert_eq!(value.metric_type(), declaration.metric_type);
    }
}

#[tokio::test]
async fn new_values_of_every_enumeration_are_no_error() {
    for tables in RELEASES {
        let ohe = Ohe::for_rows_by_hand(tables).await;
        ohe.run(
            "ALTER TYPE callbackstatus RENAME VALUE 'ERROR' TO 'FAILED';
             ALTER TYPE maintenancetaskstatus RENAME VALUE 'WORKING' TO 'RUNNING';
             ALTER TYPE appconversationstarttaskstatus RENAME VALUE 'READY' TO 'DONE';
             ALTER TYPE eventcallbackresultstatus RENAME VALUE 'ERROR' TO 'FAILED';
             ALTER TYPE prstatus RENAME VALUE 'CLOSED' TO 'DECLINED'",
        )
        .await;
        ohe.run(
            "INSERT INTO conversation_callbacks (status, created_at) VALUES ('FAILED', {now});
         INSERT INTO maintenance_tasks (status, started_at) VALUES ('RUNNING', {now} - interval '2 hours');
         INSERT INTO app_conversation_start_task (status, created_at) VALUES ('DONE', {now_tz} - interval '2 hours');
         INSERT INTO event_callback_result (status, created_at) VALUES ('FAILED', {now_tz});
         INSERT INTO openhands_prs (status, closed_at) VALUES ('DECLINED', {now})",
        )
        .await;
        ohe.expect([
            ("callbacks_30d", int(1)),
            ("callbacks_error_30d", int(0)),
            ("maintenance_tasks_stale", int(0)),
            ("v1_starts_30d", int(1)),
            ("v1_starts_ready_30d", int(0)),
            ("v1_starts_stuck_30d", int(1)),
            ("v1_callback_results_error_30d", int(0)),
            ("prs_closed_unmerged_30d", int(0)),
        ])
        .await;
    }
}

#[tokio::test]
async fn a_mean_in_the_middle_of_two_is_rounded_away_from_zero() {
    let ohe = Ohe::for_rows_by_hand(Tables::Settings).await;
    ohe.run("INSERT INTO conversation_metadata (user_id, created_at) SELECT i % 800, {now} FROM generate_series(1, 829) AS i").await;
    ohe.expect([("avg_conversations_per_user_30d", float(1.0363))]).await;
}
