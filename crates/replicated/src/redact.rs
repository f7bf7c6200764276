//! Foreign text made fit for an error message.

/// Characters of the longest excerpt.
const LONGEST: usize = 200;

/// Runs of letters and digits from this length on are taken for a credential.
const CREDENTIAL: usize = 16;

/// One line of at most 200 characters of `text`, without control characters, with each of `secrets` masked wherever it
/// stands, and with everything masked that looks like an e-mail address or a credential.
pub(crate) fn excerpt(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = mask_all(&text, secret);
    }
    let spaced: String = text.chars().map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect();
    let masked: Vec<String> = spaced.split_whitespace().map(mask_suspicious).collect();
    shorten(&masked.join(" "))
}

fn mask_all(text: &str, secret: &str) -> String {
    // Replies may echo an e-mail address in lower case. ASCII folding keeps byte positions.
    let (haystack, needle) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let mut masked = String::with_capacity(text.len());
    let mut rest = 0;
    for (start, _) in haystack.match_indices(&needle) {
        masked.push_str(text.get(rest..start).unwrap_or_default());
        masked.push_str("[masked]");
        rest = start + needle.len();
    }
    masked.push_str(text.get(rest..).unwrap_or_default());
    masked
}

/// Masks the suspicious runs of a word, and keeps the punctuation around them.
fn mask_suspicious(word: &str) -> String {
    let is_run = |c: char| c.is_alphanumeric() || "@.%+-_=~/!#$&*^|`'".contains(c);
    let mut masked = String::with_capacity(word.len());
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_run(c)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        masked.push_str(if is_suspicious(run) { "[masked]" } else { run });
        let next = after.find(is_run).unwrap_or(after.len());
        let (punctuation, tail) = after.split_at(next);
        masked.push_str(punctuation);
        rest = tail;
    }
    masked
}

fn is_suspicious(run: &str) -> bool {
    let address = run.contains('@') || run.to_ascii_lowercase().contains("%40");
    let named = ["replicated_pk", "svc-", "eyj"].iter().any(|p| run.to_ascii_lowercase().starts_with(p));
    // Piece by piece, so that a metric's name such as conversations_created_30d stays readable.
    let credential = run.split(|c: char| !c.is_alphanumeric()).any(|piece| {
        piece.chars().count() >= CREDENTIAL
            && piece.chars().any(|c| c.is_ascii_digit())
            && piece.chars().any(char::is_alphabetic)
    });
    address || named || credential
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LONGEST - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_credentials_are_masked_and_plain_words_stay() {
        for (text, expected) in [
            ("license expired", "license expired"),
            ("app openhands-enterprise not found", "app openhands-enterprise not found"),
            ("conversations_created_30d must be a number", "conversations_created_30d must be a number"),
            ("no customer admin@corp.example", "no customer [masked]"),
            ("user <Admin+x@corp.example>, sorry", "user <[masked]>, sorry"),
            ("see ?email=a%40b.example&x=1", "see ?[masked]"),
            ("mail \"jürgen@bücher.example\"", "mail \"[masked]\""),
            ("token svc-token-0123456789abcdef0123 revoked", "token [masked] revoked"),
            ("Bearer eyJhbGciOiJIUzI1NiJ9.x", "Bearer [masked]"),
            ("id=0035969ec53f6e7f0fb40f08cc9ed478", "[masked]"),
            ("line\r\nbreak\u{1b}[31m red", "line break [31m red"),
        ] {
            assert_eq!(excerpt(text, &[]), expected, "{text}");
        }
    }

    #[test]
    fn known_secrets_are_masked_wherever_they_stand_and_in_any_case() {
        let text = "key(pk_TEST)pk_TEST, PK_test; 'Ada Lovelace'";
        assert_eq!(excerpt(text, &["pk_TEST", "", "ada lovelace"]), "key([masked])[masked], [masked]; '[masked]'");
        assert_eq!(excerpt("É pk É", &["pk"]), "É [masked] É");
    }

    #[test]
    fn an_excerpt_is_short_and_masked_before_it_is_cut() {
        let long = format!("{} a@b.example", "word ".repeat(38));
        let cut = excerpt(&long, &[]);
        assert!(cut.chars().count() <= LONGEST && !cut.contains('@'), "{cut}");
        assert_eq!(excerpt(&"é".repeat(500), &[]).chars().count(), LONGEST);
    }
}
