//! How this install is shared by teams. Every user has a personal organization besides, which is not counted here.

use domain::metric::MetricDeclaration;

use crate::{Measure, MetricsCollector, Registration, Source};

struct OrganizationMetrics;

inventory::submit! { Registration(&OrganizationMetrics) }

impl MetricsCollector for OrganizationMetrics {
    fn name(&self) -> &'static str {
        "organization_metrics"
    }

    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }
}

/// The people in organizations of teams, each once for each organization.
const MEMBERS: Source = Source::of(&["org_member", "team_orgs"])
    .filter("{org_member.org_id} = {team_orgs.id} AND {org_member.status} IS DISTINCT FROM 'inactive'");
/// The same, with what each may do there: names of roles mean something within an organization alone.
const MEMBERS_WITH_ROLE: Source = Source::of(&["org_member", "team_orgs", "role"]).filter(
    "{org_member.org_id} = {team_orgs.id} AND {org_member.role_id} = {role.id} \
     AND {org_member.status} IS DISTINCT FROM 'inactive'",
);

const MEASURES: &[Measure] = &[
    Source::of(&["team_orgs"])
        .aggregate(
            "count({id})",
            MetricDeclaration::int("team_orgs", "organizations", "Organizations that are nobody's personal one."),
        )
        .only_on_orgs(),
    MEMBERS
        .aggregate(
            "count(DISTINCT {org_member.user_id})",
            MetricDeclaration::int("team_org_members", "users", "Users in organizations of teams."),
        )
        .only_on_orgs(),
    MEMBERS_WITH_ROLE
        .aggregate(
            "count(DISTINCT {org_member.user_id}) FILTER (WHERE {role.name} IN ('owner', 'admin'))",
            MetricDeclaration::int(
                "team_org_admins",
                "users",
                "Users that own or administer an organization of a team.",
            ),
        )
        .only_on_orgs(),
    Source::of(&["org_invitation"])
        .count_where(
            "{status} = 'pending' AND {expires_at} >= {now}",
            MetricDeclaration::int(
                "invitations_open",
                "invitations",
                "Invitations to organizations that can still be accepted.",
            ),
        )
        .only_on_orgs(),
    Source::of(&["org_budget_settings", "team_orgs"])
        .filter("{org_budget_settings.org_id} = {team_orgs.id}")
        .aggregate(
            "count(DISTINCT {org_budget_settings.org_id}) FILTER (WHERE {org_budget_settings.enabled})",
            MetricDeclaration::int(
                "team_orgs_with_budget",
                "organizations",
                "Organizations of teams with a budget in force.",
            ),
        )
        .only_on_orgs(),
];
