//! Numbers with thousands separators and units.

use domain::metric::MetricValue;

/// A value as it is read: `text` and, where the text does not say it already, the `unit` behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quantity {
    /// `1,234`, `$12.50`, `yes`.
    pub(crate) text: String,
    /// `users`; none for money, truth values and texts.
    pub(crate) unit: Option<String>,
}

/// Reads `value`, of which one is one `unit`. No digit that was sent is left out.
pub(crate) fn quantity(value: &MetricValue, unit: &str) -> Quantity {
    let plain = |text| Quantity { text, unit: None };
    let number = |text: String| match unit {
        "USD" => plain(dollars(&text)),
        _ => Quantity { text, unit: (!unit.is_empty()).then(|| unit.to_owned()) },
    };
    match value {
        MetricValue::Int(value) => number(grouped(*value)),
        MetricValue::Float(value) => number(decimal(*value)),
        MetricValue::Bool(value) => plain(if *value { "yes" } else { "no" }.to_owned()),
        MetricValue::Text(value) => plain(value.clone()),
    }
}

/// `1` with `batch`, `batches` is `1 batch`; `1200` is `1,200 batches`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// Whole numbers with a comma at each thousand.
pub(crate) fn grouped(number: impl Into<i128>) -> String {
    group(&number.into().to_string())
}

/// Numbers with a fraction: the shortest text that is exactly the number, with commas before the point.
pub(crate) fn decimal(number: f64) -> String {
    group(&number.to_string())
}

/// The labels of a chart's axis: short, all with the same step.
pub(crate) fn tick(number: f64, unit: &str) -> String {
    let text = match number.abs() {
        size if size >= 1e9 => format!("{}B", decimal(number / 1e9)),
        size if size >= 1e6 => format!("{}M", decimal(number / 1e6)),
        size if size >= 1e4 => format!("{}k", decimal(number / 1e3)),
        _ => decimal(number),
    };
    if unit == "USD" { dollars(&text) } else { text }
}

fn dollars(text: &str) -> String {
    let (sign, amount) = text.strip_prefix('-').map_or(("", text), |amount| ("-", amount));
    match amount.split_once('.') {
        Some((whole, cent)) if cent.len() == 1 => format!("{sign}${whole}.{cent}0"),
        _ => format!("{sign}${amount}"),
    }
}

fn group(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (-1000, "-1,000"),
            (-100, "-100"),
            (1_234_567, "1,234,567"),
            (i64::MAX, "9,223,372,036,854,775,807"),
            (i64::MIN, "-9,223,372,036,854,775,808"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_fraction_keeps_every_digit_and_no_comma() {
        for (number, text) in [(0.0, "0"), (5.0, "5"), (1_234.567_891, "1,234.567891"), (-0.25, "-0.25")] {
            assert_eq!(decimal(number), text);
        }
    }

    #[test]
    fn a_quantity_reads_with_its_unit() {
        for (value, unit, text, shown_unit) in [
            (MetricValue::Int(1204), "users", "1,204", Some("users")),
            (MetricValue::Float(4.25), "conversations", "4.25", Some("conversations")),
            (MetricValue::Float(1234.5), "USD", "$1,234.50", None),
            (MetricValue::Float(-3.0), "USD", "-$3", None),
            (MetricValue::Float(0.123_456), "USD", "$0.123456", None),
            (MetricValue::Int(3), "", "3", None),
            (MetricValue::Bool(true), "", "yes", None),
            (MetricValue::Bool(false), "users", "no", None),
            (MetricValue::Text("v1".into()), "", "v1", None),
        ] {
            assert_eq!(quantity(&value, unit), Quantity { text: text.into(), unit: shown_unit.map(str::to_owned) });
        }
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(count(0, "batch", "batches"), "0 batches");
        assert_eq!(count(1, "batch", "batches"), "1 batch");
        assert_eq!(count(1200, "batch", "batches"), "1,200 batches");
    }

    #[test]
    fn axis_labels_are_short() {
        for (number, unit, text) in [
            (0.0, "users", "0"),
            (2500.0, "users", "2,500"),
            (20_000.0, "users", "20k"),
            (2_500_000.0, "tokens", "2.5M"),
            (3e9, "tokens", "3B"),
            (0.5, "USD", "$0.50"),
            (12_500.0, "USD", "$12.5k"),
        ] {
            assert_eq!(tick(number, unit), text);
        }
    }
}
