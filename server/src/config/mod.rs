//! The configuration: the only place that reads the environment. One section per file.

mod database;
mod ohe;
mod outbound;
mod schedule;
mod variables;
mod vendor;
mod web;

use std::env;

use ::outbound::Outbound;
use sqlx::postgres::PgConnectOptions;
use tracing_subscriber::EnvFilter;

pub use ohe::{KeycloakConfig, OheConfig};
pub use schedule::ScheduleConfig;
pub use variables::{ConfigError, Setting, Source};
pub use vendor::VendorConfig;
pub use web::WebConfig;

use variables::{Environment, Variables};

/// Everything that can be configured, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where OHE's database is; `None` if nothing names one.
    pub database: Option<PgConnectOptions>,
    /// The install.
    pub ohe: OheConfig,
    /// The vendor.
    pub vendor: VendorConfig,
    /// How calls leave this process. The database's certificates are in its own options already.
    pub outbound: Outbound,
    /// When things happen.
    pub schedule: ScheduleConfig,
    /// The web server.
    pub web: WebConfig,
    /// Every variable with its source, secrets masked.
    pub settings: Vec<Setting>,
}

impl Config {
    /// Reads the environment of this process.
    ///
    /// # Errors
    /// [`ConfigError`] with every bad variable and what was expected of it.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_process() -> Result<Self, ConfigError> {
        let mut not_unicode = Vec::new();
        let environment = env::vars_os()
            .filter_map(|(name, value)| {
                let name = name.into_string().ok()?;
                let value = value.into_string().map_err(|_| not_unicode.push(name.clone())).ok()?;
                Some((name, value))
            })
            .collect();
        let read = Self::read(&environment);
        // A variable that is none of ours may hold any bytes.
        let known = |name: &String| KNOWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        let faults =
            not_unicode.into_iter().filter(known).map(|name| format!("{name} is not valid UTF-8")).collect::<Vec<_>>();
        match read {
            Err(mut error) => {
                error.faults.extend(faults);
                Err(error)
            }
            Ok(_) if !faults.is_empty() => Err(ConfigError { faults }),
            Ok(config) => Ok(config),
        }
    }

    /// `TELEMETRY_LOG`: what is logged. Read before everything else, so that a bad configuration can be logged too.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn log_filter() -> Option<String> {
        env::var("TELEMETRY_LOG").ok().filter(|filter| !filter.trim().is_empty())
    }

    /// Reads a given environment.
    ///
    /// # Errors
    /// [`ConfigError`] with every bad variable and what was expected of it.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let mut variables = Variables::new(environment);
        let outbound = outbound::read(&mut variables);
        let database = database::read(&mut variables, &outbound.roots);
        let ohe = ohe::read(&mut variables);
        let vendor = vendor::read(&mut variables);
        let schedule = schedule::read(&mut variables);
        let web = web::read(&mut variables);
        check_log_filter(&mut variables);
        let settings = variables.finish()?;
        // A section is absent only where a fault was recorded, and then `finish` has returned it.
        let schedule =
            schedule.ok_or_else(|| ConfigError { faults: vec!["the schedule could not be read".to_owned()] })?;
        Ok(Self { database, ohe, vendor, outbound, schedule, web, settings })
    }

    /// The database, which most commands cannot do without.
    ///
    /// # Errors
    /// [`ConfigError`] that says how to name one.
    pub fn database(&self) -> Result<&PgConnectOptions, ConfigError> {
        self.database.as_ref().ok_or_else(|| ConfigError {
            faults: vec![
                "DATABASE_URL is not set; expected postgres://user:password@host:5432/database, \
                 or OHE's own DB_HOST, DB_PORT, DB_USER, DB_PASS and DB_NAME"
                    .to_owned(),
            ],
        })
    }
}

/// What is logged is known before the rest is read; here a filter that is none is told with all other faults.
fn check_log_filter(variables: &mut Variables<'_>) {
    let Some(filter) = variables.text("TELEMETRY_LOG") else { return };
    if EnvFilter::try_new(&filter).is_err() {
        variables.fault("TELEMETRY_LOG", &format!("is `{filter}`; expected a level or a list such as info,sqlx=debug"));
    }
}

const KNOWN_PREFIXES: [&str; 20] = [
    "DATABASE_URL",
    "DB_",
    "TELEMETRY_",
    "REPLICATED_",
    "OPENHANDS_ADMIN_EMAIL",
    "KEYCLOAK_",
    "GITHUB_APP_CLIENT_ID",
    "GITLAB_APP_CLIENT_ID",
    "BITBUCKET_APP_CLIENT_ID",
    "BITBUCKET_DATA_CENTER_CLIENT_ID",
    "AZURE_DEVOPS_CLIENT_ID",
    "ENABLE_ENTERPRISE_SSO",
    "OH_WEB_CLIENT_PROVIDERS_CONFIGURED",
    "OH_DEPLOYMENT_MODE",
    "OH_APP_MODE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(&pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn nothing_is_needed_but_a_database() {
        let config = read(&[]).unwrap();
        assert!(config.database().unwrap_err().to_string().contains("DATABASE_URL is not set"));
        assert!(!config.ohe.is_ohe);
        assert_eq!(config.vendor.base_url.as_str(), "https://replicated.app/");
        assert_eq!(config.vendor.app_slug, "openhands-enterprise");
        assert_eq!(config.web.bind.to_string(), "127.0.0.1:3000");
        assert_eq!((config.schedule.interval_days, config.schedule.threshold_days), (7, 4));
    }

    #[test]
    fn every_bad_variable_is_named_at_once_and_no_secret_is_shown() {
        let faults = read(&[
            ("DATABASE_URL", "mysql://u:geheim@h/d"),
            ("DB_PORT", "none"),
            ("REPLICATED_BASE_URL", "ftp://x"),
            ("REPLICATED_APP_SLUG", "Ä b"),
            ("HTTPS_PROXY", "://geheim"),
            ("SSL_CERT_FILE", "/does/not/exist"),
            ("OPENHANDS_ADMIN_EMAIL", "geheim"),
            ("KEYCLOAK_SERVER_URL", "auth"),
            ("TELEMETRY_COLLECTION_SCHEDULE", "daily"),
            ("TELEMETRY_UPLOAD_SCHEDULE", "* *"),
            ("TELEMETRY_COLLECTION_INTERVAL_DAYS", "0"),
            ("TELEMETRY_WARNING_THRESHOLD_DAYS", "four"),
            ("TELEMETRY_COLLECTOR_TIMEOUT_SECONDS", "-1"),
            ("TELEMETRY_BIND", "localhost"),
            ("TELEMETRY_CORS_ORIGINS", "https://ok.example, https://x.example/path,*"),
        ])
        .unwrap_err();
        let text = faults.to_string();
        assert_eq!(faults.faults.len(), 16, "{text}");
        for name in [
            "DATABASE_URL",
            "DB_PORT",
            "REPLICATED_BASE_URL",
            "REPLICATED_APP_SLUG",
            "HTTPS_PROXY",
            "SSL_CERT_FILE",
            "OPENHANDS_ADMIN_EMAIL",
            "KEYCLOAK_SERVER_URL",
            "TELEMETRY_COLLECTION_SCHEDULE",
            "TELEMETRY_UPLOAD_SCHEDULE",
            "TELEMETRY_COLLECTION_INTERVAL_DAYS",
            "TELEMETRY_WARNING_THRESHOLD_DAYS",
            "TELEMETRY_COLLECTOR_TIMEOUT_SECONDS",
            "TELEMETRY_BIND",
            "TELEMETRY_CORS_ORIGINS",
        ] {
            assert!(text.contains(name), "{name} is not in {text}");
        }
        assert!(!text.contains("geheim"), "{text}");
    }

    #[test]
    fn each_variable_that_tells_ohe_is_read() {
        let keycloak = [("KEYCLOAK_SERVER_URL", "https://auth.example/"), ("KEYCLOAK_REALM_NAME", "ohe")];
        for provider in [
            ("GITHUB_APP_CLIENT_ID", "x"),
            ("GITLAB_APP_CLIENT_ID", "x"),
            ("BITBUCKET_APP_CLIENT_ID", "x"),
            ("BITBUCKET_DATA_CENTER_CLIENT_ID", "x"),
            ("AZURE_DEVOPS_CLIENT_ID", "x"),
            ("ENABLE_ENTERPRISE_SSO", "True"),
            ("OH_WEB_CLIENT_PROVIDERS_CONFIGURED", r#"["github"]"#),
        ] {
            let is_ohe = |pairs: &[(&str, &str)]| read(pairs).unwrap().ohe.is_ohe;
            assert!(is_ohe(&[keycloak[0], keycloak[1], provider]), "{provider:?}");
            assert!(!is_ohe(&[keycloak[0], keycloak[1], (provider.0, "")]), "{} is empty", provider.0);
            assert!(!is_ohe(&[keycloak[0], provider]), "no realm");
            assert!(!is_ohe(&[keycloak[1], provider]), "no server");
            assert!(!is_ohe(&[keycloak[0], keycloak[1], provider, ("OH_DEPLOYMENT_MODE", "cloud")]), "the cloud");
            let settings = read(&[provider]).unwrap().settings;
            let setting = settings.iter().find(|setting| setting.name == provider.0).unwrap();
            assert_eq!(setting.source, Source::Environment, "{provider:?}");
        }
        assert!(!read(&keycloak).unwrap().ohe.is_ohe, "no provider");
        assert!(read(&[("OH_DEPLOYMENT_MODE", "self_hosted"), ("OH_APP_MODE", "saas")]).unwrap().ohe.is_ohe);
    }

    #[test]
    fn a_list_of_providers_that_is_no_json_is_ohes_own_affair() {
        let keycloak = [("KEYCLOAK_SERVER_URL", "https://auth.example/"), ("KEYCLOAK_REALM_NAME", "ohe")];
        let config = read(&[keycloak[0], keycloak[1], ("OH_WEB_CLIENT_PROVIDERS_CONFIGURED", "[github")]).unwrap();
        assert!(!config.ohe.is_ohe);
    }

    #[test]
    fn the_security_of_the_connection_is_told_in_libpqs_words() {
        let mode = |pairs: &[(&str, &str)]| {
            let config = read(pairs).unwrap();
            format!("{:?}", config.database().unwrap().get_ssl_mode())
        };
        for (word, expected) in [
            ("disable", "Disable"),
            ("allow", "Prefer"),
            ("prefer", "Prefer"),
            ("require", "Require"),
            ("verify-ca", "VerifyCa"),
            ("verify-full", "VerifyFull"),
            (" VERIFY-FULL ", "VerifyFull"),
        ] {
            assert_eq!(mode(&[("DB_HOST", "db"), ("DB_SSL_MODE", word)]), expected, "{word}");
        }
        let url = ("DATABASE_URL", "postgres://u:p@host/d?sslmode=verify-ca");
        assert_eq!(mode(&[url, ("DB_SSL_MODE", "disable")]), "VerifyCa", "the URL wins");
        let error = read(&[("DB_HOST", "db"), ("DB_SSL_MODE", "on"), ("DB_PORT", "none")]).unwrap_err();
        assert_eq!(error.faults.len(), 2, "{error}");
        assert!(
            error
                .to_string()
                .contains("- DB_SSL_MODE is `on`; expected disable, allow, prefer, require, verify-ca or verify-full"),
            "{error}"
        );
    }

    #[test]
    fn ohes_own_database_variables_serve_where_there_is_no_url() {
        let config = read(&[("DB_HOST", "db"), ("DB_PASS", " p@ss/word "), ("DB_PORT", "6543")]).unwrap();
        let options = config.database().unwrap();
        assert_eq!((options.get_host(), options.get_port(), options.get_username()), ("db", 6543, "postgres"));
        assert_eq!(options.get_database(), Some("openhands"));
        let url = read(&[("DATABASE_URL", "postgresql+asyncpg://me:x@host/other"), ("DB_HOST", "db")]).unwrap();
        assert_eq!(url.database().unwrap().get_host(), "host", "the URL wins");
        let cloud_sql = read(&[("GCP_DB_INSTANCE", "i")]).unwrap_err();
        assert!(cloud_sql.to_string().contains("Cloud SQL"), "{cloud_sql}");
    }

    #[test]
    fn a_secret_may_come_from_a_file() {
        let file = env::temp_dir().join(format!("ohe-telemetry-secret-{}", std::process::id()));
        std::fs::write(&file, "pk_from_file\n").unwrap();
        let path = file.to_str().unwrap();
        let config = read(&[("REPLICATED_PUBLISHABLE_KEY_FILE", path)]).unwrap();
        assert_eq!(config.vendor.publishable_key.as_ref().unwrap().expose_secret(), "pk_from_file");
        let both = read(&[("REPLICATED_PUBLISHABLE_KEY", "a"), ("REPLICATED_PUBLISHABLE_KEY_FILE", path)]).unwrap_err();
        assert!(both.to_string().contains("are both set"), "{both}");
        std::fs::write(&file, "\n").unwrap();
        let empty = read(&[("REPLICATED_PUBLISHABLE_KEY_FILE", path)]).unwrap_err();
        assert!(empty.to_string().contains("is empty"), "{empty}");
        std::fs::remove_file(&file).unwrap();
        let missing = read(&[("REPLICATED_PUBLISHABLE_KEY_FILE", path)]).unwrap_err();
        assert!(missing.to_string().contains("cannot be read"), "{missing}");
    }

    #[test]
    fn a_damaged_certificate_is_told_with_all_other_faults() {
        let file = env::temp_dir().join(format!("ohe-telemetry-certificate-{}", std::process::id()));
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        let path = file.to_str().unwrap();
        let error = read(&[("SSL_CERT_FILE", path), ("TELEMETRY_BIND", "here")]).unwrap_err().to_string();
        std::fs::remove_file(&file).unwrap();
        assert!(
            error.contains(&format!("- SSL_CERT_FILE names `{path}`")) && error.contains("- TELEMETRY_BIND"),
            "{error}"
        );
    }

    #[test]
    fn settings_say_where_each_value_came_from_and_mask_secrets() {
        let config =
            read(&[("REPLICATED_PUBLISHABLE_KEY", "pk_geheim"), ("TELEMETRY_BIND", "[::]:80"), ("NO_PROXY", "a")])
                .unwrap();
        let find = |name| config.settings.iter().find(|setting| setting.name == name).unwrap();
        assert_eq!(find("REPLICATED_PUBLISHABLE_KEY").value.as_deref(), Some("***"));
        assert_eq!(
            (find("TELEMETRY_BIND").value.as_deref(), find("TELEMETRY_BIND").source),
            (Some("[::]:80"), Source::Environment)
        );
        assert_eq!(find("REPLICATED_APP_SLUG").source, Source::Default);
        assert_eq!((find("DATABASE_URL").value.as_ref(), find("DATABASE_URL").source), (None, Source::Unset));
        assert!(!format!("{config:?}").contains("geheim"));
    }

    #[test]
    fn installs_act_on_a_slot_within_ten_minutes_each_at_its_own_time() {
        let config = read(&[]).unwrap().schedule;
        assert_eq!(config.schedule(754).spread, chrono::TimeDelta::seconds(154));
        assert_eq!(config.schedule(754).spread, config.schedule(754).spread);
        assert_ne!(config.schedule(754).spread, config.schedule(755).spread);
        let own = read(&[("TELEMETRY_UPLOAD_SCHEDULE", "5 4 * * *")]).unwrap().schedule;
        assert_eq!(
            own.schedule(754).spread,
            chrono::TimeDelta::seconds(154),
            "whether or not the schedule is the default"
        );
    }
}
