//! JSON as it is read: indented, and cut into tokens for colour.
//!
//! The text is never parsed into values and printed again, so what is shown is what is sent, digit for digit.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A string before a colon.
    Key,
    /// Any other string.
    Text,
    /// A number, `true`, `false` or `null`.
    Scalar,
    /// Brackets, commas, colons, and the space between them.
    Punctuation,
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// The piece, character for character, with line breaks and indentation added to punctuation alone.
    pub(crate) text: String,
}

/// Indents `json` by two spaces a level. Text that is no JSON comes back as it is, cut somehow.
pub(crate) fn indent(json: &str) -> Vec<Token> {
    let mut indented = Indented::default();
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest, first);
        let (token, after) = rest.split_at(length);
        match first {
            '"' if after.trim_start().starts_with(':') => indented.push(TokenKind::Key, token),
            '"' => indented.push(TokenKind::Text, token),
            '{' | '[' => {
                let closes_at_once = after.trim_start().starts_with(['}', ']']);
                indented.open(first, closes_at_once);
            }
            '}' | ']' => indented.close(first),
            ',' => indented.next_item(),
            ':' => indented.push(TokenKind::Punctuation, ": "),
            _ if first.is_whitespace() => {}
            _ => indented.push(TokenKind::Scalar, token),
        }
        rest = after;
    }
    indented.tokens
}

#[derive(Default)]
struct Indented {
    tokens: Vec<Token>,
    depth: usize,
    just_opened: bool,
}

impl Indented {
    fn push(&mut self, kind: TokenKind, text: &str) {
        self.just_opened = false;
        match self.tokens.last_mut() {
            Some(last) if kind == TokenKind::Punctuation && last.kind == kind => last.text.push_str(text),
            _ => self.tokens.push(Token { kind, text: text.to_owned() }),
        }
    }

    fn open(&mut self, bracket: char, closes_at_once: bool) {
        self.depth += 1;
        if closes_at_once {
            self.push(TokenKind::Punctuation, &bracket.to_string());
        } else {
            self.push(TokenKind::Punctuation, &format!("{bracket}{}", self.line_break()));
        }
        self.just_opened = closes_at_once;
    }

    fn close(&mut self, bracket: char) {
        self.depth = self.depth.saturating_sub(1);
        let line_break = if self.just_opened { String::new() } else { self.line_break() };
        self.push(TokenKind::Punctuation, &format!("{line_break}{bracket}"));
    }

    fn next_item(&mut self) {
        self.push(TokenKind::Punctuation, &format!(",{}", self.line_break()));
    }

    fn line_break(&self) -> String {
        format!("\n{}", "  ".repeat(self.depth))
    }
}

/// The length in bytes of the token that `text` starts with.
fn token_length(text: &str, first: char) -> usize {
    match first {
        '"' => string_length(text),
        '{' | '}' | '[' | ']' | ',' | ':' => 1,
        _ if first.is_whitespace() => first.len_utf8(),
        _ => text
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '{' | '}' | '[' | ']' | ',' | ':'))
            .unwrap_or(text.len()),
    }
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return index + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> String {
        indent(json).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn a_batch_is_indented_and_no_digit_changes() {
        assert_eq!(
            text(r#"{"data":{"a":12,"cost":1.50e3,"ok":true}}"#),
            "{\n  \"data\": {\n    \"a\": 12,\n    \"cost\": 1.50e3,\n    \"ok\": true\n  }\n}"
        );
    }

    #[test]
    fn odd_json_reads_too() {
        for (json, expected) in [
            ("", ""),
            ("{}", "{}"),
            ("[ ]", "[]"),
            (r#"{"a":{}}"#, "{\n  \"a\": {}\n}"),
            (r#" [1 , "a,\"]b" ] "#, "[\n  1,\n  \"a,\\\"]b\"\n]"),
            (r#"["\\"]"#, "[\n  \"\\\\\"\n]"),
            (r#"["ü{"]"#, "[\n  \"ü{\"\n]"),
            ("not json", "notjson"),
            (r#"["open"#, "[\n  \"open"),
            ("}}", "\n}\n}"),
        ] {
            assert_eq!(text(json), expected, "{json}");
        }
    }

    #[test]
    fn keys_are_told_from_texts() {
        let kinds: Vec<_> = indent(r#"{"a" : "b","c":null}"#)
            .into_iter()
            .filter(|token| token.kind != TokenKind::Punctuation)
            .map(|token| (token.kind, token.text))
            .collect();
        assert_eq!(
            kinds,
            [
                (TokenKind::Key, "\"a\"".to_owned()),
                (TokenKind::Text, "\"b\"".to_owned()),
                (TokenKind::Key, "\"c\"".to_owned()),
                (TokenKind::Scalar, "null".to_owned()),
            ]
        );
    }
}
