//! SQL with placeholders.
//!
//! SQL in a collector names each column in braces, `{created_at}`, or `{table.created_at}` where there are several tables.
//! From the braces follows what a collector reads, and thus which rights it needs and which of its metrics can still be
//! had when a column is missing. `{now}` is the instant of the collection as a `timestamp` in UTC.

/// The placeholder that is no column.
pub(crate) const NOW: &str = "now";

/// `template` with its placeholders replaced by quoted names and the parameter `$1`. A column without a table is one of
/// `table`, where that is given.
pub(crate) fn render(template: &str, table: Option<&str>) -> String {
    let mut sql = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, name, after)) = next_placeholder(rest) {
        sql.push_str(before);
        let meaning = match (name.split_once('.'), table) {
            _ if name == NOW => "$1::timestamp".to_owned(),
            (Some((table, column)), _) => format!("\"{table}\".\"{column}\""),
            (None, Some(table)) => format!("\"{table}\".\"{name}\""),
            (None, None) => format!("\"{name}\""),
        };
        sql.push_str(&meaning);
        rest = after;
    }
    sql + rest
}

/// The names in braces, in order.
pub(crate) fn placeholders(template: &'static str) -> impl Iterator<Item = &'static str> {
    let mut rest = template;
    std::iter::from_fn(move || {
        let (_, name, after) = next_placeholder(rest)?;
        rest = after;
        Some(name)
    })
}

fn next_placeholder(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_quoted_names_and_the_parameter() {
        for (template, table, sql) in [
            ("count(*)", None, "count(*)"),
            ("{seconds} > 0", None, r#""seconds" > 0"#),
            ("{seconds} > 0", Some("work"), r#""work"."seconds" > 0"#),
            ("{work.id} = {metadata.id}", Some("work"), r#""work"."id" = "metadata"."id""#),
            ("{t} <= {now} - interval '1 day'", None, r#""t" <= $1::timestamp - interval '1 day'"#),
            ("unclosed {brace", None, "unclosed {brace"),
        ] {
            assert_eq!(render(template, table), sql);
        }
    }

    #[test]
    fn names_are_found_in_order() {
        assert_eq!(placeholders("{a} + {b.c} < {now}").collect::<Vec<_>>(), ["a", "b.c", "now"]);
        assert_eq!(placeholders("count(*)").count(), 0);
    }
}
