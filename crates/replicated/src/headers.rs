//! Header names of the vendor, and values that are fit for a header.

pub(crate) const INSTANCE_ID: &str = "X-Replicated-InstanceID";
pub(crate) const CLUSTER_ID: &str = "X-Replicated-ClusterID";
pub(crate) const APP_STATUS: &str = "X-Replicated-AppStatus";
pub(crate) const VERSION_LABEL: &str = "X-Replicated-VersionLabel";
pub(crate) const INSTANCE_TAG_DATA: &str = "X-Replicated-InstanceTagData";

/// `text` with all but visible ASCII and inner spaces replaced by `-`.
///
/// The published SDK drops a whole report over one such character in a version label.
pub(crate) fn visible_ascii(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '-' }).collect()
}

/// The user agent in the form that the vendor expects: `Replicated-SDK/<version>`, ours marked by the product's name.
pub(crate) fn user_agent(product: &str, version: &str) -> String {
    visible_ascii(&format!("Replicated-SDK/{version}+{product}")).replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_value_holds_visible_ascii_only() {
        for (text, value) in [
            ("1.2.3", "1.2.3"),
            ("1.0 beta", "1.0 beta"),
            ("1.0 beta ünïcode", "1.0 beta -n-code"),
            ("1.0\nX-Evil: 1", "1.0-X-Evil: 1"),
            ("1.0\r\n", "1.0"),
            ("\u{7f}\0", "--"),
            ("", ""),
        ] {
            assert_eq!(visible_ascii(text), value);
        }
    }

    #[test]
    fn the_user_agent_has_the_form_that_the_vendor_expects() {
        assert_eq!(user_agent("ohe-telemetry", "0.1.0"), "Replicated-SDK/0.1.0+ohe-telemetry");
        assert_eq!(user_agent("my tool", "1\n2"), "Replicated-SDK/1-2+my-tool");
    }
}
