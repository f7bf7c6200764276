//! Metrics: their values, their declarations, and the dictionary that all declarations make up.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a metric's values are; one type per key, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricType {
    /// A 64-bit whole number.
    Int,
    /// A finite number with a fraction.
    Float,
    /// True or false.
    Bool,
    /// A short text.
    Text,
}

impl fmt::Display for MetricType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Text => "text",
        })
    }
}

/// One value of a metric: a scalar, as the vendor's portal accepts nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MetricValue {
    /// A 64-bit whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// A short text.
    Text(String),
}

impl MetricValue {
    /// The type of this value.
    pub fn metric_type(&self) -> MetricType {
        match self {
            Self::Int(_) => MetricType::Int,
            Self::Float(_) => MetricType::Float,
            Self::Bool(_) => MetricType::Bool,
            Self::Text(_) => MetricType::Text,
        }
    }
}

impl From<i64> for MetricValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for MetricValue {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<bool> for MetricValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<String> for MetricValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

/// A metric as a collector hands it in: a declared key and a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The declared key.
    pub key: &'static str,
    /// The value, of the declared type.
    pub value: MetricValue,
}

impl Metric {
    /// A metric named `key` with `value`.
    pub fn new(key: &'static str, value: impl Into<MetricValue>) -> Self {
        Self { key, value: value.into() }
    }
}

/// What a collector promises about one metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricDeclaration {
    /// Unique across all collectors, `snake_case`.
    pub key: &'static str,
    /// The type of every value.
    pub metric_type: MetricType,
    /// What one unit of the value is: `users`, `seconds`, `USD`.
    pub unit: &'static str,
    /// One sentence for administrators.
    pub description: &'static str,
    /// Digits after the point that a float keeps. Jitter behind them would look like a change to the vendor's portal.
    pub decimals: u8,
}

impl MetricDeclaration {
    /// A whole number.
    pub const fn int(key: &'static str, unit: &'static str, description: &'static str) -> Self {
        Self { key, metric_type: MetricType::Int, unit, description, decimals: 0 }
    }

    /// A number with a fraction, kept to 6 decimals.
    pub const fn float(key: &'static str, unit: &'static str, description: &'static str) -> Self {
        Self { key, metric_type: MetricType::Float, unit, description, decimals: 6 }
    }

    /// An average, kept to 4 decimals.
    pub const fn average(key: &'static str, unit: &'static str, description: &'static str) -> Self {
        Self { key, metric_type: MetricType::Float, unit, description, decimals: 4 }
    }

    /// Checks a value against this declaration and rounds it.
    ///
    /// # Errors
    /// [`ValueError`] where the type differs or a float is not finite.
    pub fn accept(&self, value: MetricValue) -> Result<MetricValue, ValueError> {
        let found = value.metric_type();
        if found != self.metric_type {
            return Err(ValueError::WrongType { key: self.key, declared: self.metric_type, found });
        }
        match value {
            MetricValue::Float(number) if !number.is_finite() => Err(ValueError::NotFinite { key: self.key }),
            MetricValue::Float(number) => Ok(MetricValue::Float(round(number, self.decimals))),
            other => Ok(other),
        }
    }
}

fn round(number: f64, decimals: u8) -> f64 {
    let scale = 10_f64.powi(i32::from(decimals));
    let scaled = number * scale;
    // Beyond 2^53 a float has no fraction to round, and scaling could overflow to infinity.
    if scaled.abs() >= 9_007_199_254_740_992.0 {
        return number;
    }
    // `+ 0.0` turns -0.0 into 0.0.
    scaled.round() / scale + 0.0
}

/// A value that does not keep its declaration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The type is not the declared one.
    #[error("metric `{key}` is declared as {declared}, but the collector gave {found}")]
    WrongType {
        /// The metric.
        key: &'static str,
        /// As declared.
        declared: MetricType,
        /// As handed in.
        found: MetricType,
    },
    /// Infinity or not-a-number, which JSON cannot carry.
    #[error("metric `{key}` is not a finite number")]
    NotFinite {
        /// The metric.
        key: &'static str,
    },
    /// The collector handed in a key it never declared.
    #[error("metric `{key}` is not declared by this collector; add it to `declarations()`")]
    Undeclared {
        /// The metric.
        key: &'static str,
    },
    /// The collector handed in a key twice.
    #[error("metric `{key}` was given twice by the same collector")]
    Repeated {
        /// The metric.
        key: &'static str,
    },
}

/// A declaration and the collector that owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DictionaryEntry {
    /// The declaration.
    pub declaration: MetricDeclaration,
    /// The name of the collector.
    pub owner: &'static str,
}

/// Every metric there is, by key: the source of the dashboard's texts, the docs page and the checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dictionary(BTreeMap<&'static str, DictionaryEntry>);

impl Dictionary {
    /// Puts the declarations of all collectors together: `(collector, its declarations)`.
    ///
    /// # Errors
    /// [`DictionaryError`] with every fault there is, not the first alone.
    pub fn new<'a>(
        owners: impl IntoIterator<Item = (&'static str, &'a [MetricDeclaration])>,
    ) -> Result<Self, DictionaryError> {
        let mut entries = BTreeMap::<_, DictionaryEntry>::new();
        let mut faults = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        for (owner, declarations) in owners {
            if !is_snake_case(owner) {
                faults.push(format!("collector name `{owner}` is not snake_case"));
            }
            if !names.insert(owner) {
                faults.push(format!("two collectors are named `{owner}`"));
            }
            for &declaration in declarations {
                let key = declaration.key;
                if !is_snake_case(key) {
                    faults.push(format!("metric key `{key}` of collector `{owner}` is not snake_case"));
                }
                if let Some(first) = entries.get(key) {
                    faults.push(format!(
                        "metric key `{key}` is declared by collector `{}` and again by `{owner}`",
                        first.owner
                    ));
                } else {
                    entries.insert(key, DictionaryEntry { declaration, owner });
                }
            }
        }
        if faults.is_empty() { Ok(Self(entries)) } else { Err(DictionaryError { faults }) }
    }

    /// The entry of `key`.
    pub fn find(&self, key: &str) -> Option<&DictionaryEntry> {
        self.0.get(key)
    }

    /// All entries, by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &DictionaryEntry> {
        self.0.values()
    }
}

/// Declarations that contradict each other; the service does not start with them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the metric dictionary is not consistent: {}", faults.join("; "))]
pub struct DictionaryError {
    /// Every fault found, each a sentence.
    pub faults: Vec<String>,
}

fn is_snake_case(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('_')
        && !name.contains("__")
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_must_have_its_declared_type() {
        let users = MetricDeclaration::int("total_users", "users", "All users.");
        assert_eq!(users.accept(MetricValue::Int(7)), Ok(MetricValue::Int(7)));
        let error = users.accept(MetricValue::Float(7.0)).unwrap_err();
        assert_eq!(error.to_string(), "metric `total_users` is declared as int, but the collector gave float");
        let plan = MetricDeclaration { metric_type: MetricType::Text, ..users };
        assert!(plan.accept(MetricValue::from(true)).is_err());
        assert_eq!(plan.accept(MetricValue::from("free".to_owned())), Ok(MetricValue::Text("free".to_owned())));
    }

    #[test]
    fn floats_keep_their_declared_decimals() {
        let cost = MetricDeclaration::float("cost", "USD", "Cost.");
        let mean = MetricDeclaration::average("mean", "USD", "Mean.");
        for (value, six, four) in [
            (1.234_567_89, 1.234_568, 1.2346),
            (-0.000_000_1, 0.0, 0.0),
            (2.0, 2.0, 2.0),
            (1e300, 1e300, 1e300),
            (0.1 + 0.2, 0.3, 0.3),
        ] {
            assert_eq!(cost.accept(MetricValue::Float(value)), Ok(MetricValue::Float(six)));
            assert_eq!(mean.accept(MetricValue::Float(value)), Ok(MetricValue::Float(four)));
        }
        assert_eq!(
            serde_json::to_string(&cost.accept(MetricValue::Float(-0.000_000_1)).unwrap()).unwrap(),
            "0.0",
            "no negative zero"
        );
    }

    #[test]
    fn infinity_and_nan_are_refused() {
        let cost = MetricDeclaration::float("cost", "USD", "Cost.");
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(cost.accept(MetricValue::Float(value)), Err(ValueError::NotFinite { key: "cost" }));
        }
    }

    #[test]
    fn values_survive_json_with_their_type() {
        for value in [
            MetricValue::Int(i64::MAX),
            MetricValue::Float(5.0),
            MetricValue::Bool(false),
            MetricValue::Text("7".to_owned()),
        ] {
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<MetricValue>(&json).unwrap(), value, "{json}");
        }
    }

    #[test]
    fn a_dictionary_names_every_fault_at_once() {
        let a = [MetricDeclaration::int("a", "x", "A."), MetricDeclaration::int("Bad-Key", "x", "B.")];
        let b = [MetricDeclaration::int("a", "x", "A again.")];
        let error = Dictionary::new([("first", &a[..]), ("second", &b[..]), ("second", &[])]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the metric dictionary is not consistent: metric key `Bad-Key` of collector `first` is not snake_case; \
             metric key `a` is declared by collector `first` and again by `second`; two collectors are named `second`"
        );
    }

    #[test]
    fn a_dictionary_finds_by_key_and_knows_the_owner() {
        let a = [MetricDeclaration::int("b", "x", "B."), MetricDeclaration::int("a", "x", "A.")];
        let dictionary = Dictionary::new([("first", &a[..])]).unwrap();
        assert_eq!(dictionary.find("a").unwrap().owner, "first");
        assert!(dictionary.find("c").is_none());
        assert_eq!(dictionary.iter().map(|entry| entry.declaration.key).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn snake_case_is_told_from_other_cases() {
        for good in ["a", "active_users_7d", "v1_starts"] {
            assert!(is_snake_case(good), "{good}");
        }
        for bad in ["", "_a", "a_", "a__b", "A", "7d", "a-b", "ä"] {
            assert!(!is_snake_case(bad), "{bad}");
        }
    }
}
