//! Texts of unknown origin, made fit for a table and a page.

/// The longest text of an error or a detail that is kept, in characters.
const LONGEST: usize = 1000;

/// One line of at most [`LONGEST`] characters: control characters (which PostgreSQL, a log or a terminal may not bear)
/// become spaces, and what is cut off is marked by an ellipsis.
pub(crate) fn one_line(text: &str) -> String {
    let mut line: String =
        text.trim().chars().take(LONGEST + 1).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_one_line_of_bounded_length() {
        for (text, expected) in [
            ("", String::new()),
            ("connection refused", "connection refused".to_owned()),
            (" a\nb\0c\x1b[31m\r\n", "a b c [31m".to_owned()),
            (&"ü".repeat(1000), "ü".repeat(1000)),
            (&"ü".repeat(1001), "ü".repeat(1000) + "…"),
        ] {
            assert_eq!(one_line(text), expected);
        }
    }
}
