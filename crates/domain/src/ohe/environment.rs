//! Is this OpenHands Enterprise? Decided from OHE's own variables.

use serde_json::Value;

/// OHE's own variables, as they are in the environment. A variable that is missing and one that is empty or blank mean the
/// same; case and surrounding white space do not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OheEnvironment<'a> {
    /// `OH_DEPLOYMENT_MODE`: `self_hosted` or `cloud`.
    pub deployment_mode: Option<&'a str>,
    /// `OH_APP_MODE`: `saas` on every install of OHE.
    pub app_mode: Option<&'a str>,
    /// `KEYCLOAK_SERVER_URL`.
    pub keycloak_server_url: Option<&'a str>,
    /// `KEYCLOAK_REALM_NAME`.
    pub keycloak_realm_name: Option<&'a str>,
    /// `GITHUB_APP_CLIENT_ID`.
    pub github_client_id: Option<&'a str>,
    /// `GITLAB_APP_CLIENT_ID`.
    pub gitlab_client_id: Option<&'a str>,
    /// `BITBUCKET_APP_CLIENT_ID`.
    pub bitbucket_client_id: Option<&'a str>,
    /// `BITBUCKET_DATA_CENTER_CLIENT_ID`.
    pub bitbucket_data_center_client_id: Option<&'a str>,
    /// `AZURE_DEVOPS_CLIENT_ID`.
    pub azure_devops_client_id: Option<&'a str>,
    /// `ENABLE_ENTERPRISE_SSO`: `true` or anything else.
    pub enterprise_sso: Option<&'a str>,
    /// `OH_WEB_CLIENT_PROVIDERS_CONFIGURED`: a JSON list of the providers that a user can sign in with. Anything that is not
    /// a JSON list counts as not configured, since the variable is OHE's and not ours to complain about.
    pub providers_configured: Option<&'a str>,
}

impl OheEnvironment<'_> {
    /// Is this OpenHands Enterprise, so that a license applies?
    ///
    /// OHE's chart always sets `OH_DEPLOYMENT_MODE` to `self_hosted` and `OH_APP_MODE` to `saas`. An older install sets
    /// neither and is recognised by its Keycloak and a way to sign in, unless it says that it is the vendor's own cloud.
    pub fn is_ohe(&self) -> bool {
        let says_so = is_word(self.deployment_mode, "self_hosted") && is_word(self.app_mode, "saas");
        says_so || (!is_word(self.deployment_mode, "cloud") && self.has_keycloak() && self.has_provider())
    }

    fn has_keycloak(&self) -> bool {
        is_set(self.keycloak_server_url) && is_set(self.keycloak_realm_name)
    }

    /// Is there a way to sign in: a git provider, single sign-on, or a provider that OHE's web client offers?
    fn has_provider(&self) -> bool {
        let client_ids = [
            self.github_client_id,
            self.gitlab_client_id,
            self.bitbucket_client_id,
            self.bitbucket_data_center_client_id,
            self.azure_devops_client_id,
        ];
        client_ids.into_iter().any(is_set)
            || is_word(self.enterprise_sso, "true")
            || is_filled_list(self.providers_configured)
    }
}

fn is_set(value: Option<&str>) -> bool {
    value.is_some_and(|value| !value.trim().is_empty())
}

fn is_word(value: Option<&str>, word: &str) -> bool {
    value.is_some_and(|value| value.trim().eq_ignore_ascii_case(word))
}

fn is_filled_list(value: Option<&str>) -> bool {
    let list = value.and_then(|value| serde_json::from_str::<Vec<Value>>(value).ok());
    list.is_some_and(|list| !list.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: OheEnvironment<'_> = OheEnvironment {
        deployment_mode: None,
        app_mode: None,
        keycloak_server_url: None,
        keycloak_realm_name: None,
        github_client_id: None,
        gitlab_client_id: None,
        bitbucket_client_id: None,
        bitbucket_data_center_client_id: None,
        azure_devops_client_id: None,
        enterprise_sso: None,
        providers_configured: None,
    };
    const KEYCLOAK: OheEnvironment<'_> = OheEnvironment {
        keycloak_server_url: Some("https://auth.example"),
        keycloak_realm_name: Some("allhands"),
        ..NOTHING
    };
    const COMPLETE: OheEnvironment<'_> = OheEnvironment { github_client_id: Some("Iv1.x"), ..KEYCLOAK };

    fn modes<'a>(deployment: &'a str, app: &'a str) -> OheEnvironment<'a> {
        OheEnvironment { deployment_mode: Some(deployment), app_mode: Some(app), ..NOTHING }
    }

    #[test]
    fn the_modes_that_ohes_chart_sets_suffice() {
        for (environment, expected) in [
            (NOTHING, false),
            (modes("self_hosted", "saas"), true),
            (modes(" Self_Hosted\n", "SAAS "), true),
            (modes("self-hosted", "saas"), false),
            (modes("self_hosted", "oss"), false),
            (modes("self_hosted", ""), false),
            (modes("cloud", "saas"), false),
            (modes("", "saas"), false),
            (OheEnvironment { deployment_mode: Some("self_hosted"), ..NOTHING }, false),
            (OheEnvironment { app_mode: Some("saas"), ..NOTHING }, false),
        ] {
            assert_eq!(environment.is_ohe(), expected, "{environment:?}");
        }
    }

    #[test]
    fn keycloak_and_one_provider_suffice_unless_it_is_the_cloud() {
        let provided = |set: fn(&mut OheEnvironment<'static>)| {
            let mut environment = KEYCLOAK;
            set(&mut environment);
            environment
        };
        for (environment, expected) in [
            (KEYCLOAK, false),
            (COMPLETE, true),
            (provided(|it| it.gitlab_client_id = Some("x")), true),
            (provided(|it| it.bitbucket_client_id = Some("x")), true),
            (provided(|it| it.bitbucket_data_center_client_id = Some("x")), true),
            (provided(|it| it.azure_devops_client_id = Some("x")), true),
            (provided(|it| it.azure_devops_client_id = Some(" \t")), false),
            (provided(|it| it.github_client_id = Some("")), false),
            (provided(|it| it.enterprise_sso = Some("true")), true),
            (provided(|it| it.enterprise_sso = Some(" TRUE ")), true),
            (provided(|it| it.enterprise_sso = Some("false")), false),
            (provided(|it| it.enterprise_sso = Some("1")), false),
            (OheEnvironment { keycloak_server_url: None, ..COMPLETE }, false),
            (OheEnvironment { keycloak_realm_name: None, ..COMPLETE }, false),
            (OheEnvironment { keycloak_realm_name: Some("  "), ..COMPLETE }, false),
            (OheEnvironment { deployment_mode: Some("cloud"), ..COMPLETE }, false),
            (OheEnvironment { deployment_mode: Some(" Cloud "), ..COMPLETE }, false),
            (OheEnvironment { deployment_mode: Some("self_hosted"), ..COMPLETE }, true),
            (OheEnvironment { deployment_mode: Some("else"), app_mode: Some("oss"), ..COMPLETE }, true),
            (OheEnvironment { github_client_id: Some("x"), ..NOTHING }, false),
        ] {
            assert_eq!(environment.is_ohe(), expected, "{environment:?}");
        }
    }

    #[test]
    fn providers_are_a_json_list_with_something_in_it() {
        for (providers, expected) in [
            (r#"["github"]"#, true),
            (r#" [ "github", "gitlab" ] "#, true),
            ("[]", false),
            ("", false),
            ("github", false),
            (r#"["github""#, false),
            (r#"{"github": true}"#, false),
            (r#""github""#, false),
            ("null", false),
        ] {
            let environment = OheEnvironment { providers_configured: Some(providers), ..KEYCLOAK };
            assert_eq!(environment.is_ohe(), expected, "{providers}");
        }
    }
}
