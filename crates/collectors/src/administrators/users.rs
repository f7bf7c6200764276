//! The users of each step, for the columns that this release of OHE has.

use domain::administrator::AdministratorStep;
use domain::ohe::Generation;

use super::AdministratorError;
use crate::schema::{Column, Schema};

const USER_ID: Column = Column::new("user", "id");
const USER_ROLE: Column = Column::new("user", "role_id");
const USER_ACCEPTED_TOS: Column = Column::new("user", "accepted_tos");
const USER_FIRST_LOGIN: Column = Column::new("user", "first_login_at");
const USER_EMAIL: Column = Column::new("user", "email");
const USER_IS_DISABLED: Column = Column::new("user", "is_disabled");
const ROLE_ID: Column = Column::new("role", "id");
const ROLE_NAME: Column = Column::new("role", "name");
const ORG_ID: Column = Column::new("org", "id");
const ORG_IS_DEFAULT: Column = Column::new("org", "is_default");
const MEMBER_ORG: Column = Column::new("org_member", "org_id");
const MEMBER_USER: Column = Column::new("org_member", "user_id");
const MEMBER_ROLE: Column = Column::new("org_member", "role_id");
const SETTINGS_ID: Column = Column::new("user_settings", "id");
const SETTINGS_ACCEPTED_TOS: Column = Column::new("user_settings", "accepted_tos");
const SETTINGS_EMAIL: Column = Column::new("user_settings", "email");
const SETTINGS_USER: Column = Column::new("user_settings", "keycloak_user_id");

/// All that the look-up of the administrator ever reads, on either generation.
pub const ADMINISTRATOR_COLUMNS: [Column; 17] = [
    USER_ID,
    USER_ROLE,
    USER_ACCEPTED_TOS,
    USER_FIRST_LOGIN,
    USER_EMAIL,
    USER_IS_DISABLED,
    ROLE_ID,
    ROLE_NAME,
    ORG_ID,
    ORG_IS_DEFAULT,
    MEMBER_ORG,
    MEMBER_USER,
    MEMBER_ROLE,
    SETTINGS_ID,
    SETTINGS_ACCEPTED_TOS,
    SETTINGS_EMAIL,
    SETTINGS_USER,
];

const IS_SUPERADMIN: &str = "EXISTS (SELECT FROM role WHERE role.id = u.role_id AND role.name = 'admin')";

const OWNS_DEFAULT_ORG: &str = "EXISTS (
    SELECT FROM org_member AS member
    JOIN org ON org.id = member.org_id AND org.is_default
    JOIN role ON role.id = member.role_id AND role.name = 'owner'
    WHERE member.user_id = u.id)";

/// Keycloak writes its ids in lower case. A row of `user_settings` may spell the same id in capitals.
const IS_NOT_DISABLED_IN_USER: &str = "NOT EXISTS (
    SELECT FROM \"user\" AS account
    WHERE account.is_disabled AND lower(account.id::text) = lower(btrim(u.keycloak_user_id)))";

/// The users of one step, as parts of a query over `table`.
pub(super) struct Users {
    pub(super) table: &'static str,
    /// Their Keycloak ids; `None` if the column is missing.
    pub(super) id: Option<&'static str>,
    /// Their addresses, likewise.
    pub(super) email: Option<&'static str>,
    pub(super) condition: String,
    /// Ends with a column that no two rows share.
    pub(super) order: String,
}

impl Users {
    /// The users of `step`; `None` if the step does not apply to this database.
    pub(super) fn of(step: AdministratorStep, schema: &Schema) -> Result<Option<Self>, AdministratorError> {
        if step == AdministratorStep::UserSettings {
            return of_user_settings(schema);
        }
        if schema.generation() != Generation::Orgs || !has(schema, &[USER_ID])? {
            return Ok(None);
        }
        let times = Times::read(schema)?;
        let selected = match step {
            AdministratorStep::Superadmin => superadmins(schema, &times, true)?,
            AdministratorStep::SuperadminWithoutLogin => superadmins(schema, &times, false)?,
            AdministratorStep::DefaultOrgOwner => default_org_owners(schema, &times)?,
            _ => times.earliest().map(|earliest| (format!("{earliest} IS NOT NULL"), earliest)),
        };
        let Some((condition, order)) = selected else { return Ok(None) };
        let enabled = if has(schema, &[USER_IS_DISABLED])? { "u.is_disabled IS NOT TRUE" } else { "true" };
        Ok(Some(Self {
            table: "\"user\" AS u",
            id: Some("u.id::text"),
            email: has(schema, &[USER_EMAIL])?.then_some("u.email"),
            condition: format!("{condition} AND {enabled}"),
            order: format!("{order} NULLS LAST, u.id"),
        }))
    }
}

/// A condition, and what orders the users that meet it.
type Selection = (String, String);

/// The times that tell whether and when a user came.
struct Times {
    first_login: Option<&'static str>,
    accepted_tos: Option<&'static str>,
}

impl Times {
    fn read(schema: &Schema) -> Result<Self, AdministratorError> {
        Ok(Self {
            first_login: has(schema, &[USER_FIRST_LOGIN])?.then_some("u.first_login_at"),
            accepted_tos: has(schema, &[USER_ACCEPTED_TOS])?.then_some("u.accepted_tos"),
        })
    }

    /// What is not null for those that have logged in. OHE records logins only since its revision 131.
    fn login(&self) -> Option<&'static str> {
        self.first_login.or(self.accepted_tos)
    }

    fn earliest(&self) -> Option<String> {
        let known: Vec<_> = [self.first_login, self.accepted_tos].into_iter().flatten().collect();
        (!known.is_empty()).then(|| format!("coalesce({})", known.join(", ")))
    }
}

/// Where no time is recorded at all, nobody is known to have logged in.
fn superadmins(schema: &Schema, times: &Times, logged_in: bool) -> Result<Option<Selection>, AdministratorError> {
    if !has(schema, &[USER_ROLE, ROLE_ID, ROLE_NAME])? {
        return Ok(None);
    }
    Ok(match (times.login(), times.earliest()) {
        (Some(login), Some(earliest)) => {
            let null = if logged_in { "IS NOT NULL" } else { "IS NULL" };
            Some((format!("{IS_SUPERADMIN} AND {login} {null}"), earliest))
        }
        _ => (!logged_in).then(|| (IS_SUPERADMIN.to_owned(), "NULL::timestamp".to_owned())),
    })
}

fn default_org_owners(schema: &Schema, times: &Times) -> Result<Option<Selection>, AdministratorError> {
    let columns = [ORG_ID, ORG_IS_DEFAULT, MEMBER_ORG, MEMBER_USER, MEMBER_ROLE, ROLE_ID, ROLE_NAME];
    let Some(accepted) = times.accepted_tos else { return Ok(None) };
    let selection = || (format!("{OWNS_DEFAULT_ORG} AND {accepted} IS NOT NULL"), accepted.to_owned());
    Ok(has(schema, &columns)?.then(selection))
}

fn of_user_settings(schema: &Schema) -> Result<Option<Users>, AdministratorError> {
    if !has(schema, &[SETTINGS_ID, SETTINGS_ACCEPTED_TOS])? {
        return Ok(None);
    }
    let has_user = has(schema, &[SETTINGS_USER])?;
    let may_be_disabled = has_user && has(schema, &[USER_ID, USER_IS_DISABLED])?;
    let enabled = if may_be_disabled { IS_NOT_DISABLED_IN_USER } else { "true" };
    Ok(Some(Users {
        table: "user_settings AS u",
        id: has_user.then_some("u.keycloak_user_id"),
        email: has(schema, &[SETTINGS_EMAIL])?.then_some("u.email"),
        condition: format!("u.accepted_tos IS NOT NULL AND {enabled}"),
        order: "u.accepted_tos, u.id".to_owned(),
    }))
}

/// Whether all of `columns` are there.
fn has(schema: &Schema, columns: &[Column]) -> Result<bool, AdministratorError> {
    if !columns.iter().all(|&column| schema.exists(column)) {
        return Ok(false);
    }
    match columns.iter().find(|&&column| !schema.has(column)) {
        Some(&column) => Err(AdministratorError::MayNotRead(column)),
        None => Ok(true),
    }
}
