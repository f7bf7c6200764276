//! The failures to play, and when. Pure.

use serde::{Deserialize, Serialize};

/// One of the vendor's endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `POST /v3/customer`
    Customer,
    /// `POST /v3/instance`
    Instance,
    /// `POST /application/custom-metrics`
    Metrics,
    /// `POST /kots_metrics/license_instance/info`
    CheckIn,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Instance, Self::Metrics, Self::CheckIn];

    /// The endpoint's word in JSON and forms.
    pub fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Instance => "instance",
            Self::Metrics => "metrics",
            Self::CheckIn => "check_in",
        }
    }

    /// The endpoint's path.
    pub fn path(self) -> &'static str {
        match self {
            Self::Customer => crate::wire::CUSTOMER,
            Self::Instance => crate::wire::INSTANCE,
            Self::Metrics => crate::wire::METRICS,
            Self::CheckIn => crate::wire::INFO,
        }
    }
}

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Answers with a status instead of doing what was asked. A 3xx carries a `Location`.
    Status {
        /// 200 to 599.
        status: u16,
        /// The vendor's words about it.
        #[serde(default)]
        message: Option<String>,
        /// When to come back.
        #[serde(default)]
        retry_after: Option<RetryAfter>,
    },
    /// Answers 200 with a web page, as a captive portal does.
    Html,
    /// Answers 200 with bytes that are not UTF-8.
    InvalidUtf8,
    /// Answers 200 with 8 MiB.
    HugeBody,
    /// Does what was asked, then closes the connection half-way through the reply.
    Truncated,
    /// Does what was asked, then resets the connection half-way through the reply.
    ResetInBody,
    /// Resets the connection without an answer.
    Reset,
    /// Closes the connection without an answer.
    Close,
    /// Does what was asked, and answers after a wait.
    SlowHead {
        /// The wait.
        milliseconds: u64,
    },
    /// Does what was asked, and answers one byte at a time.
    SlowBody {
        /// The wait before each byte.
        milliseconds: u64,
    },
    /// Takes the request and never answers.
    Hang,
    /// Revokes the service token of the request for good; only a new registration gives another.
    RevokedToken,
    /// Registers the customer as asked, and answers without an instance, which then has to be asked for. Changes nothing
    /// about other requests.
    NoInstance,
}

impl Fault {
    /// Whether the request takes effect although its sender cannot tell, or cannot tell yet.
    pub fn takes_effect(&self) -> bool {
        matches!(self, Self::Truncated | Self::ResetInBody | Self::SlowHead { .. } | Self::SlowBody { .. })
    }
}

/// The two forms of `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// So many seconds.
    Seconds(u64),
    /// An HTTP date so many seconds from the simulator's now.
    DateInSeconds(u32),
}

/// How long a failure lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Until the script is healed.
    #[default]
    UntilHealed,
    /// For the next so many requests.
    Requests(u64),
    /// Over and over: so many requests fail, then so many pass.
    Flapping {
        /// Requests that fail.
        fail: u64,
        /// Requests that pass.
        pass: u64,
    },
}

/// One failure: what, where and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What goes wrong.
    pub fault: Fault,
    /// The only endpoint that is struck; all of them where absent.
    #[serde(default)]
    pub endpoint: Option<Endpoint>,
    /// How long it lasts.
    #[serde(default)]
    pub when: When,
}

impl From<Fault> for Rule {
    /// Every endpoint, until healed.
    fn from(fault: Fault) -> Self {
        Self { fault, endpoint: None, when: When::UntilHealed }
    }
}

/// A rule in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArmedRule {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// How many requests it was asked about.
    pub consulted: u64,
}

impl ArmedRule {
    /// Whether it will never strike again.
    pub fn is_spent(&self) -> bool {
        matches!(self.rule.when, When::Requests(requests) if self.consulted >= requests)
    }

    fn strikes(&mut self) -> bool {
        let number = self.consulted;
        self.consulted = number.saturating_add(1);
        match self.rule.when {
            When::UntilHealed => true,
            When::Requests(requests) => number < requests,
            When::Flapping { fail, pass } => number % fail.saturating_add(pass).max(1) < fail,
        }
    }
}

/// The rules in force, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Script(Vec<ArmedRule>);

impl Script {
    pub(super) fn add(&mut self, rule: Rule) {
        self.0.push(ArmedRule { rule, consulted: 0 });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn rules(&self) -> &[ArmedRule] {
        &self.0
    }

    /// What happens to the next request to `endpoint`: the first rule that strikes.
    pub(super) fn next(&mut self, endpoint: Endpoint) -> Option<Fault> {
        self.0
            .iter_mut()
            .filter(|armed| armed.rule.endpoint.is_none_or(|only| only == endpoint))
            .find_map(|armed| armed.strikes().then(|| armed.rule.fault.clone()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn played(rules: Vec<Rule>, requests: &[Endpoint]) -> String {
        let mut script = Script::default();
        for rule in rules {
            script.add(rule);
        }
        let letter = |fault| match fault {
            Some(Fault::Hang) => 'h',
            Some(Fault::Reset) => 'r',
            _ => '.',
        };
        requests.iter().map(|endpoint| letter(script.next(*endpoint))).collect()
    }

    #[test]
    fn rules_strike_when_they_say_and_the_first_wins() {
        use Endpoint::{CheckIn, Metrics};
        let rule = |fault, endpoint, when| Rule { fault, endpoint, when };
        for (rules, requests, expected) in [
            (vec![], [Metrics; 6], "......"),
            (vec![Fault::Hang.into()], [Metrics; 6], "hhhhhh"),
            (vec![rule(Fault::Hang, None, When::Requests(2))], [Metrics; 6], "hh...."),
            (vec![rule(Fault::Hang, None, When::Flapping { fail: 1, pass: 2 })], [Metrics; 6], "h..h.."),
            (vec![rule(Fault::Hang, None, When::Flapping { fail: 0, pass: 0 })], [Metrics; 6], "......"),
            (vec![rule(Fault::Hang, Some(CheckIn), When::UntilHealed)], [Metrics; 6], "......"),
            (
                vec![rule(Fault::Hang, Some(Metrics), When::Requests(1)), rule(Fault::Reset, None, When::Requests(2))],
                [CheckIn, Metrics, Metrics, Metrics, Metrics, CheckIn],
                "rhr...",
            ),
        ] {
            assert_eq!(played(rules.clone(), &requests), expected, "{rules:?}");
        }
    }

    #[test]
    fn a_rule_in_json_needs_a_fault_only_and_knows_no_other_fields() {
        let rule = |value| serde_json::from_value::<Rule>(value);
        assert_eq!(rule(json!({"fault": {"kind": "hang"}})).unwrap(), Fault::Hang.into());
        let full = json!({
            "fault": {"kind": "status", "status": 503, "retry_after": {"date_in_seconds": 60}},
            "endpoint": "metrics",
            "when": {"flapping": {"fail": 2, "pass": 1}},
        });
        let status = Fault::Status { status: 503, message: None, retry_after: Some(RetryAfter::DateInSeconds(60)) };
        let when = When::Flapping { fail: 2, pass: 1 };
        assert_eq!(rule(full).unwrap(), Rule { fault: status, endpoint: Some(Endpoint::Metrics), when });
        assert!(rule(json!({"fault": {"kind": "sunspots"}})).is_err());
        assert!(rule(json!({"fault": {"kind": "hang"}, "times": 3})).is_err());
    }

    #[test]
    fn endpoints_have_the_same_word_in_json_and_forms() {
        for endpoint in Endpoint::ALL {
            assert_eq!(serde_json::to_value(endpoint).unwrap(), endpoint.word());
        }
    }
}
