//! What users, conversations, their owners, and everything else that both generations know is in each of them.
//!
//! Measures name these relations like tables, and are written once. A relation's columns are those of its table, and
//! those that are named here.

use super::relation::{Join, Part, Relation};

/// The relation `name`; `None` if the name is that of a table.
pub(crate) fn find(name: &str) -> Option<&'static Relation> {
    RELATIONS.iter().find(|relation| relation.name == name)
}

/// Every relation.
const RELATIONS: [Relation; 7] =
    [USERS, TERMS_ACCEPTED, CONVERSATIONS, KEYS_OF_USERS, KEYS_OF_PEOPLE, TEAM_ORGS, BITBUCKET_HOOKS];

/// **`users`**: `id` as a text, `accepted_tos`, `email`, `consent`. On generation settings, and for those of it that never came
/// back after an upgrade, a user may have several rows.
const USERS: Relation = Relation {
    name: "users",
    settings: &[Part { columns: OF_SETTINGS, rows: Some(HAS_AN_ID), ..Part::of("user_settings") }],
    orgs: &[
        Part { columns: OF_USER, ..Part::of("user") },
        // Users that an upgrade left behind; `only_with`: a database without the column never had any.
        Part {
            columns: OF_SETTINGS,
            only_with: Some("keycloak_user_id"),
            rows: Some(
                "{keycloak_user_id} <> '' AND lower({keycloak_user_id}) NOT IN (SELECT {user.id}::text FROM \"user\")",
            ),
            ..Part::of("user_settings")
        },
    ],
};

const HAS_AN_ID: &str = "{keycloak_user_id} <> ''";
const OF_SETTINGS: &[(&str, &str)] = &[("id", "{keycloak_user_id}"), ("consent", "{user_consents_to_analytics}")];
const OF_USER: &[(&str, &str)] = &[("id", "{id}::text"), ("consent", "{user_consents_to_analytics}")];

/// **`terms_accepted`**: `accepted_tos` of every row of the tables of users, with or without an id, migrated or not.
const TERMS_ACCEPTED: Relation = Relation {
    name: "terms_accepted",
    settings: &[Part::of("user_settings")],
    orgs: &[Part::of("user"), Part { only_with: Some("keycloak_user_id"), ..Part::of("user_settings") }],
};

/// **`conversations`**: those that were not deleted, with `owner`, the user's id as a text. What a user deletes has always left
/// the count: by a hard delete until `deleted_at` came.
const CONVERSATIONS: Relation = Relation {
    name: "conversations",
    settings: &[Part { columns: &[("owner", OWNER_BY_COLUMN)], ..Part::of("conversation_metadata") }],
    orgs: &[Part {
        join: Some(Join {
            table: "conversation_metadata_saas",
            on: "{conversation_metadata_saas.conversation_id} = {conversation_id}",
        }),
        columns: &[("owner", "coalesce({conversation_metadata_saas.user_id}::text, nullif({user_id}, ''))")],
        rows_with: Some(("deleted_at", "{deleted_at} IS NULL")),
        ..Part::of("conversation_metadata")
    }],
};

const OWNER_BY_COLUMN: &str = "nullif({user_id}, '')";

/// **`keys_of_users`**: the API keys that users made. OHE makes others for itself.
const KEYS_OF_USERS: Relation = Relation {
    name: "keys_of_users",
    settings: &[Part { rows: Some("{name} IS DISTINCT FROM 'MCP_API_KEY'"), ..Part::of("api_keys") }],
    orgs: &[Part {
        rows: Some(
            "{name} IS NULL OR {name} <> 'MCP_API_KEY' AND NOT starts_with({name}, '__SYSTEM__:') \
             AND NOT starts_with({name}, 'Device Link Access Key (')",
        ),
        ..Part::of("api_keys")
    }],
};

/// **`keys_of_people`**: those, and the keys that OHE makes for a login by a command line, which a person uses.
const KEYS_OF_PEOPLE: Relation = Relation {
    name: "keys_of_people",
    settings: KEYS_OF_USERS.settings,
    orgs: &[Part {
        rows: Some("{name} IS NULL OR {name} <> 'MCP_API_KEY' AND NOT starts_with({name}, '__SYSTEM__:')"),
        ..Part::of("api_keys")
    }],
};

/// **`team_orgs`**: organizations that are nobody's personal one. A personal one has its user's id.
const TEAM_ORGS: Relation = Relation {
    name: "team_orgs",
    settings: &[],
    orgs: &[Part { rows: Some("NOT EXISTS (SELECT FROM \"user\" WHERE {user.id} = {org.id})"), ..Part::of("org") }],
};

/// **`bitbucket_hooks`**: webhooks of both products, with `product`, `owner` (a workspace or a project) and `repo_slug`, which is
/// null for a whole workspace.
const BITBUCKET_HOOKS: Relation = Relation {
    name: "bitbucket_hooks",
    settings: &[],
    orgs: &[
        Part { columns: &[("product", "'cloud'"), ("owner", "{workspace}")], ..Part::of("bitbucket_webhook") },
        Part { columns: &[("product", "'dc'"), ("owner", "{project_key}")], ..Part::of("bitbucket_dc_webhook") },
    ],
};
