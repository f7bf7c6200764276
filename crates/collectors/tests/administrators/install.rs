//! OHE's tables, which rows are written into by hand, one case after the other.

use collectors::look_up_administrator;
use domain::administrator::AdministratorStep;
use sample_data::Tables;
use secrecy::ExposeSecret as _;

use crate::ohe::Ohe;

/// Rows need only what a case is about. On generation orgs, `account` and `member` write them: an account has the id
/// `00000000-0000-4000-8000-00000000000a` for the name `a`.
const ROWS_BY_HAND: &str = r"
DO $$ DECLARE it record; BEGIN
    FOR it IN SELECT attrelid::regclass AS relation, attname AS name FROM pg_attribute
              JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r'
              WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND attnotnull
                    AND attname NOT IN ('id', 'org_id', 'user_id', 'conversation_id', 'version_num')
    LOOP EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', it.relation, it.name); END LOOP;
END $$;";

const ORGS_BY_HAND: &str = r#"
CREATE FUNCTION account(name text, email text, role text DEFAULT NULL, login timestamp DEFAULT NULL, tos timestamp DEFAULT NULL)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO "user" (id, email, role_id, first_login_at, accepted_tos)
    VALUES (('00000000-0000-4000-8000-00000000000' || $1)::uuid, $2, (SELECT id FROM role WHERE role.name = $3), $4, $5)
$$;
CREATE FUNCTION member(account text, role text, of_default boolean DEFAULT true) RETURNS void LANGUAGE sql AS $$
    INSERT INTO org (id, name, is_default)
    VALUES (('00000000-0000-4000-8000-1000000000' || CASE WHEN $3 THEN '00' ELSE '0' || $1 END)::uuid, $1, $3)
    ON CONFLICT DO NOTHING;
    INSERT INTO org_member (org_id, user_id, role_id)
    SELECT org.id, ('00000000-0000-4000-8000-00000000000' || $1)::uuid, role.id FROM org, role
    WHERE org.is_default = $3 AND ($3 OR org.name = $1) AND role.name = $2
$$;"#;

/// Rows, and who the administrator is then.
pub(crate) struct Case {
    pub(crate) rule: &'static str,
    pub(crate) rows: &'static str,
    /// The step, and the name before `@acme.example`.
    pub(crate) found: Option<(AdministratorStep, &'static str)>,
    /// The account that Keycloak may be asked for: its name, or its whole id.
    pub(crate) first: Option<&'static str>,
}

/// Tables without rows. `changes` makes them those of another release.
pub(crate) async fn install(tables: Tables, changes: &str) -> Ohe {
    let ohe = Ohe::without_tables().await;
    sample_data::create_tables(ohe.owner(), tables).await.unwrap();
    ohe.run(ROWS_BY_HAND).await;
    if tables != Tables::Settings {
        ohe.run(ORGS_BY_HAND).await;
    }
    ohe.run(changes).await;
    ohe
}

impl Case {
    /// Writes the rows, looks, and takes them away again.
    pub(crate) async fn check(&self, ohe: &Ohe) {
        ohe.run(self.rows).await;
        let lookup = look_up_administrator(&ohe.pool).await.unwrap();
        assert!(!format!("{lookup:?}").contains("acme"), "an address is never printed");
        let found = lookup.found.as_ref().map(|(step, email)| (*step, email.expose_secret()));
        let expected = self.found.map(|(step, name)| (step, format!("{name}@acme.example")));
        assert_eq!(found, expected.as_ref().map(|(step, email)| (*step, email.as_str())), "{}", self.rule);
        let id_of = |name: &str| match name {
            "a" | "b" | "c" | "d" | "e" | "f" => format!("00000000-0000-4000-8000-00000000000{name}"),
            whole => whole.to_owned(),
        };
        let first = self.first.map(id_of);
        assert_eq!(lookup.first_user_id, first, "{}", self.rule);
        ohe.run(
            "DO $$ DECLARE name text; BEGIN
                 FOREACH name IN ARRAY ARRAY['user', 'org', 'org_member', 'user_settings'] LOOP
                     IF to_regclass(quote_ident(name)) IS NOT NULL THEN
                         EXECUTE format('TRUNCATE %I RESTART IDENTITY CASCADE', name);
                     END IF;
                 END LOOP;
             END $$",
        )
        .await;
    }
}
