//! Reads variables one by one and remembers every fault and where every value came from.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::str::FromStr;

use secrecy::SecretString;
use serde::Serialize;

/// The environment to read from: the process's own, or a test's.
pub(crate) type Environment = BTreeMap<String, String>;

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The variable itself.
    Environment,
    /// The file that `NAME_FILE` names.
    File,
    /// Nothing was set; this is the default.
    Default,
    /// Nothing was set, and there is no default.
    Unset,
}

/// One variable as it is in force; a secret's value is never here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The variable's name.
    pub name: &'static str,
    /// Its value; `***` for a secret that is set; `None` if nothing is.
    pub value: Option<String>,
    /// Where the value came from.
    pub source: Source,
}

/// Every variable that is bad, with what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not usable:\n{}", faults.iter().map(|fault| format!("  - {fault}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError {
    /// One sentence for each bad variable.
    pub faults: Vec<String>,
}

/// A reader over an environment.
pub(crate) struct Variables<'a> {
    environment: &'a Environment,
    faults: Vec<String>,
    settings: Vec<Setting>,
}

impl<'a> Variables<'a> {
    pub(crate) fn new(environment: &'a Environment) -> Self {
        Self { environment, faults: Vec::new(), settings: Vec::new() }
    }

    /// A value that is set and not empty: an empty variable is how charts say "unset".
    pub(super) fn find(&self, name: &str) -> Option<&'a str> {
        self.environment.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A text of which only the presence matters, so that only the presence is shown among the settings.
    pub(crate) fn presence(&mut self, name: &'static str) -> Option<&'a str> {
        let found = self.find(name);
        let (value, source) = if found.is_some() { (Some("set"), Source::Environment) } else { (None, Source::Unset) };
        self.note(name, value, source);
        found
    }

    /// A text, if set.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        let found = self.find(name);
        self.note(name, found, if found.is_some() { Source::Environment } else { Source::Unset });
        found.map(ToOwned::to_owned)
    }

    /// A text with a default.
    pub(crate) fn text_or(&mut self, name: &'static str, default: &str) -> String {
        let found = self.find(name);
        self.note(
            name,
            Some(found.unwrap_or(default)),
            if found.is_some() { Source::Environment } else { Source::Default },
        );
        found.unwrap_or(default).to_owned()
    }

    /// A parsed value with a default; `expected` completes "expected …".
    pub(crate) fn parsed_or<T>(&mut self, name: &'static str, default: T, expected: &str) -> T
    where
        T: FromStr + Display,
    {
        self.checked_or(name, default, expected, |_| true)
    }

    /// As [`Self::parsed_or`], with a condition on the value.
    pub(crate) fn checked_or<T>(
        &mut self,
        name: &'static str,
        default: T,
        expected: &str,
        holds: impl Fn(&T) -> bool,
    ) -> T
    where
        T: FromStr + Display,
    {
        let Some(text) = self.find(name) else {
            self.note(name, Some(&default.to_string()), Source::Default);
            return default;
        };
        self.note(name, Some(text), Source::Environment);
        match text.parse::<T>() {
            Ok(value) if holds(&value) => value,
            _ => {
                self.fault(name, &format!("is `{text}`; expected {expected}"));
                default
            }
        }
    }

    /// A secret, from `NAME` or from the file that `NAME_FILE` names.
    pub(crate) fn secret(&mut self, name: &'static str) -> Option<SecretString> {
        let file_name = format!("{name}_FILE");
        let (value, source) = match (self.find(name), self.find(&file_name)) {
            (Some(_), Some(_)) => {
                self.fault(name, &format!("and {file_name} are both set; set one of them"));
                return None;
            }
            (Some(value), None) => (Some(value.to_owned()), Source::Environment),
            (None, Some(path)) => (self.read_secret_file(&file_name, path), Source::File),
            (None, None) => (None, Source::Unset),
        };
        self.note(name, value.as_ref().map(|_| "***"), source);
        value.map(SecretString::from)
    }

    fn read_secret_file(&mut self, file_name: &str, path: &str) -> Option<String> {
        match fs::read_to_string(path) {
            // Editors and `kubectl create secret --from-file` leave a newline behind.
            Ok(content) if !content.trim().is_empty() => Some(content.trim_end_matches(['\r', '\n']).to_owned()),
            Ok(_) => {
                self.fault(
                    file_name,
                    &format!("names `{path}`, which is empty; expected a file that holds the secret"),
                );
                None
            }
            Err(error) => {
                self.fault(
                    file_name,
                    &format!("names `{path}`, which cannot be read ({error}); expected a file that holds the secret"),
                );
                None
            }
        }
    }

    /// Records a fault of `name`; `what` completes the sentence and never holds a secret.
    pub(crate) fn fault(&mut self, name: &str, what: &str) {
        self.faults.push(format!("{name} {what}"));
    }

    fn note(&mut self, name: &'static str, value: Option<&str>, source: Source) {
        self.settings.push(Setting { name, value: value.map(ToOwned::to_owned), source });
    }

    /// All settings read, or all faults found.
    pub(crate) fn finish(mut self) -> Result<Vec<Setting>, ConfigError> {
        if !self.faults.is_empty() {
            return Err(ConfigError { faults: self.faults });
        }
        self.settings.sort_by_key(|setting| setting.name);
        self.settings.dedup_by_key(|setting| setting.name);
        Ok(self.settings)
    }
}
