//! E-mail addresses as they may be shown.

/// The address with all but the first character of the name and of the domain, and the domain's last part, masked:
/// `a***@e***.com`. Enough for an administrator to recognise an address, not to tell one.
pub fn masked_email(address: &str) -> String {
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    let Some((name, domain)) = address.rsplit_once('@') else { return "***".to_owned() };
    match domain.rsplit_once('.') {
        Some((host, last)) => format!("{}***@{}***.{last}", first(name), first(host)),
        None => format!("{}***@{}***", first(name), first(domain)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_its_first_characters_and_its_last_part() {
        for (address, masked) in [
            ("admin@example.com", "a***@e***.com"),
            ("a@b.c", "a***@b***.c"),
            ("ann.boe@mail.acme.co.uk", "a***@m***.uk"),
            ("é@ü.example", "é***@ü***.example"),
            ("root@localhost", "r***@l***"),
            ("@x.y", "***@x***.y"),
            ("\"a@b\"@c.d", "\"***@c***.d"),
            ("none", "***"),
            ("", "***"),
        ] {
            assert_eq!(masked_email(address), masked, "{address}");
        }
    }
}
